//! The organization: a name and one shared limit.

use crate::words::words;

words! {
    /// What happens to a call beyond the limit.
    #[derive(Default)]
    AtLimit {
        /// It is refused.
        Reject = "reject",
        /// It waits for its turn.
        #[default] Pace = "pace",
    }
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
    /// Where calls are paced, so many may come at once, and the rest of the limit follows steadily; `None` for two
    /// fifths.
    pub burst: Option<u32>,
    /// Where calls are paced, none waits for its turn for longer.
    pub longest_wait_seconds: u32,
    /// The same read again is answered from memory for so long; 0: never.
    pub cache_seconds: u32,
}

/// Phare's limit unless the organization bought another.
pub const DEFAULT_CALLS_PER_MINUTE: u32 = 100;

/// Clients give up after 30 seconds, and would never read why.
pub const LONGEST_WAIT_SECONDS: u32 = 25;

/// What is older was not asked for at all.
pub const LONGEST_CACHE_SECONDS: u32 = 60;

impl Organization {
    /// Milliseconds that a call may wait for its turn; 0: none waits.
    #[must_use]
    pub fn patience_ms(&self) -> u64 {
        match self.at_limit {
            AtLimit::Reject => 0,
            AtLimit::Pace => u64::from(self.longest_wait_seconds) * 1_000,
        }
    }

    /// A new organization with Phare's own limit.
    #[must_use]
    pub fn named(name: String) -> Self {
        Self {
            name,
            calls_per_minute: DEFAULT_CALLS_PER_MINUTE,
            at_limit: AtLimit::default(),
            burst: None,
            longest_wait_seconds: LONGEST_WAIT_SECONDS,
            cache_seconds: 0,
        }
    }
}
