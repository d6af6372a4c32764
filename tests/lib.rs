//! The part of the acceptance tests that others start too: a desktop session of its own.

#[cfg(target_os = "linux")]
#[path = "support/session.rs"]
pub mod session;
