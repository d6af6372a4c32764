//! What other gateways hold of the limit, as far as this one knows.

use super::WINDOW_MS;
use super::finished::Finished;
use super::takers::Takers;
use crate::key::KeyId;

/// The calls of other gateways at one moment, on the clock of this one. Replaced as a whole at each reading of them.
#[derive(Debug, Clone, Default)]
pub struct Others {
    pub(super) finished: Finished,
    /// Calls that may be under way. They hold their slots until something else is said of them.
    pub(super) open: u32,
    pub(super) takers: Takers,
}

impl Others {
    /// Takes calls that finished, `(at, calls)`, of whomever; and those of them that a key made.
    pub(super) fn of(mut finished: Vec<(u64, u32)>, mut by_key: Vec<(u64, KeyId, u32)>) -> Self {
        let mut others = Self::default();
        finished.sort_unstable();
        for (at, calls) in finished {
            others.finished.record(calls, at);
        }
        by_key.sort_unstable();
        for (at, key, calls) in by_key {
            others.takers.record(key, calls, at);
        }
        others
    }

    pub(super) fn held(&self) -> u32 {
        self.finished.len().saturating_add(self.open)
    }

    pub(super) fn expire(&mut self, now: u64) {
        self.finished.expire(now);
        self.takers.expire(now);
    }

    pub(super) fn end_all(&mut self, now: u64) {
        let open = std::mem::take(&mut self.open);
        if open > 0 {
            let at = self.finished.record(open, now);
            self.takers.end_all(at);
        }
    }

    /// Milliseconds until so many of these calls and of those count no more; a minute if there are not so many.
    pub(super) fn gone_in(&self, own: &Finished, calls: u32, now: u64) -> u64 {
        let gone = |wait| own.gone_by(now + wait) + self.finished.gone_by(now + wait);
        let (mut too_short, mut wait) = (0, WINDOW_MS);
        if gone(0) >= u64::from(calls) {
            return 0;
        }
        while wait - too_short > 1 {
            let half = too_short.midpoint(wait);
            if gone(half) >= u64::from(calls) {
                wait = half;
            } else {
                too_short = half;
            }
        }
        wait
    }
}
