//! The authority: who may do what to keys, projects, members and the organization, and the management API.
//!
//! Each use case takes proof that the actor may ask for it (`actor.rs`), makes its change together with the
//! audit entry (`changing.rs`), and tells the gateway before it answers. What it deliberately is not: it holds no secret
//! longer than one answer, and it knows no gateway, only the small trait [`Enforcement`].

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod actor;
pub mod api;
mod authority;
mod changing;
mod check;
pub mod client;
mod enforcement;
mod examinations;
mod fault;
mod following;
pub mod http;
mod key_lists;
mod keys;
mod members;
mod organization;
mod phare_keys;
mod projects;
mod revocations;
mod sessions;
mod trail;
mod upstream;
mod views;

pub use actor::{Actor, By, System};
pub use authority::{Authority, Clock, SYSTEM};
pub use client::{Client, ClientFault};
pub use enforcement::{Enforcement, Keyring, LimitReading};
pub use fault::Fault;
pub use gardien_domain::UpstreamIdentity;
pub use members::TheirKeys;
pub use sessions::issue_session;
