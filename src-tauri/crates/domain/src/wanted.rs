//! How many calls each key wanted to make, by minute, over the last hour.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::key::{ByKey, KeyId};

/// Minutes that are remembered.
pub const MINUTES: u64 = 60;
const MINUTE_MS: u64 = 60_000;

/// What keys wanted in one minute: every call counts once, when it comes, whatever becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minute {
    /// When it began, in milliseconds.
    pub began: u64,
    /// Keys that called.
    pub calls: Arc<ByKey<u32>>,
}

/// The last hour, as far as it was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hour {
    /// Those minutes in which somebody called, oldest first.
    pub minutes: Vec<Minute>,
    /// How many there were, the one under way included.
    pub known: u32,
}

/// Counts the calls of the last hour. Times are milliseconds on one clock that never runs backwards.
///
/// To count costs the same whatever is remembered. Whoever reads shares what is counted; the minute under way is copied once
/// by the next call after that.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// When the first minute began.
    first: u64,
    minutes: VecDeque<Minute>,
}

impl Wanted {
    /// Counts from now on.
    #[must_use]
    pub fn since(now: u64) -> Self {
        Self {
            first: beginning(now),
            minutes: VecDeque::new(),
        }
    }

    /// Counts a call that comes now.
    pub fn count(&mut self, key: KeyId, now: u64) {
        let began = beginning(now);
        if self.minutes.back().is_none_or(|last| last.began < began) {
            self.forget(now);
            let calls = Arc::default();
            self.minutes.push_back(Minute { began, calls });
        }
        if let Some(last) = self.minutes.back_mut() {
            let calls = Arc::make_mut(&mut last.calls).entry(key).or_default();
            *calls = calls.saturating_add(1);
        }
    }

    /// The hour up to `now`.
    pub fn hour(&mut self, now: u64) -> Hour {
        self.forget(now);
        let known = (beginning(now) - self.first) / MINUTE_MS + 1;
        Hour {
            minutes: self.minutes.iter().cloned().collect(),
            known: u32::try_from(known.min(MINUTES)).unwrap_or_default(),
        }
    }

    fn forget(&mut self, now: u64) {
        let oldest = beginning(now).saturating_sub((MINUTES - 1) * MINUTE_MS);
        while self.minutes.front().is_some_and(|it| it.began < oldest) {
            self.minutes.pop_front();
        }
    }
}

/// When the minute of this moment began.
fn beginning(now: u64) -> u64 {
    now - now % MINUTE_MS
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const KEY: KeyId = KeyId(Uuid::from_u128(1));
    const OTHER: KeyId = KeyId(Uuid::from_u128(2));
    /// Some minute's beginning.
    const ZERO: u64 = 1_000 * MINUTE_MS;

    fn told(wanted: &mut Wanted, now: u64) -> Vec<(u64, u32, u32)> {
        let minutes = wanted.hour(now).minutes.into_iter();
        let of = |minute: &Minute, key| minute.calls.get(&key).copied().unwrap_or_default();
        minutes
            .map(|it| ((it.began - ZERO) / MINUTE_MS, of(&it, KEY), of(&it, OTHER)))
            .collect()
    }

    #[test]
    fn calls_count_in_the_minute_in_which_they_came_and_for_an_hour() {
        let mut wanted = Wanted::since(ZERO);
        for (key, after) in [
            (KEY, 0),
            (OTHER, 0),
            (KEY, 59_999),
            (KEY, 60_000),
            (KEY, 180_000),
        ] {
            wanted.count(key, ZERO + after);
        }
        let all = [(0, 2, 1), (1, 1, 0), (3, 1, 0)];
        assert_eq!(told(&mut wanted, ZERO + 180_000), all);
        let hour = ZERO + MINUTES * MINUTE_MS;
        assert_eq!(told(&mut wanted, hour - 1), all);
        assert_eq!(told(&mut wanted, hour), all[1..]);
        assert_eq!(told(&mut wanted, hour + 3 * MINUTE_MS), []);
    }

    #[test]
    fn no_more_than_an_hour_is_kept_though_nobody_asks() {
        let mut wanted = Wanted::since(ZERO);
        for minute in 0..500 {
            wanted.count(KEY, ZERO + minute * MINUTE_MS);
            assert!(wanted.minutes.len() <= 60);
        }
        // What somebody reads does not change under them.
        let now = ZERO + 499 * MINUTE_MS;
        let read = wanted.hour(now);
        wanted.count(KEY, now);
        assert_eq!(read.minutes.last().unwrap().calls[&KEY], 1);
    }

    #[test]
    fn it_is_said_how_much_of_the_hour_was_counted() {
        let mut wanted = Wanted::since(ZERO + 30_000);
        for (after, known) in [
            (30_000, 1),
            (60_000, 2),
            (59 * MINUTE_MS, 60),
            (99 * MINUTE_MS, 60),
        ] {
            assert_eq!(wanted.hour(ZERO + after).known, known);
        }
    }
}
