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

mod attachment;
mod callers;
mod calls;
mod clock;
mod door;
mod duty;
mod enforce;
mod examiner;
pub mod framing;
mod health;
mod lease;
pub mod listen;
mod live;
mod metrics;
mod open_files;
mod places;
mod ring;
mod sealed;
mod secrets;
mod service;
mod sharing;
#[expect(
    clippy::disallowed_methods,
    reason = "patience is measured on the runtime's time"
)]
mod socket;
mod synchronizer;
mod workers;

pub use clock::{steady_clock, system_clock};
pub use door::ListenFault;
pub use listen::{Given, Incoming, ListenLimits, Until, serve};
pub use places::Connected;
pub use sealed::{ResealFault, SealingKeyFault, SealingKeys};
pub use secrets::InMemory;
pub use service::{OpenFault, Opening, Service, database};
pub use sharing::Sharing;
pub use workers::Workers;
