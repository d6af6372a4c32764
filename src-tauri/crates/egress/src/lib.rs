//! The way out of this machine: names, addresses, proxies, and how long each may take.
//!
//! It knows nothing of what is asked, nor of whom.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::disallowed_methods
    )
)]

mod addresses;
mod asking;
mod connect;
mod names;
mod proxies;

pub use asking::{NoClient, client};
pub use connect::{Connector, Egress, NoTls, Stream};
pub use proxies::{Proxies, Proxy, UnusableProxy, Way, is_loopback};

use std::time::Duration;

/// A connection must stand after so long: the name looked up, TCP, the proxy's tunnel, TLS.
const CONNECT: Duration = Duration::from_secs(5);
/// Shorter than servers keep idle connections, so that we close them first.
pub const IDLE: Duration = Duration::from_secs(15);
/// What is sent must be acknowledged, by the other system and not the program on it, after so long: a connection that died
/// unseen, while the machine slept, is found out when it is used again.
pub const UNHEARD: Duration = Duration::from_secs(4);

/// The error of something that others do for us.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
