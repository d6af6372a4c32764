//! The operating system's keychain, for the secrets that a person wants kept.
//!
//! A question has four answers, and none stands in for another: found ([`Ok`]), not found, locked, and no keychain
//! here ([`VaultFault`]). What it deliberately is not: a fallback. Where no keychain answers, nothing is written
//! anywhere else; the caller says so and keeps the secret for this run only.
//!
//! Keychains do not take concurrent access to an entry reliably, and some block. So one thread owns the keychain, asks
//! it one thing after the other, and every question has a time limit.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod fault;
mod item;
mod keychain;
mod owner;

pub use fault::{VaultFault, VaultState};
pub use item::VaultItem;
pub use keychain::Keychain;
pub use owner::Vault;
