//! The system's clocks.

use std::sync::Arc;

use gardien_authority::{Clock, SteadyClock};
use jiff::Timestamp;

/// The system's clock.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the clock that everything else is given"
)]
pub fn system_clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// A clock for leases: milliseconds that never run backwards, and do not stand still while the machine sleeps.
#[must_use]
pub fn steady_clock() -> SteadyClock {
    #[cfg(target_os = "linux")]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Boottime;
    // On macOS this one runs on; where it does not, leases are for one machine that stays awake.
    #[cfg(all(unix, not(target_os = "linux")))]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Monotonic;
    #[cfg(unix)]
    return Arc::new(|| {
        let now = rustix::time::clock_gettime(CLOCK);
        let (seconds, nanos) = (u64::try_from(now.tv_sec), u64::try_from(now.tv_nsec));
        seconds.unwrap_or(0) * 1_000 + nanos.unwrap_or(0) / 1_000_000
    });
    #[cfg(not(unix))]
    {
        let began = std::time::Instant::now();
        Arc::new(move || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}
