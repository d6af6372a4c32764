//! Several servers on one database.
#![cfg(unix)]

mod duty;
mod everywhere;
#[cfg(target_os = "linux")]
mod faults;
mod team;
mod watched;
