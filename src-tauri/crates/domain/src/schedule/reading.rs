//! What the schedule says of itself to whoever asks.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Open, Own, Part, Schedule};
use crate::key::KeyId;
use crate::pace::{Bucket, Pace};
use crate::turns::Terms;

impl<W> Schedule<W> {
    /// Calls a minute.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Calls that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.turns.len()
    }

    /// What goes at once of what is kept for nobody, and what follows; `None` where nobody waits for a turn.
    #[must_use]
    pub fn pace(&self) -> Option<Pace> {
        self.bucket.as_ref().map(Bucket::pace)
    }

    /// Whether nobody goes now but within what is kept for it.
    pub fn is_full(&mut self, now: u64) -> bool {
        self.settle(now);
        self.open(Terms::default(), now).is_none()
    }

    /// Whether a call of this key that came now would not go at once, but could wait.
    pub fn would_wait(&mut self, key: Option<KeyId>, now: u64) -> bool {
        self.settle(now);
        self.patience > 0 && !self.goes_at_once(self.terms(key), now)
    }

    /// Whether a call of this key that came now would go at once.
    pub fn would_go(&mut self, key: Option<KeyId>, now: u64) -> bool {
        self.settle(now);
        self.goes_at_once(self.terms(key), now)
    }

    /// How many of those who wait would go now, about.
    pub fn ready(&mut self, now: u64) -> u32 {
        self.settle(now);
        let Some(key) = self.next(now) else {
            return 0;
        };
        let waiting = u32::try_from(self.turns.len()).unwrap_or(u32::MAX);
        let paced = self.bucket.as_ref().map(|bucket| bucket.ready(now));
        let held = self.window.held();
        match self.open(self.terms(key), now) {
            None => 0,
            Some(Open::Reserved) => 1,
            Some(Open::Shared) => waiting
                .min(self.shared().saturating_sub(held))
                .min(paced.unwrap_or(u32::MAX)),
        }
    }

    /// What keys have of the limit: those that hold slots, that wait, or that something is kept free for.
    pub fn parts(&mut self, now: u64) -> Vec<Part> {
        let mut parts: BTreeMap<KeyId, Part> = BTreeMap::new();
        let shares = &self.shares;
        let part = |key| Part {
            share: shares.get(&key).copied().unwrap_or_default(),
            ..Part::of(key)
        };
        for (key, calls) in self.window.takers(now) {
            let part = parts.entry(key).or_insert_with(|| part(key));
            part.calls = part.calls.saturating_add(calls);
        }
        for (key, waiting, since) in self.turns.waiting_by_key() {
            let part = parts.entry(key).or_insert_with(|| part(key));
            part.waiting = waiting;
            part.waited_ms = now.saturating_sub(since);
        }
        for key in shares.keys().filter(|key| shares[key].reserved > 0) {
            parts.entry(*key).or_insert_with(|| part(*key));
        }
        parts.into_values().collect()
    }

    /// What keys hold here, as it outlives a process: all of those with a share, and as many of the others as have the most. Of the
    /// rest nothing is decided by it, and every call would wait until all were gone through.
    pub fn snapshot_by_key(
        &mut self,
        most: usize,
        now: u64,
        step_ms: u64,
    ) -> Vec<(u64, KeyId, u32)> {
        let shares = &self.shares;
        let (keys, mut others): (Vec<_>, Vec<_>) = self
            .window
            .takers_here(now)
            .partition(|(key, _)| shares.contains_key(key));
        if others.len() > most {
            others.select_nth_unstable_by_key(most, |(_, calls)| Reverse(*calls));
            others.truncate(most);
        }
        let chosen = keys.into_iter().chain(others).map(|(key, _)| key);
        self.window.snapshot_of(chosen, step_ms)
    }

    /// What a key has of its own share, if it may not have everything.
    pub fn own(&mut self, key: KeyId, now: u64) -> Option<Own> {
        let at_most = self.shares.get(&key)?.at_most?;
        self.settle(now);
        let held = self.window.held_at_most_by(key);
        let fewer = held.saturating_sub(1);
        Some(Own {
            at_most,
            remaining: at_most.saturating_sub(held),
            reset_ms: self.window.held_by_down_in(key, fewer, now),
        })
    }
}
