//! What the tests say things with: a server of their own, callers that speak as someone, a desktop of their own.
#![allow(
    dead_code,
    reason = "a vocabulary: not every word is in use at every moment"
)]

pub mod background;
pub mod database;
#[cfg(target_os = "linux")]
pub mod desktop;
pub mod dice;
#[cfg(target_os = "linux")]
pub mod disk;
pub mod foreign;
#[cfg(target_os = "linux")]
pub mod keyboard;
pub mod leaks;
#[cfg(target_os = "linux")]
pub mod look;
pub mod memory;
#[cfg(target_os = "linux")]
pub mod nginx;
pub mod noise;
#[cfg(target_os = "linux")]
pub mod notices;
pub mod people;
pub mod programs;
pub mod proxy;
pub mod relay;
pub mod server;
pub mod tls;
#[cfg(target_os = "linux")]
pub mod tray;
pub mod turn;
pub mod upstream;
#[cfg(target_os = "linux")]
pub mod window;
pub mod wire;
pub mod world;
