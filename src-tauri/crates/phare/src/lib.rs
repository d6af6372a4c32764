//! Phare's API as data and client: its operations, which of them a request names, its projects, and what a
//! key can do.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod client;
pub mod examination;
pub mod matching;
pub mod operations;

pub use client::{Exchange, Listing, NoKey, NotReached, PhareClient, PhareFault};
pub use examination::examine;
pub use matching::{Matched, PathFault, match_request, methods_of};
pub use operations::{OPERATIONS, operation};

/// The project's own copy of the collected specification of Phare's API, as JSON.
pub const SPECIFICATION: &str = include_str!("../openapi.json");

/// Where Phare's API lives.
pub const PHARE_URL: &str = "https://api.phare.io";

/// Where people make and revoke Phare's own keys: Phare has no API for it. Source: its documentation, "API
/// introduction".
pub const PANEL_URL: &str = "https://app.phare.io/organization/api-keys";
