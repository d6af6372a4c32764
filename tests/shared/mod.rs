//! Several servers on one database.
#![cfg(unix)]

mod everywhere;
#[cfg(target_os = "linux")]
mod faults;
mod gateways;
mod team;
