//! Several servers on one database.
#![cfg(unix)]

#[cfg(target_os = "linux")]
mod breaking;
mod duty;
mod everywhere;
#[cfg(target_os = "linux")]
mod faults;
mod gateways;
#[cfg(target_os = "linux")]
mod limit;
mod sealed;
mod team;
mod upgrade;
mod watched;
