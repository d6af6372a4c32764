//! How slow a client may be, whichever way the bytes go. Pure: time comes in.

use std::time::Duration;

use tokio::time::Instant;

/// How long a client is waited for.
#[derive(Debug, Clone, Copy)]
pub struct MinDataRate {
    /// At once, and altogether as long as hardly anything passes.
    pub grace: Duration,
    /// A second of it is given back for so many bytes.
    pub bytes_per_second: u64,
}

impl Default for MinDataRate {
    /// Slower than any line that people still have.
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(30),
            bytes_per_second: 4 * 1024,
        }
    }
}

/// How a client keeps up. Only time that it was waited for counts: others may be slow too.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    rate: MinDataRate,
    /// Of the grace. What passes gives it back, and never more: whoever was fast may not be slow for it later.
    spent: Duration,
    since: Option<Instant>,
}

impl Progress {
    /// Of a client that has to keep this rate.
    #[must_use]
    pub fn at(rate: MinDataRate) -> Self {
        Self {
            rate,
            spent: Duration::ZERO,
            since: None,
        }
    }

    /// It is waited for, from now on or already.
    pub fn waits(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// So many bytes passed; it is not waited for any more.
    pub fn passed(&mut self, bytes: usize, now: Instant) {
        if let Some(since) = self.since.take() {
            self.spent += now.saturating_duration_since(since);
        }
        let nanos =
            (bytes as u64).saturating_mul(1_000_000_000) / self.rate.bytes_per_second.max(1);
        self.spent = self.spent.saturating_sub(Duration::from_nanos(nanos));
    }

    /// When it is too slow unless something passes before; `None` while it is not waited for.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        Some(self.since? + self.rate.grace.saturating_sub(self.spent))
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a moment to begin at")]
mod tests {
    use super::*;

    const RATE: MinDataRate = MinDataRate {
        grace: Duration::from_secs(30),
        bytes_per_second: 100,
    };

    /// The second in which a client is given up that lets `bytes` pass every `every` seconds, if it is before `end`.
    fn given_up(bytes: usize, every: u64, end: u64) -> Option<u64> {
        let begun = Instant::now();
        let mut progress = Progress::at(RATE);
        progress.waits(begun);
        for second in (every..=end).step_by(usize::try_from(every).unwrap()) {
            let now = begun + Duration::from_secs(second);
            let deadline = progress.deadline().unwrap();
            if deadline <= now {
                return Some((deadline - begun).as_secs());
            }
            progress.passed(bytes, now);
            progress.waits(now);
        }
        None
    }

    #[test]
    fn a_client_is_waited_for_as_long_as_it_comes_to_something() {
        assert_eq!(given_up(0, 1, 100), Some(30));
        assert_eq!(given_up(1, 20, 100), Some(30), "a byte now and then");
        assert_eq!(given_up(2_000, 20, 10_000), None, "slow and steady");
        assert_eq!(given_up(50, 1, 10_000), Some(59), "at half the rate");
        assert_eq!(given_up(1_000_000, 31, 100), Some(30), "a pause is one");
    }

    #[test]
    fn time_that_nobody_waits_for_it_does_not_count() {
        let begun = Instant::now();
        let mut progress = Progress::at(RATE);
        progress.waits(begun);
        progress.passed(0, begun + Duration::from_secs(20));
        assert_eq!(progress.deadline(), None);
        let later = begun + Duration::from_secs(500);
        progress.waits(later);
        let deadline = progress.deadline();
        assert_eq!(deadline, Some(later + Duration::from_secs(10)));
    }

    #[test]
    fn what_passed_fast_earns_no_slowness_later() {
        let begun = Instant::now();
        let mut progress = Progress::at(RATE);
        progress.passed(12_000_000, begun);
        progress.waits(begun);
        let later = begun + Duration::from_secs(29);
        progress.passed(1, later);
        progress.waits(later);
        let left = progress.deadline().unwrap() - later;
        assert!(left < Duration::from_secs(2), "{left:?}");
    }
}
