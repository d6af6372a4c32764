//! The shared limit: at most so many calls in any 60 seconds, exactly.
//!
//! A call holds a slot from its grant until 60 s after it *finished*. A call reaches the upstream somewhere
//! between the two, so no 60-second span at the upstream can hold more calls than there are slots, however
//! long each took on its way. Refused calls hold nothing.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::key::KeyId;

/// The span the limit is stated for, in milliseconds.
pub const WINDOW_MS: u64 = 60_000;

/// The calls of the last minute as they outlive a process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SavedCalls {
    /// `(unix milliseconds, calls)` that had finished when this was saved, oldest first.
    pub finished: Vec<(u64, u32)>,
    /// `(unix milliseconds, key, calls)` of those that a key made, oldest first.
    pub by_key: Vec<(u64, KeyId, u32)>,
    /// Calls that may have been made since, or were in flight.
    pub leased: u32,
}

/// A sliding window over the last minute. Times are milliseconds on one clock that never runs backwards.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// `(finished at, calls)`, oldest first.
    finished: VecDeque<(u64, u32)>,
    finished_calls: u32,
    in_flight: u32,
    takers: Takers,
}

/// Permission for one call to be forwarded, and the key that it was granted to. Give it back with [`Window::finish`] or
/// [`Window::cancel`].
#[derive(Debug)]
#[must_use = "a slot that is dropped stays taken for ever"]
pub struct Slot(Option<KeyId>);

/// Which keys hold the slots. Calls of Gardien's own are nobody's, and so is what a restart left: then these are fewer
/// than the slots that are held.
#[derive(Debug, Clone, Default)]
struct Takers {
    /// `(finished at, key, calls)`, oldest first.
    finished: VecDeque<(u64, KeyId, u32)>,
    held: HashMap<KeyId, u32>,
    /// Calls that a restart found leased, and when: each of them may be any key's.
    anybodys: Option<(u64, u32)>,
}

impl Takers {
    fn take(&mut self, key: KeyId) {
        *self.held.entry(key).or_default() += 1;
    }

    fn finish(&mut self, key: KeyId, at: u64) {
        match self.finished.back_mut() {
            Some((last, by, calls)) if *last == at && *by == key => *calls += 1,
            _ => self.finished.push_back((at, key, 1)),
        }
    }

    fn release(&mut self, key: KeyId, calls: u32) {
        if let Some(held) = self.held.get_mut(&key) {
            *held = held.saturating_sub(calls);
            if *held == 0 {
                self.held.remove(&key);
            }
        }
    }

    fn expire(&mut self, now: u64) {
        while let Some((at, key, calls)) = self.finished.front().copied() {
            if at + WINDOW_MS > now {
                break;
            }
            self.finished.pop_front();
            self.release(key, calls);
        }
        self.anybodys = self.anybodys.filter(|(at, _)| at + WINDOW_MS > now);
    }
}

/// Why there was no slot, and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full {
    /// Milliseconds until a slot can be free at the earliest.
    pub retry_after_ms: u64,
}

impl Window {
    /// Takes a slot if fewer than `limit` are held: for a key, or for a call of Gardien's own.
    ///
    /// # Errors
    /// [`Full`] with the time until the oldest slot is free again.
    pub fn take(&mut self, limit: u32, key: Option<KeyId>, now: u64) -> Result<Slot, Full> {
        self.expire(now);
        if self.held() < limit {
            self.in_flight += 1;
            if let Some(key) = key {
                self.takers.take(key);
            }
            Ok(Slot(key))
        } else {
            Err(Full {
                retry_after_ms: self.reset_after_ms(now),
            })
        }
    }

    /// The call reached the upstream, or may have: its slot stays held for a minute from `now`.
    pub fn finish(&mut self, slot: Slot, now: u64) {
        let Slot(key) = slot;
        self.in_flight -= 1;
        let at = self.record(1, now);
        if let Some(key) = key {
            self.takers.finish(key, at);
        }
    }

    /// The call certainly never reached the upstream: its slot is free at once.
    pub fn cancel(&mut self, slot: Slot) {
        let Slot(key) = slot;
        self.in_flight -= 1;
        if let Some(key) = key {
            self.takers.release(key, 1);
        }
    }

    /// Counts calls that were made elsewhere or before a restart. Answers with the time that they count from.
    pub fn record(&mut self, calls: u32, at: u64) -> u64 {
        if calls == 0 {
            return at;
        }
        self.finished_calls += calls;
        // Merge what came in the same millisecond, and never let an older time follow a newer one.
        match self.finished.back_mut() {
            Some((last, count)) if *last >= at => {
                *count += calls;
                *last
            }
            _ => {
                self.finished.push_back((at, calls));
                at
            }
        }
    }

    /// Counts calls that a key made before a restart, oldest first. [`Self::record`] counts them for all.
    pub fn record_of(&mut self, key: KeyId, calls: u32, at: u64) {
        // A damaged ledger must not be able to overflow the count.
        let held = self.takers.held.entry(key).or_default();
        *held = held.saturating_add(calls);
        self.takers.finished.push_back((at, key, calls));
    }

    /// Counts calls that may have been made before a restart, by nobody knows which key.
    pub fn record_leased(&mut self, calls: u32, at: u64) {
        let at = self.record(calls, at);
        self.takers.anybodys = (calls > 0).then_some((at, calls));
    }

    /// The keys that hold slots at `now`, and how many.
    pub fn takers(&mut self, now: u64) -> impl Iterator<Item = (KeyId, u32)> {
        self.expire(now);
        self.takers.held.iter().map(|(key, calls)| (*key, *calls))
    }

    /// Slots left at `now`.
    pub fn remaining(&mut self, limit: u32, now: u64) -> u32 {
        self.expire(now);
        limit.saturating_sub(self.held())
    }

    /// Milliseconds until the oldest slot is free. A minute if all of them are still in flight; 0 if none is held.
    #[must_use]
    pub fn reset_after_ms(&self, now: u64) -> u64 {
        match self.finished.front() {
            Some((at, _)) => (at + WINDOW_MS).saturating_sub(now),
            None if self.in_flight > 0 => WINDOW_MS,
            None => 0,
        }
    }

    /// What has to survive a restart: finished calls, merged into steps of `step_ms` rounded up, so that a
    /// restored window never forgets a call too early.
    pub fn snapshot(&mut self, now: u64, step_ms: u64) -> Vec<(u64, u32)> {
        self.expire(now);
        let mut steps: Vec<(u64, u32)> = Vec::new();
        for (at, calls) in &self.finished {
            let step = at.div_ceil(step_ms) * step_ms;
            match steps.last_mut() {
                Some((last, count)) if *last == step => *count += calls,
                _ => steps.push((step, *calls)),
            }
        }
        steps
    }

    /// The same by key.
    pub fn snapshot_by_key(&mut self, now: u64, step_ms: u64) -> Vec<(u64, KeyId, u32)> {
        self.expire(now);
        let mut steps: BTreeMap<(u64, KeyId), u32> = BTreeMap::new();
        for (at, key, calls) in &self.takers.finished {
            let step = at.div_ceil(step_ms) * step_ms;
            *steps.entry((step, *key)).or_default() += calls;
        }
        let steps = steps.into_iter();
        steps.map(|((at, key), calls)| (at, key, calls)).collect()
    }

    /// Calls granted and not yet finished.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Slots that are held, as of when this was last asked for anything.
    #[must_use]
    pub fn held(&self) -> u32 {
        self.finished_calls + self.in_flight
    }

    /// Slots that this key holds, as of when this was last asked for anything.
    #[must_use]
    pub fn held_by(&self, key: KeyId) -> u32 {
        self.takers.held.get(&key).copied().unwrap_or_default()
    }

    /// Slots that this key may hold, for what must never be exceeded: those of a restart that may be anybody's are its own.
    #[must_use]
    pub fn held_at_most_by(&self, key: KeyId) -> u32 {
        self.held_by(key) + self.takers.anybodys.map_or(0, |(_, calls)| calls)
    }

    /// Milliseconds until at most `most` slots are held, if nobody takes one meanwhile. What is in flight is taken to
    /// end now.
    #[must_use]
    pub fn held_down_in(&self, most: u32, now: u64) -> u64 {
        let finished = self.finished.iter().copied();
        down_in(self.held(), most, finished, now)
    }

    /// The same of [`Self::held_at_most_by`].
    #[must_use]
    pub fn held_by_down_in(&self, key: KeyId, most: u32, now: u64) -> u64 {
        let finished = self.takers.finished.iter();
        let of_key = finished.filter(|(_, by, _)| *by == key);
        // What a restart left comes before all that was called since.
        let of_key = of_key.map(|(at, _, calls)| (*at, *calls));
        let (before, since): (Vec<_>, Vec<_>) = match self.takers.anybodys {
            Some((leased, _)) => of_key.partition(|(at, _)| *at <= leased),
            None => (Vec::new(), of_key.collect()),
        };
        let finished = before.into_iter().chain(self.takers.anybodys).chain(since);
        down_in(self.held_at_most_by(key), most, finished, now)
    }

    fn expire(&mut self, now: u64) {
        while let Some((at, calls)) = self.finished.front().copied() {
            if at + WINDOW_MS > now {
                break;
            }
            self.finished.pop_front();
            self.finished_calls -= calls;
        }
        self.takers.expire(now);
    }
}

fn down_in(held: u32, most: u32, finished: impl Iterator<Item = (u64, u32)>, now: u64) -> u64 {
    let mut left = held;
    if left <= most {
        return 0;
    }
    for (at, calls) in finished {
        left = left.saturating_sub(calls);
        if left <= most {
            return (at + WINDOW_MS).saturating_sub(now);
        }
    }
    WINDOW_MS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_hundred_and_first_call_waits_for_the_first_to_leave() {
        let mut window = Window::default();
        for _ in 0..100 {
            let slot = window.take(100, None, 1_000).unwrap();
            window.finish(slot, 1_000);
        }
        assert_eq!(
            window.take(100, None, 1_500).unwrap_err(),
            Full {
                retry_after_ms: 59_500
            }
        );
        assert!(window.take(100, None, 60_999).is_err());
        assert!(window.take(100, None, 61_000).is_ok());
    }

    #[test]
    fn a_call_in_flight_holds_its_slot_however_long_it_takes() {
        let mut window = Window::default();
        let slot = window.take(1, None, 0).unwrap();
        assert!(window.take(1, None, 500_000).is_err());
        window.finish(slot, 500_000);
        assert!(window.take(1, None, 559_999).is_err());
        assert!(window.take(1, None, 560_000).is_ok());
    }

    #[test]
    fn a_restart_gives_no_key_its_share_anew() {
        let (own, other) = (
            KeyId(uuid::Uuid::from_u128(1)),
            KeyId(uuid::Uuid::from_u128(2)),
        );
        let mut window = Window::default();
        for at in [1_000, 2_000] {
            let slot = window.take(100, Some(own), at).unwrap();
            window.finish(slot, at);
        }
        let mut restored = Window::default();
        for (at, calls) in window.snapshot(2_000, 100) {
            restored.record(calls, at);
        }
        for (at, key, calls) in window.snapshot_by_key(2_000, 100) {
            restored.record_of(key, calls, at);
        }
        restored.record_leased(3, 5_000);
        assert_eq!((restored.held(), restored.held_by(own)), (5, 2));
        assert_eq!(
            (
                restored.held_at_most_by(own),
                restored.held_at_most_by(other)
            ),
            (5, 3)
        );
        assert_eq!(restored.held_by_down_in(own, 4, 5_000), 56_000);
        assert_eq!(restored.held_by_down_in(own, 2, 5_000), 60_000);
        assert_eq!(restored.remaining(100, 62_000), 97);
        assert_eq!(
            (restored.held_by(own), restored.held_at_most_by(own)),
            (0, 3)
        );
        assert_eq!(restored.remaining(100, 65_000), 100);
        assert_eq!(restored.held_at_most_by(own), 0);
    }

    #[test]
    fn a_cancelled_call_costs_nothing() {
        let mut window = Window::default();
        let slot = window.take(1, None, 0).unwrap();
        window.cancel(slot);
        assert_eq!(window.remaining(1, 0), 1);
    }

    proptest! {
        /// However calls come, take long, are cancelled and leave, and whatever a restart leaves to nobody: each key is
        /// named with exactly the slots that it holds.
        #[test]
        fn every_slot_is_its_keys_own(
            limit in 1_u32..30,
            left_over in 0_u32..5,
            calls in prop::collection::vec((0_u64..9_000, 0_u64..20_000, 0_u8..4, any::<bool>()), 1..200),
        ) {
            let mut window = Window::default();
            window.record(left_over, 0);
            let mut now = 0;
            let mut open: Vec<(u64, u8, bool, Slot)> = Vec::new();
            // `(until when it counts, whose it is)`
            let mut counting: Vec<(u64, u8)> = Vec::new();
            for (gap, lasts, key, cancelled) in calls {
                now += gap;
                open.sort_by_key(|(end, ..)| *end);
                while open.first().is_some_and(|(end, ..)| *end <= now) {
                    let (end, key, cancelled, slot) = open.remove(0);
                    if cancelled {
                        window.cancel(slot);
                    } else {
                        window.finish(slot, end);
                        counting.push((end + WINDOW_MS, key));
                    }
                }
                // The last is Gardien itself.
                let of = (key < 3).then(|| KeyId(uuid::Uuid::from_u128(u128::from(key))));
                if let Ok(slot) = window.take(limit, of, now) {
                    open.push((now + lasts, key, cancelled, slot));
                }
                let holds = |key: u8| {
                    counting.iter().filter(|(until, by)| *until > now && *by == key).count()
                        + open.iter().filter(|(_, by, ..)| *by == key).count()
                };
                let mut told: Vec<_> = window.takers(now).collect();
                told.sort_unstable();
                let right: Vec<_> = (0..3)
                    .filter(|key| holds(*key) > 0)
                    .map(|key| (KeyId(uuid::Uuid::from_u128(u128::from(key))), holds(key) as u32))
                    .collect();
                prop_assert_eq!(&told, &right);
                let nobodys = holds(3) as u32 + if now < WINDOW_MS { left_over } else { 0 };
                prop_assert_eq!(told.iter().map(|(_, calls)| calls).sum::<u32>() + nobodys, window.held());
            }
        }

        /// Rule 6, against an independent statement: whatever the arrivals, delays and restarts, no 60-second
        /// span at the upstream holds more than the limit.
        #[test]
        fn rule_6_no_minute_at_the_upstream_holds_more_than_the_limit(
            limit in 1_u32..12,
            calls in prop::collection::vec((0_u64..9_000, 0_u64..4_000, 0_u64..4_000, any::<bool>()), 1..120),
        ) {
            let mut window = Window::default();
            let mut now = 0;
            let mut open: Vec<(u64, Slot)> = Vec::new();
            let mut arrivals = Vec::new();
            for (gap, until_arrival, until_finish, restart) in calls {
                now += gap;
                open.sort_by_key(|(finish, _)| *finish);
                while open.first().is_some_and(|(finish, _)| *finish <= now) {
                    let (finish, slot) = open.remove(0);
                    window.finish(slot, finish);
                }
                if restart && open.is_empty() {
                    let mut restored = Window::default();
                    for (at, calls) in window.snapshot(now, 100) {
                        restored.record(calls, at);
                    }
                    window = restored;
                }
                if let Ok(slot) = window.take(limit, None, now) {
                    arrivals.push(now + until_arrival);
                    open.push((now + until_arrival + until_finish, slot));
                }
            }
            arrivals.sort_unstable();
            for start in &arrivals {
                let inside = arrivals.iter().filter(|at| *at >= start && **at < start + WINDOW_MS).count();
                prop_assert!(inside <= limit as usize, "{inside} calls in one minute, limit {limit}");
            }
        }
    }
}
