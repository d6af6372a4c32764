//! What the tests say things with: a server of their own, callers that speak as someone, a desktop of their own.
#![allow(
    dead_code,
    reason = "a vocabulary: not every word is in use at every moment"
)]

pub mod background;
#[cfg(target_os = "linux")]
pub mod desktop;
pub mod dice;
pub mod leaks;
pub mod memory;
pub mod noise;
pub mod people;
pub mod programs;
pub mod server;
pub mod tls;
pub mod turn;
pub mod upstream;
#[cfg(target_os = "linux")]
pub mod window;
pub mod wire;
pub mod world;
