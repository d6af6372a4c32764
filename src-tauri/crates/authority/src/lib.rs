//! The authority: who may do what to keys, projects, members and the organization, and the management API.
//!
//! Each use case takes proof that the actor may ask for it (`actor.rs`), makes its change together with the
//! audit entry (`changing.rs`), and tells the gateway before it answers. What it deliberately is not: it holds no secret
//! longer than one answer, and it knows neither gateway nor keychain, only the small traits [`Enforcement`],
//! [`Attaching`] and [`Secrets`].

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod actor;
pub mod api;
mod attached;
mod attaching;
mod authority;
mod base_url;
mod behind;
mod changing;
mod check;
pub mod client;
pub mod command_line;
mod elsewhere;
mod enforcement;
mod examinations;
mod fault;
mod first_start;
mod following;
mod gateways;
pub mod http;
mod in_force;
mod key_lists;
mod keys;
mod members;
mod organization;
mod phare_keys;
mod projects;
mod revocations;
mod ring;
mod secrets;
mod sessions;
mod synchronizing;
mod trail;
mod unfit;
mod unreadable;
mod upstream;
mod views;
mod waits;

pub use actor::{Actor, By, System};
pub use attached::{Attached, Attaching, NamedSecret};
pub use attaching::Examined;
pub use authority::{Authority, Clock, SYSTEM};
pub use base_url::base_url;
pub use client::{Client, ClientFault};
pub use elsewhere::{Elsewhere, SteadyClock, Waited};
pub use enforcement::{Enforcement, LimitReading, Reached};
pub use fault::Fault;
pub use first_start::Beginning;
pub use gardien_domain::UpstreamIdentity;
pub use members::TheirKeys;
pub use secrets::{SecretFault, Secrets};
pub use sessions::issue_session;
pub use unreadable::Unreadable;
pub use waits::Waits;
