//! A local Phare: its operations over stored documents, driven by the specification.
//!
//! A request is matched to one of the 48 operations, the operation to a row of the table in `table.rs` and a step on
//! it (or to a figure of `figures.rs`), and the specification says what may be sent, what is answered and with which
//! status. A row adds only what the specification cannot say. To offer more of Phare, add a row, and to
//! `additions.json` what the specification leaves out.
//!
//! It decides nothing about keys: whoever calls it has authorized the request and names the project in
//! `X-Phare-Project-Id`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod alert_rules;
mod answers;
mod collection;
mod fields;
mod figures;
mod form;
mod images;
mod incidents;
mod integrations;
mod maintenance_windows;
mod members;
mod monitors;
mod paging;
mod projects;
mod query;
mod records;
mod references;
mod router;
mod sandbox;
mod specification;
mod status_pages;
mod table;
mod time;
mod users;
mod validate;

#[cfg(test)]
mod tests;

pub use members::Members;
pub use sandbox::{Clock, Sandbox, SandboxError};
pub use specification::SpecificationFault;
