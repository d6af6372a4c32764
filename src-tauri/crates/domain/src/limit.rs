//! The shared limit: at most so many calls in any 60 seconds, exactly.
//!
//! A call holds a slot from its grant until 60 s after it *finished*. A call reaches the upstream somewhere
//! between the two, so no 60-second span at the upstream can hold more calls than there are slots, however
//! long each took on its way. Refused calls hold nothing.

use std::collections::VecDeque;

/// The span the limit is stated for, in milliseconds.
pub const WINDOW_MS: u64 = 60_000;

/// A sliding window over the last minute. Times are milliseconds on one clock that never runs backwards.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// `(finished at, calls)`, oldest first.
    finished: VecDeque<(u64, u32)>,
    finished_calls: u32,
    in_flight: u32,
}

/// Permission for one call to be forwarded. Give it back with [`Window::finish`] or [`Window::cancel`].
#[derive(Debug)]
#[must_use = "a slot that is dropped stays taken for ever"]
pub struct Slot(());

/// Why there was no slot, and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full {
    /// Milliseconds until a slot can be free at the earliest.
    pub retry_after_ms: u64,
}

impl Window {
    /// Takes a slot if fewer than `limit` are held.
    ///
    /// # Errors
    /// [`Full`] with the time until the oldest slot is free again.
    pub fn take(&mut self, limit: u32, now: u64) -> Result<Slot, Full> {
        self.expire(now);
        if self.held() < limit {
            self.in_flight += 1;
            Ok(Slot(()))
        } else {
            Err(Full {
                retry_after_ms: self.reset_after_ms(now),
            })
        }
    }

    /// The call reached the upstream, or may have: its slot stays held for a minute from `now`.
    pub fn finish(&mut self, slot: Slot, now: u64) {
        let Slot(()) = slot;
        self.in_flight -= 1;
        self.record(1, now);
    }

    /// The call certainly never reached the upstream: its slot is free at once.
    pub fn cancel(&mut self, slot: Slot) {
        let Slot(()) = slot;
        self.in_flight -= 1;
    }

    /// Counts calls that were made elsewhere or before a restart.
    pub fn record(&mut self, calls: u32, at: u64) {
        if calls == 0 {
            return;
        }
        self.finished_calls += calls;
        // Merge what came in the same millisecond, and never let an older time follow a newer one.
        match self.finished.back_mut() {
            Some((last, count)) if *last >= at => *count += calls,
            _ => self.finished.push_back((at, calls)),
        }
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

    /// Calls granted and not yet finished.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    fn held(&self) -> u32 {
        self.finished_calls + self.in_flight
    }

    fn expire(&mut self, now: u64) {
        while let Some((at, calls)) = self.finished.front().copied() {
            if at + WINDOW_MS > now {
                break;
            }
            self.finished.pop_front();
            self.finished_calls -= calls;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_hundred_and_first_call_waits_for_the_first_to_leave() {
        let mut window = Window::default();
        for _ in 0..100 {
            let slot = window.take(100, 1_000).unwrap();
            window.finish(slot, 1_000);
        }
        assert_eq!(
            window.take(100, 1_500).unwrap_err(),
            Full {
                retry_after_ms: 59_500
            }
        );
        assert!(window.take(100, 60_999).is_err());
        assert!(window.take(100, 61_000).is_ok());
    }

    #[test]
    fn a_call_in_flight_holds_its_slot_however_long_it_takes() {
        let mut window = Window::default();
        let slot = window.take(1, 0).unwrap();
        assert!(window.take(1, 500_000).is_err());
        window.finish(slot, 500_000);
        assert!(window.take(1, 559_999).is_err());
        assert!(window.take(1, 560_000).is_ok());
    }

    #[test]
    fn a_cancelled_call_costs_nothing() {
        let mut window = Window::default();
        let slot = window.take(1, 0).unwrap();
        window.cancel(slot);
        assert_eq!(window.remaining(1, 0), 1);
    }

    proptest! {
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
                if let Ok(slot) = window.take(limit, now) {
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
