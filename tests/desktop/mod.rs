//! The real window through WebDriver, with the real keychain and clipboard.
#![cfg(target_os = "linux")]

mod bad_days;
mod clicks;
mod edit;
mod egress;
mod failures;
mod journey;
mod keyboard;
mod keychain;
mod leaked;
mod leaving;
mod limit;
mod memory;
mod never_wrong;
mod package;
pub mod person;
mod phare;
mod screens;
mod secrets;
mod small;
mod starts;
mod team;
mod tray;
