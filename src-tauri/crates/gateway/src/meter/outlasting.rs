//! What outlasts the process: saved as unix times, and read back onto another clock.

use gardien_domain::limit::{Direct, WINDOW_MS, Window};
use gardien_domain::schedule::Schedule;
use gardien_domain::wanted::Wanted;

use super::{Lease, Meter};
use crate::ledger::SavedCalls;

/// Steps that finished calls are saved in, in milliseconds.
const STEP_MS: u64 = 100;
/// Keys without a share that are saved with their calls: more than anybody is shown.
const NAMED: usize = 100;

impl<W> Meter<W> {
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
        let leased = saved.leased.min(room);
        for (at, key, calls) in &saved.by_key {
            let age = unix_now.saturating_sub(*at);
            if age < WINDOW_MS {
                window.record_of(*key, *calls, now.saturating_sub(age));
            }
        }
        window.record_leased(leased, now);
        Self {
            schedule: Schedule::new(window, limit),
            upstream: 0,
            hold: None,
            direct: Direct::default(),
            lease: Lease::default(),
            granted_since_rest: false,
            closed: false,
            wanted: Wanted::since(now),
            sharing: None,
        }
    }

    /// What counts now, and a lease of so many calls.
    pub(super) fn save(&mut self, lease: u32, unix_now: u64, now: u64) -> SavedCalls {
        let limit = self.schedule.limit();
        let window = self.schedule.window();
        let in_flight = window.in_flight();
        let mut finished: Vec<_> = window
            .snapshot(now, STEP_MS)
            .into_iter()
            .map(|(at, calls)| ((unix_now + at).saturating_sub(now), calls))
            .collect();
        let by_key = self.schedule.snapshot_by_key(NAMED, now, STEP_MS);
        let by_key = by_key.into_iter();
        let by_key =
            by_key.map(|(at, key, calls)| ((unix_now + at).saturating_sub(now), key, calls));
        if let Some((_, left)) = self.held(now) {
            // A restart finds a minute that is full until the hold ends, or for a whole one.
            finished.push(((unix_now + left).saturating_sub(WINDOW_MS), limit));
            finished.sort_unstable_by_key(|(at, _)| *at);
        }
        SavedCalls {
            finished,
            by_key: by_key.collect(),
            leased: in_flight + lease,
        }
    }
}
