//! How calls follow one another where they wait for their turn: a burst, then a steady rate.
//!
//! In any 60 seconds at most `burst + per_minute` calls are let through. Together they are never more than the limit,
//! so whoever keeps to the pace is not stopped by it in the middle of a minute.

/// What one call takes, in calls a minute times milliseconds: exact without fractions.
const CALL: u64 = 60_000;

/// Calls that may come at once, and how many follow in each minute after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    burst: u32,
    per_minute: u32,
}

impl Pace {
    /// So many calls of a limit at once, by default two fifths, and the rest over the minute: 40, then one a second, of
    /// 100. `None` for a limit that leaves nothing for one of the two.
    #[must_use]
    pub fn of(limit: u32, burst: Option<u32>) -> Option<Self> {
        let most = limit.checked_sub(1).filter(|most| *most > 0)?;
        // In this order no limit is too large.
        let usual = limit / 5 * 2 + limit % 5 * 2 / 5;
        let burst = burst.unwrap_or(usual).clamp(1, most);
        Some(Self {
            burst,
            per_minute: limit - burst,
        })
    }

    /// Calls that may come at once.
    #[must_use]
    pub fn burst(self) -> u32 {
        self.burst
    }

    /// Calls that follow in each minute.
    #[must_use]
    pub fn per_minute(self) -> u32 {
        self.per_minute
    }
}

/// What is left of the burst. Times are milliseconds on one clock that never runs backwards.
#[derive(Debug, Clone)]
pub struct Bucket {
    pace: Pace,
    level: u64,
    at: u64,
}

impl Bucket {
    /// A full one.
    #[must_use]
    pub fn full(pace: Pace, now: u64) -> Self {
        Self {
            pace,
            level: u64::from(pace.burst) * CALL,
            at: now,
        }
    }

    /// One that these calls, `(at, calls)` and the oldest first, were taken from since it was full.
    #[must_use]
    pub fn after(pace: Pace, calls: impl IntoIterator<Item = (u64, u32)>, now: u64) -> Self {
        let mut bucket = Self::full(pace, 0);
        for (at, calls) in calls {
            bucket.refill(at);
            bucket.level = bucket.level.saturating_sub(u64::from(calls) * CALL);
        }
        bucket.refill(now);
        bucket
    }

    /// What it lets through.
    #[must_use]
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// Takes one call, if there is one.
    pub fn take(&mut self, now: u64) -> bool {
        self.refill(now);
        match self.level.checked_sub(CALL) {
            Some(left) => {
                self.level = left;
                true
            }
            None => false,
        }
    }

    /// A call that was taken was not made.
    pub fn give_back(&mut self) {
        self.level = (self.level + CALL).min(self.capacity());
    }

    /// So many calls go elsewhere now, where `before` were known to: what they are more is taken, though it may not be there.
    pub fn go_elsewhere(&mut self, calls: u32, before: u32, now: u64) {
        self.refill(now);
        let [more, fewer] = [(calls, before), (before, calls)]
            .map(|(one, other)| u64::from(one.saturating_sub(other)) * CALL);
        self.level = (self.level.saturating_sub(more) + fewer).min(self.capacity());
    }

    /// Calls that can be taken now.
    #[must_use]
    pub fn ready(&self, now: u64) -> u32 {
        let gained = now.saturating_sub(self.at) * u64::from(self.pace.per_minute);
        let level = (self.level + gained).min(self.capacity());
        u32::try_from(level / CALL).unwrap_or(u32::MAX)
    }

    /// Milliseconds until the `nth` call from now on can be taken; 0 if it can be now.
    #[must_use]
    pub fn ready_in(&self, nth: u32, now: u64) -> u64 {
        let gained = now.saturating_sub(self.at) * u64::from(self.pace.per_minute);
        let level = (self.level + gained).min(self.capacity());
        (u64::from(nth) * CALL)
            .saturating_sub(level)
            .div_ceil(u64::from(self.pace.per_minute))
    }

    fn refill(&mut self, now: u64) {
        let gained = now.saturating_sub(self.at) * u64::from(self.pace.per_minute);
        self.level = (self.level + gained).min(self.capacity());
        self.at = self.at.max(now);
    }

    fn capacity(&self) -> u64 {
        u64::from(self.pace.burst) * CALL
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forty_at_once_and_then_one_a_second() {
        let pace = Pace::of(100, None).unwrap();
        assert_eq!((pace.burst(), pace.per_minute()), (40, 60));
        let mut bucket = Bucket::full(pace, 0);
        assert!((0..40).all(|_| bucket.take(0)));
        assert!(!bucket.take(999));
        assert_eq!(bucket.ready_in(3, 999), 2_001);
        assert!(bucket.take(1_000));
        assert!(!bucket.take(1_000));
    }

    #[test]
    fn every_limit_is_divided_whole() {
        assert_eq!((Pace::of(0, None), Pace::of(1, Some(1))), (None, None));
        for limit in (2..2_000).chain([u32::MAX - 1, u32::MAX]) {
            for burst in [None, Some(0), Some(7), Some(u32::MAX)] {
                let pace = Pace::of(limit, burst).unwrap();
                assert_eq!(pace.burst() + pace.per_minute(), limit);
                assert!(pace.burst() > 0 && pace.per_minute() > 0);
            }
        }
    }

    proptest! {
        /// However it is asked, no minute holds more calls than burst and rate together, and what it says of the next
        /// one is so to the millisecond.
        #[test]
        fn no_minute_holds_more_than_burst_and_rate(
            limit in 2_u32..60,
            gaps in prop::collection::vec(0_u64..5_000, 1..300),
        ) {
            let mut bucket = Bucket::full(Pace::of(limit, None).unwrap(), 0);
            let (mut now, mut taken) = (0, Vec::new());
            for gap in gaps {
                now += gap;
                let wait = bucket.ready_in(1, now);
                prop_assert_eq!(bucket.clone().take(now + wait), true);
                prop_assert!(wait == 0 || !bucket.clone().take(now + wait - 1));
                if bucket.take(now) {
                    taken.push(now);
                }
            }
            for start in &taken {
                let inside = taken.iter().filter(|at| *at >= start && **at < start + 60_000).count();
                prop_assert!(inside <= limit as usize);
            }
        }
    }
}
