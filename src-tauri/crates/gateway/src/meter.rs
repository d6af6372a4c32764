//! The shared limit with its lease: what may be granted now, and what must be on disk before more is.
//!
//! Pure: time comes in, what to save goes out. Before calls are granted, the ledger already says that they
//! may have been; so a gateway that is killed at any moment never grants more than the limit in 60 seconds,
//! and a decision never waits for the disk while the lease lasts.

use gardien_domain::KeyId;
use gardien_domain::limit::{Slot, WINDOW_MS, Window};

use crate::ledger::SavedCalls;

/// Steps that finished calls are saved in, in milliseconds.
const STEP_MS: u64 = 100;
/// The upstream is asked again after this, however long it wants to be left alone: a mistake of its must not shut
/// everyone out for a day.
const LONGEST_HOLD_MS: u64 = 5 * 60_000;

/// What the limit looks like at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitState {
    /// Calls a minute.
    pub limit: u32,
    /// Calls that hold a slot now; all of them during a hold.
    pub used: u32,
    /// Calls that could be made now.
    pub remaining: u32,
    /// Whole seconds until the oldest slot is free again, or the hold ends, rounded up.
    pub reset_seconds: u64,
    /// The upstream itself takes no more calls.
    pub hold: Option<Hold>,
}

/// The upstream answered 429: it counts calls that were not made through this gateway. Until it takes calls again, none
/// is granted. Times are unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// When it said so first.
    pub since: u64,
    /// When it is called again.
    pub until: u64,
}

#[derive(Debug)]
pub(crate) struct Meter {
    window: Window,
    limit: u32,
    /// The upstream's own word, and when it ends on the clock of the window.
    hold: Option<(Hold, u64)>,
    /// Calls that may still be granted before the ledger has to be written.
    lease: u32,
    granted_since_rest: bool,
    ledger_broken: bool,
    closed: bool,
}

/// The answer to a call that asks for a slot.
#[derive(Debug)]
pub(crate) enum Entry {
    Granted {
        slot: Slot,
        /// The lease is half used: time to renew it.
        low: bool,
    },
    Full {
        retry_after_ms: u64,
    },
    /// The ledger has to be written first.
    Dry,
    Closed,
}

/// What to save, and the lease it allows once it is saved.
#[derive(Debug)]
pub(crate) struct Renewal {
    pub(crate) saved: SavedCalls,
    pub(crate) extra: u32,
}

impl Meter {
    /// Goes on where the last run ended. What was leased then counts as made just now.
    pub(crate) fn restore(limit: u32, saved: &SavedCalls, unix_now: u64, now: u64) -> Self {
        let mut window = Window::default();
        // A damaged ledger must not be able to overflow the count.
        let mut room = u32::MAX / 2;
        let mut record = |calls: u32, at: u64| {
            let calls = calls.min(room);
            room -= calls;
            window.record(calls, at);
        };
        for (at, calls) in &saved.finished {
            // A time in the future, by a clock that was set back, counts as now.
            let age = unix_now.saturating_sub(*at);
            if age < WINDOW_MS {
                record(*calls, now.saturating_sub(age));
            }
        }
        record(saved.leased, now);
        Self {
            window,
            limit,
            hold: None,
            lease: 0,
            granted_since_rest: false,
            ledger_broken: false,
            closed: false,
        }
    }

    pub(crate) fn enter(&mut self, key: Option<KeyId>, now: u64) -> Entry {
        if self.closed {
            return Entry::Closed;
        }
        if self.held(now).is_some() {
            return Entry::Full {
                retry_after_ms: self.wait_ms(now),
            };
        }
        if self.lease == 0 && !self.ledger_broken && self.window.remaining(self.limit, now) > 0 {
            return Entry::Dry;
        }
        match self.window.take(self.limit, key, now) {
            Ok(slot) => {
                self.lease = self.lease.saturating_sub(1);
                self.granted_since_rest = true;
                Entry::Granted {
                    slot,
                    low: self.lease <= self.full_lease() / 2,
                }
            }
            Err(full) => Entry::Full {
                retry_after_ms: full.retry_after_ms,
            },
        }
    }

    /// The upstream wants no call for so long. Never shortens what it wanted before. Answers with the milliseconds that
    /// it is left alone for.
    pub(crate) fn hold(&mut self, wait_ms: u64, unix_now: u64, now: u64) -> u64 {
        let wait_ms = wait_ms.min(LONGEST_HOLD_MS);
        let before = self.held(now);
        let left = before.map_or(0, |(_, left)| left);
        if wait_ms > left {
            let hold = Hold {
                since: before.map_or(unix_now, |(hold, _)| hold.since),
                until: unix_now + wait_ms,
            };
            self.hold = Some((hold, now + wait_ms));
        }
        left.max(wait_ms)
    }

    pub(crate) fn finish(&mut self, slot: Slot, now: u64) {
        self.window.finish(slot, now);
    }

    pub(crate) fn cancel(&mut self, slot: Slot) {
        self.window.cancel(slot);
    }

    /// What to save for a full lease.
    pub(crate) fn renewal(&mut self, unix_now: u64, now: u64) -> Renewal {
        let extra = self.full_lease().saturating_sub(self.lease);
        Renewal {
            saved: self.save(self.lease + extra, unix_now, now),
            extra,
        }
    }

    /// Hands an unused lease back after a while without calls, so that a gateway killed at rest loses
    /// nothing. `None` while there are calls, or nothing to hand back.
    pub(crate) fn rest(&mut self, unix_now: u64, now: u64) -> Option<Renewal> {
        let idle = !std::mem::take(&mut self.granted_since_rest);
        if !idle || self.lease == 0 {
            return None;
        }
        self.lease = 0;
        Some(Renewal {
            saved: self.save(0, unix_now, now),
            extra: 0,
        })
    }

    /// No more grants. What to save as the last thing.
    pub(crate) fn close(&mut self, unix_now: u64, now: u64) -> SavedCalls {
        self.closed = true;
        self.lease = 0;
        self.save(0, unix_now, now)
    }

    /// A renewal is on disk.
    pub(crate) fn renewed(&mut self, extra: u32) {
        self.lease += extra;
        self.ledger_broken = false;
    }

    /// A renewal could not be saved. The limit stays exact in this process; only what a restart would know
    /// is lost, and no caller is made to pay for that.
    pub(crate) fn ledger_failed(&mut self) {
        self.ledger_broken = true;
    }

    pub(crate) fn is_ledger_broken(&self) -> bool {
        self.ledger_broken
    }

    /// Another upstream stands behind the gateway: it did not say so.
    pub(crate) fn release(&mut self) {
        self.hold = None;
    }

    pub(crate) fn set_limit(&mut self, limit: u32) {
        self.limit = limit;
    }

    pub(crate) fn state(&mut self, now: u64) -> LimitState {
        let hold = self.held(now).map(|(hold, _)| hold);
        let remaining = match hold {
            None => self.window.remaining(self.limit, now),
            Some(_) => 0,
        };
        LimitState {
            limit: self.limit,
            used: self.limit - remaining,
            remaining,
            reset_seconds: self.wait_ms(now).div_ceil(1000),
            hold,
        }
    }

    /// The keys whose calls count now, and how many. After a restart, what was counted before it is nobody's; during a
    /// hold, and where the limit was lowered below what counts, they add up to another figure than
    /// [`LimitState::used`].
    pub(crate) fn takers(&mut self, now: u64) -> Vec<(KeyId, u32)> {
        self.window.takers(now).collect()
    }

    /// The hold that is in force, and the milliseconds that are left of it.
    fn held(&self, now: u64) -> Option<(Hold, u64)> {
        let (hold, until) = self.hold?;
        (now < until).then(|| (hold, until - now))
    }

    /// Milliseconds until the oldest slot is free. During a hold, until a call can be made.
    fn wait_ms(&mut self, now: u64) -> u64 {
        let oldest = self.window.reset_after_ms(now);
        match self.held(now) {
            None => oldest,
            Some((_, left)) if self.window.remaining(self.limit, now) > 0 => left,
            Some((_, left)) => left.max(oldest),
        }
    }

    fn save(&mut self, lease: u32, unix_now: u64, now: u64) -> SavedCalls {
        let mut finished: Vec<_> = self
            .window
            .snapshot(now, STEP_MS)
            .into_iter()
            .map(|(at, calls)| ((unix_now + at).saturating_sub(now), calls))
            .collect();
        if let Some((_, left)) = self.held(now) {
            // A restart finds a minute that is full until the hold ends, or for a whole one.
            finished.push(((unix_now + left).saturating_sub(WINDOW_MS), self.limit));
            finished.sort_unstable_by_key(|(at, _)| *at);
        }
        SavedCalls {
            finished,
            leased: self.window.in_flight() + lease,
        }
    }

    /// A tenth of a small limit, 10 of a middling one, a fiftieth of a large one: seldom enough to save, and
    /// little enough to lose for a minute when the process is killed.
    fn full_lease(&self) -> u32 {
        (self.limit / 10).min(10).max(self.limit / 50).max(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn grant(meter: &mut Meter, now: u64) -> Option<Slot> {
        match meter.enter(None, now) {
            Entry::Granted { slot, .. } => Some(slot),
            _ => None,
        }
    }

    #[test]
    fn nothing_is_granted_before_the_ledger_says_so() {
        let mut meter = Meter::restore(100, &SavedCalls::default(), 0, 60_000);
        assert!(matches!(meter.enter(None, 60_000), Entry::Dry));
        let renewal = meter.renewal(0, 60_000);
        assert_eq!(renewal.saved.leased, 10);
        meter.renewed(renewal.extra);
        for _ in 0..10 {
            let slot = grant(&mut meter, 60_000).unwrap();
            meter.finish(slot, 60_000);
        }
        assert!(matches!(meter.enter(None, 60_000), Entry::Dry));
    }

    #[test]
    fn a_clean_stop_saves_exactly_what_was_called() {
        let mut meter = Meter::restore(100, &SavedCalls::default(), 1_000_000, 60_000);
        let renewal = meter.renewal(1_000_000, 60_000);
        meter.renewed(renewal.extra);
        for _ in 0..7 {
            let slot = grant(&mut meter, 60_000).unwrap();
            meter.finish(slot, 60_000);
        }
        let saved = meter.close(1_000_500, 60_500);
        assert_eq!(saved.leased, 0);
        assert_eq!(saved.finished, [(1_000_000, 7)]);
        let mut again = Meter::restore(100, &saved, 1_000_600, 60_000);
        assert_eq!(again.state(60_000).remaining, 93);
    }

    #[test]
    fn a_call_in_flight_counts_after_the_end() {
        let mut meter = Meter::restore(100, &SavedCalls::default(), 0, 60_000);
        let renewal = meter.renewal(0, 60_000);
        meter.renewed(renewal.extra);
        let slot = grant(&mut meter, 60_000).unwrap();
        assert_eq!(meter.close(0, 60_000).leased, 1);
        meter.finish(slot, 60_001);
    }

    #[test]
    fn times_of_the_future_count_as_now_and_old_ones_not() {
        let saved = SavedCalls {
            finished: vec![(1, 50), (999_000, 3), (5_000_000, 4)],
            leased: 0,
        };
        let mut meter = Meter::restore(100, &saved, 1_000_000, 60_000);
        assert_eq!(meter.state(60_000).used, 7);
        assert_eq!(meter.state(119_000).used, 4);
        assert_eq!(meter.state(120_000).used, 0);
    }

    #[test]
    fn a_damaged_ledger_blocks_and_does_not_overflow() {
        let saved = SavedCalls {
            finished: vec![(1_000, u32::MAX), (1_001, u32::MAX)],
            leased: u32::MAX,
        };
        let mut meter = Meter::restore(100, &saved, 1_002, 60_000);
        assert!(matches!(meter.enter(None, 60_000), Entry::Full { .. }));
        assert_eq!(meter.state(120_000).used, 0);
    }

    #[test]
    fn a_broken_ledger_does_not_stop_calls_nor_loosen_the_limit() {
        let mut meter = Meter::restore(30, &SavedCalls::default(), 0, 60_000);
        meter.ledger_failed();
        let granted = (0..40).filter_map(|_| grant(&mut meter, 60_000)).count();
        assert_eq!(granted, 30);
    }

    #[test]
    fn a_limit_takes_effect_at_once() {
        let mut meter = Meter::restore(10, &SavedCalls::default(), 0, 60_000);
        meter.ledger_failed();
        for _ in 0..10 {
            let slot = grant(&mut meter, 60_000).unwrap();
            meter.finish(slot, 60_000);
        }
        meter.set_limit(11);
        assert!(grant(&mut meter, 60_000).is_some());
        meter.set_limit(3);
        assert_eq!(meter.state(60_000).remaining, 0);
    }

    fn full(meter: &mut Meter, now: u64) -> u64 {
        match meter.enter(None, now) {
            Entry::Full { retry_after_ms } => retry_after_ms,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_is_granted_while_the_upstream_takes_no_calls() {
        let mut meter = Meter::restore(100, &SavedCalls::default(), 0, 60_000);
        meter.ledger_failed();
        let slot = grant(&mut meter, 60_000).unwrap();
        assert_eq!(meter.hold(3_000, 1_000_000, 61_000), 3_000);
        meter.finish(slot, 61_000);
        assert_eq!(full(&mut meter, 61_000), 3_000);
        assert_eq!(
            meter.state(62_500),
            LimitState {
                limit: 100,
                used: 100,
                remaining: 0,
                reset_seconds: 2,
                hold: Some(Hold {
                    since: 1_000_000,
                    until: 1_003_000
                }),
            }
        );
        // What was granted before may have been cancelled since, and more may be allowed: it is the upstream's word.
        meter.set_limit(1_000);
        assert_eq!(full(&mut meter, 63_999), 1);
        assert!(grant(&mut meter, 64_000).is_some());
        assert_eq!(
            (meter.state(64_000).used, meter.state(64_000).hold),
            (2, None)
        );
    }

    #[test]
    fn a_hold_is_prolonged_and_never_shortened_nor_endless() {
        let mut meter = Meter::restore(100, &SavedCalls::default(), 0, 60_000);
        assert_eq!(meter.hold(10_000, 1_000_000, 60_000), 10_000);
        assert_eq!(meter.hold(2_000, 1_001_000, 61_000), 9_000);
        assert_eq!(meter.hold(10_000, 1_002_000, 62_000), 10_000);
        let hold = Hold {
            since: 1_000_000,
            until: 1_012_000,
        };
        assert_eq!(meter.state(62_000).hold, Some(hold));
        assert_eq!(meter.hold(u64::MAX, 1_003_000, 63_000), LONGEST_HOLD_MS);
    }

    #[test]
    fn a_refusal_during_a_hold_says_when_a_slot_is_free_if_that_is_later() {
        let mut meter = Meter::restore(1, &SavedCalls::default(), 0, 60_000);
        meter.ledger_failed();
        let slot = grant(&mut meter, 60_000).unwrap();
        meter.finish(slot, 60_000);
        meter.hold(3_000, 0, 61_000);
        assert_eq!(full(&mut meter, 61_000), 59_000);
        assert_eq!(meter.state(61_000).reset_seconds, 59);
    }

    #[test]
    fn a_hold_ends_with_the_upstream_that_asked_for_it() {
        let mut meter = Meter::restore(10, &SavedCalls::default(), 0, 60_000);
        meter.hold(60_000, 1_000_000, 60_000);
        assert_eq!(meter.state(60_001).remaining, 0);
        meter.release();
        assert_eq!(meter.state(60_001).remaining, 10);
    }

    #[test]
    fn a_restart_goes_on_with_a_hold() {
        for (wait, left) in [(20_000, 20_000), (60_000, 60_000), (200_000, 60_000)] {
            let mut meter = Meter::restore(100, &SavedCalls::default(), 1_000_000, 60_000);
            let renewal = meter.renewal(1_000_000, 60_000);
            meter.renewed(renewal.extra);
            let slot = grant(&mut meter, 60_000).unwrap();
            meter.finish(slot, 60_000);
            meter.hold(wait, 1_001_000, 61_000);
            let saved = meter.close(1_001_000, 61_000);
            let mut again = Meter::restore(100, &saved, 1_001_000, 60_000);
            again.ledger_failed();
            assert_eq!(again.state(60_000).remaining, 0);
            assert!(grant(&mut again, 60_000 + left - 1).is_none(), "{wait}");
            assert!(grant(&mut again, 60_000 + left).is_some(), "{wait}");
        }
    }

    proptest! {
        /// Whatever the arrivals, and whenever the upstream says that it takes no calls, none is granted before the
        /// time that it named: not even by a process that was killed, for as long as the ledger knows.
        #[test]
        fn no_call_is_granted_before_the_upstream_takes_calls_again(
            limit in 1_u32..40,
            steps in prop::collection::vec((0_u64..2_000, 0_u64..8_000, 0_u8..24), 1..300),
        ) {
            let mut disk = SavedCalls::default();
            let mut now = 1_000_000_u64;
            let mut born = now;
            let mut meter = Meter::restore(limit, &disk, now, 60_000);
            let mut open: Vec<(u64, Slot)> = Vec::new();
            let mut named = 0;
            for (gap, length, fate) in steps {
                now += gap;
                let mono = |at: u64| at - born + 60_000;
                open.sort_by_key(|(end, _)| *end);
                while open.first().is_some_and(|(end, _)| *end <= now) {
                    let (end, slot) = open.remove(0);
                    if end % 3 == 0 { meter.cancel(slot) } else { meter.finish(slot, mono(end)) }
                }
                match fate {
                    0 => {
                        open.clear();
                        born = now;
                        meter = Meter::restore(limit, &disk, now, 60_000);
                    }
                    1 => {
                        let wait = length * 3;
                        named = named.max(now + wait);
                        prop_assert!(meter.hold(wait, now, mono(now)) >= wait);
                        disk = meter.renewal(now, mono(now)).saved;
                    }
                    _ => {
                        let left = meter.state(mono(now)).hold.map(|hold| hold.until - now);
                        let mut entry = meter.enter(None, mono(now));
                        if matches!(entry, Entry::Dry) {
                            let renewal = meter.renewal(now, mono(now));
                            disk = renewal.saved;
                            meter.renewed(renewal.extra);
                            entry = meter.enter(None, mono(now));
                        }
                        match entry {
                            Entry::Granted { slot, .. } => {
                                prop_assert!(now >= named, "{} ms too early", named - now);
                                open.push((now + length, slot));
                            }
                            Entry::Full { retry_after_ms } => {
                                prop_assert!(retry_after_ms >= left.unwrap_or(0));
                            }
                            entry => prop_assert!(false, "{entry:?}"),
                        }
                    }
                }
            }
        }

        /// Rule 6 across kills: whatever the arrivals, and wherever the process is killed, even between a
        /// save and the word of it, no 60 seconds hold more calls than the limit.
        #[test]
        fn rule_6_a_killed_gateway_never_grants_more(
            limit in 1_u32..40,
            steps in prop::collection::vec((0_u64..4_000, 0_u64..8_000, 0_u8..40), 1..300),
        ) {
            let mut disk = SavedCalls::default();
            let mut now = 1_000_000_u64;
            let mut meter = Meter::restore(limit, &disk, now, 60_000);
            let mut born = now;
            let mut open: Vec<(u64, Slot)> = Vec::new();
            let mut calls = Vec::new();
            for (gap, lasts, fate) in steps {
                now += gap;
                let mono = |at: u64| at - born + 60_000;
                open.sort_by_key(|(end, _)| *end);
                while open.first().is_some_and(|(end, _)| *end <= now) {
                    let (end, slot) = open.remove(0);
                    meter.finish(slot, mono(end));
                }
                match fate {
                    0 | 1 => {
                        // Killed; with 1 a renewal was saved that the process never came to use.
                        if fate == 1 {
                            disk = meter.renewal(now, mono(now)).saved;
                        }
                        // What was under way has reached the upstream by now, or never will.
                        for call in &mut calls {
                            *call = now.min(*call);
                        }
                        open.clear();
                        born = now;
                        meter = Meter::restore(limit, &disk, now, 60_000);
                    }
                    2 => {
                        if let Some(renewal) = meter.rest(now, mono(now)) {
                            disk = renewal.saved;
                        }
                    }
                    _ => {
                        if matches!(meter.enter(None, mono(now)), Entry::Dry) {
                            let renewal = meter.renewal(now, mono(now));
                            disk = renewal.saved;
                            meter.renewed(renewal.extra);
                        }
                        if let Some(slot) = grant(&mut meter, mono(now)) {
                            // It reaches the upstream somewhere between now and its end.
                            calls.push(now + lasts / 2);
                            open.push((now + lasts, slot));
                        }
                    }
                }
            }
            calls.sort_unstable();
            for start in &calls {
                let inside = calls.iter().filter(|at| *at >= start && **at < start + WINDOW_MS).count();
                prop_assert!(inside <= limit as usize, "{inside} calls in one minute, limit {limit}");
            }
        }
    }
}
