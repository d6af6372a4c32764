//! The real window through WebDriver, with the real keychain and clipboard.
#![cfg(target_os = "linux")]

mod edit;
mod failures;
mod journey;
mod keyboard;
mod memory;
mod package;
pub mod person;
mod phare;
mod screens;
mod secrets;
mod starts;
mod team;
