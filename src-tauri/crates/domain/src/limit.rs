//! The shared limit: at most so many calls in any 60 seconds, exactly.
//!
//! A call holds a slot from its grant until 60 s after it *finished*. A call reaches the upstream somewhere
//! between the two, so no 60-second span at the upstream can hold more calls than there are slots, however
//! long each took on its way. Refused calls hold nothing.

use finished::Finished;
use takers::{Taker, Takers};

pub use direct::{Direct, DirectUse, Mark, Said};
pub use others::Others;
pub use shared::{Asking, GatewayCalls, Known, LEASED_MS, Leased, OtherGateways, OwnCalls};

use crate::key::KeyId;

mod direct;
mod finished;
mod others;
mod shared;
mod takers;

/// The span the limit is stated for, in milliseconds.
pub const WINDOW_MS: u64 = 60_000;

/// The calls of the last minute as they outlive a process, and as other gateways read them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SavedCalls {
    /// `(unix milliseconds, calls)` that had finished when this was saved, oldest first.
    pub finished: Vec<(u64, u32)>,
    /// `(unix milliseconds, key, calls)` of those that a key made, oldest first.
    pub by_key: Vec<(u64, KeyId, u32)>,
    /// Calls that may have been made since, or were in flight.
    pub leased: u32,
}

impl SavedCalls {
    /// Slots that they hold, each of them.
    #[must_use]
    pub fn held(&self) -> u64 {
        let finished = self.finished.iter().map(|(_, calls)| u64::from(*calls));
        finished.sum::<u64>() + u64::from(self.leased)
    }
}

/// A sliding window over the last minute. Times are milliseconds on one clock that never runs backwards.
#[derive(Debug, Clone, Default)]
pub struct Window {
    finished: Finished,
    in_flight: u32,
    /// Slots that were ever taken or recorded.
    ever: u64,
    takers: Takers,
    /// What other gateways hold.
    others: Others,
}

/// Permission for one call to be forwarded, and the key that it was granted to. Give it back with [`Window::finish`] or
/// [`Window::cancel`].
#[derive(Debug)]
#[must_use = "a slot that is dropped stays taken for ever"]
pub struct Slot(Option<Taker>);

impl Slot {
    /// Whose it is.
    pub(crate) fn key(&self) -> Option<KeyId> {
        self.0.map(|taker| taker.key)
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
            self.ever += 1;
            Ok(Slot(key.map(|key| self.takers.take(key))))
        } else {
            Err(Full {
                retry_after_ms: self.reset_after_ms(now),
            })
        }
    }

    /// The call reached the upstream, or may have: its slot stays held for a minute from `now`.
    pub fn finish(&mut self, slot: Slot, now: u64) {
        let Slot(taker) = slot;
        self.in_flight -= 1;
        let at = self.finished.record(1, now);
        if let Some(taker) = taker {
            self.takers.finish(taker, at);
        }
    }

    /// All that is in flight ends now, in a copy that is asked what would be then.
    pub(crate) fn end_all(&mut self, now: u64) {
        let at = self.record(self.in_flight, now);
        self.takers.end_all(at);
        self.in_flight = 0;
        self.others.end_all(now);
    }

    /// The call certainly never reached the upstream: its slot is free at once.
    pub fn cancel(&mut self, slot: Slot) {
        let Slot(taker) = slot;
        self.in_flight -= 1;
        if let Some(taker) = taker {
            self.takers.cancel(taker);
        }
    }

    /// Counts calls that were made elsewhere or before a restart. Answers with the time that they count from.
    pub fn record(&mut self, calls: u32, at: u64) -> u64 {
        if calls == 0 {
            return at;
        }
        self.ever += u64::from(calls);
        self.finished.record(calls, at)
    }

    /// Counts calls that a key made before a restart, oldest first. [`Self::record`] counts them for all.
    pub fn record_of(&mut self, key: KeyId, calls: u32, at: u64) {
        self.takers.record(key, calls, at);
    }

    /// Counts calls that may have been made before a restart, by nobody knows which key.
    pub fn record_leased(&mut self, calls: u32, at: u64) {
        let at = self.record(calls, at);
        self.takers.record_leased(calls, at);
    }

    /// From here on other gateways hold these slots, and no others.
    pub fn set_others(&mut self, mut others: Others) {
        others.takers.replace(&self.others.takers);
        self.others = others;
    }

    /// Slots that other gateways hold at `now`.
    pub fn held_elsewhere(&mut self, now: u64) -> u32 {
        self.expire(now);
        self.others.held()
    }

    /// The keys that hold slots at `now`, and how many; those that hold some elsewhere, too, are named twice.
    pub fn takers(&mut self, now: u64) -> impl Iterator<Item = (KeyId, u32)> {
        self.expire(now);
        self.takers.iter().chain(self.others.takers.iter())
    }

    /// Those of them that hold slots here, and how many here.
    pub fn takers_here(&mut self, now: u64) -> impl Iterator<Item = (KeyId, u32)> {
        self.expire(now);
        self.takers.iter()
    }

    /// The keys whose calls are under way here, and how many.
    pub fn under_way(&self) -> impl Iterator<Item = (KeyId, u32)> {
        self.takers.under_way()
    }

    /// A key some of whose slots have expired since this was last asked; `None` when all were named, some more than
    /// once.
    pub fn released(&mut self) -> Option<KeyId> {
        let released = self.takers.released();
        released.or_else(|| self.others.takers.released())
    }

    /// Whether those that a restart left to anybody have expired since this was last asked.
    pub fn released_anybodys(&mut self) -> bool {
        self.takers.released_anybodys()
    }

    /// Slots left at `now`.
    pub fn remaining(&mut self, limit: u32, now: u64) -> u32 {
        self.expire(now);
        limit.saturating_sub(self.held())
    }

    /// Milliseconds until the oldest slot is free. A minute if all of them are still in flight; 0 if none is held.
    #[must_use]
    pub fn reset_after_ms(&self, now: u64) -> u64 {
        let firsts = [self.finished.first(), self.others.finished.first()];
        match firsts.into_iter().flatten().min() {
            Some(at) => (at + WINDOW_MS).saturating_sub(now),
            None if self.held() > 0 => WINDOW_MS,
            None => 0,
        }
    }

    /// What has to survive a restart, of what is held here: finished calls, merged into steps of `step_ms` rounded up, so that a
    /// restored window never forgets a call too early.
    pub fn snapshot(&mut self, now: u64, step_ms: u64) -> Vec<(u64, u32)> {
        self.expire(now);
        let mut steps: Vec<(u64, u32)> = Vec::new();
        for (at, calls) in self.finished.iter() {
            let step = at.div_ceil(step_ms) * step_ms;
            match steps.last_mut() {
                Some((last, count)) if *last == step => *count += calls,
                _ => steps.push((step, calls)),
            }
        }
        steps
    }

    /// Calls of the last minute, `(at, calls)` and the oldest first, wherever they were made. What is under way counts as now.
    pub(crate) fn of_late(&mut self, now: u64) -> Vec<(u64, u32)> {
        let mut calls = self.snapshot(now, 1);
        calls.extend(self.others.finished.iter());
        calls.sort_unstable();
        calls.push((now, self.in_flight.saturating_add(self.others.open)));
        calls
    }

    /// Of what is held here, the same of these keys, as of when this was last asked for anything. Takes the longer the more calls they made.
    pub(crate) fn snapshot_of(
        &self,
        keys: impl IntoIterator<Item = KeyId>,
        step_ms: u64,
    ) -> Vec<(u64, KeyId, u32)> {
        let mut steps: Vec<(u64, KeyId, u32)> = Vec::new();
        for key in keys {
            for (at, calls) in self.takers.finished_by(key) {
                let step = at.div_ceil(step_ms) * step_ms;
                match steps.last_mut() {
                    Some((last, of, count)) if (*last, *of) == (step, key) => *count += calls,
                    _ => steps.push((step, key, calls)),
                }
            }
        }
        steps.sort_unstable();
        steps
    }

    /// Calls granted and not yet finished.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Slots that are held, as of when this was last asked for anything.
    #[must_use]
    pub fn held(&self) -> u32 {
        self.held_here().saturating_add(self.others.held())
    }

    /// Those of them that this gateway holds itself.
    #[must_use]
    pub fn held_here(&self) -> u32 {
        self.finished.len().saturating_add(self.in_flight)
    }

    /// Slots that this key holds, as of when this was last asked for anything.
    #[must_use]
    pub fn held_by(&self, key: KeyId) -> u32 {
        let here = self.takers.of(key);
        here.saturating_add(self.others.takers.of(key))
    }

    /// Slots that this key may hold, for what must never be exceeded: those of a restart that may be anybody's are its own.
    #[must_use]
    pub fn held_at_most_by(&self, key: KeyId) -> u32 {
        self.held_by(key).saturating_add(self.takers.anybodys())
    }

    /// Milliseconds until at most `most` slots are held, if nobody takes one meanwhile. What is in flight is taken to
    /// end now.
    #[must_use]
    pub fn held_down_in(&self, most: u32, now: u64) -> u64 {
        let over = self.held().saturating_sub(most);
        if self.others.held() == 0 {
            return self.finished.gone_in(over, now);
        }
        self.others.gone_in(&self.finished, over, now)
    }

    /// The same of [`Self::held_at_most_by`].
    #[must_use]
    pub fn held_by_down_in(&self, key: KeyId, most: u32, now: u64) -> u64 {
        let over = self.held_at_most_by(key).saturating_sub(most);
        let elsewhere = &self.others.takers;
        self.takers.gone_in(elsewhere, key, over, now)
    }

    fn expire(&mut self, now: u64) {
        self.finished.expire(now);
        self.takers.expire(now);
        self.others.expire(now);
    }
}

#[cfg(test)]
mod tests;
