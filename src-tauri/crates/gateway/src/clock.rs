//! Two readings of time: one that never runs backwards, for the limit; the wall's, for what is shown and kept.

use std::fmt;
use std::sync::Arc;

use gardien_domain::limit::WINDOW_MS;
use jiff::Timestamp;
use tokio::time::Instant;

/// Tells the wall's time.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A clock that started with the gateway.
#[derive(Clone)]
pub(crate) struct Clock {
    started: Instant,
    wall: WallClock,
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the runtime's time, which tests can let pass"
    )]
    pub(crate) fn start(wall: WallClock) -> Self {
        Self {
            started: Instant::now(),
            wall,
        }
    }

    /// Milliseconds that never run backwards. They begin at one window, so that what a past run finished
    /// within the last minute has a time on this clock too.
    pub(crate) fn now(&self) -> u64 {
        WINDOW_MS + u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX / 2)
    }

    /// What the wall's clock shows.
    pub(crate) fn wall(&self) -> Timestamp {
        (self.wall)()
    }

    /// Unix milliseconds of the wall's clock.
    pub(crate) fn unix_ms(&self) -> u64 {
        u64::try_from(self.wall().as_millisecond()).unwrap_or(0)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock")
            .field("started", &self.started)
            .finish_non_exhaustive()
    }
}
