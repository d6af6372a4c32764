//! Two readings of time: one that never runs backwards, for the limit; the wall's, for what is shown and kept.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use gardien_domain::limit::WINDOW_MS;

/// A clock that started with the gateway.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }

    /// Milliseconds that never run backwards. They begin at one window, so that what a past run finished
    /// within the last minute has a time on this clock too.
    pub(crate) fn now(&self) -> u64 {
        WINDOW_MS + u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX / 2)
    }
}

/// Unix milliseconds of the wall clock.
pub(crate) fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}
