//! The gateway from outside: requests in, answers out, a real upstream on a socket behind it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods
)]

mod answers;
mod at_hand;
#[cfg(target_os = "linux")]
mod connections;
mod direct;
mod forwarding;
mod heads;
mod insistence;
mod limits;
mod links;
mod only_project;
mod pacing;
mod reads;
mod revocation;
mod shared;
mod shares;
mod support;
mod under_way;
mod uploads;
mod uses;
mod workers;
