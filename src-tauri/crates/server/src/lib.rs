//! The composition that the headless server and the desktop app share: store, gateway, authority and what
//! they need of one another, and the listeners in front of them.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::disallowed_methods
    )
)]

mod calls;
mod door;
mod enforce;
mod examiner;
pub mod framing;
pub mod listen;
mod live;
mod phare_keys;
mod ring;
mod service;
mod synchronizer;
mod upstream;

pub use door::ListenFault;
pub use listen::{ListenLimits, serve};
pub use service::{OpenFault, Opening, Service, database, system_clock};
pub use upstream::{AttachFault, Upstream};
