//! The organization: a name and one shared limit.

use crate::words::words;

words! {
    /// What happens to a call beyond the limit.
    #[derive(Default)]
    AtLimit { #[default] Reject = "reject", Pace = "pace" }
}

/// The organization that owns everything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// What people read.
    pub name: String,
    /// Calls a minute, all keys together. Phare's own figure is 100.
    pub calls_per_minute: u32,
    /// What happens beyond it.
    pub at_limit: AtLimit,
}

/// Phare's limit unless the organization bought another.
pub const DEFAULT_CALLS_PER_MINUTE: u32 = 100;

impl Organization {
    /// A new organization with Phare's own limit.
    #[must_use]
    pub fn named(name: String) -> Self {
        Self {
            name,
            calls_per_minute: DEFAULT_CALLS_PER_MINUTE,
            at_limit: AtLimit::default(),
        }
    }
}
