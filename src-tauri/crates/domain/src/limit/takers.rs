//! Which keys hold the slots.

use std::collections::{HashMap, VecDeque};

use super::WINDOW_MS;
use super::finished::Finished;
use crate::key::KeyId;

/// Which keys hold the slots. Calls of Gardien's own are nobody's, and so is what a restart left: then these are fewer
/// than the slots that are held.
#[derive(Debug, Clone, Default)]
pub(super) struct Takers {
    held: HashMap<KeyId, Held>,
    /// `(finished at, key)`, oldest first.
    finished: VecDeque<(u64, KeyId)>,
    /// Whose slots have expired since this was last asked.
    released: Vec<KeyId>,
}

/// The slots of one key.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    in_flight: u32,
    finished: Finished,
}

impl Held {
    pub(super) fn slots(&self) -> u32 {
        self.in_flight + self.finished.len()
    }

    /// Milliseconds until at most `most` are held.
    pub(super) fn down_in(&self, most: u32, now: u64) -> u64 {
        self.finished
            .gone_in(self.slots().saturating_sub(most), now)
    }
}

impl Takers {
    pub(super) fn take(&mut self, key: KeyId) {
        self.held.entry(key).or_default().in_flight += 1;
    }

    pub(super) fn finish(&mut self, key: KeyId, at: u64) {
        let held = self.held.entry(key).or_default();
        held.in_flight -= 1;
        held.finished.record(1, at);
        if self.finished.back() != Some(&(at, key)) {
            self.finished.push_back((at, key));
        }
    }

    pub(super) fn cancel(&mut self, key: KeyId) {
        if let Some(held) = self.held.get_mut(&key) {
            held.in_flight -= 1;
            if held.slots() == 0 {
                self.held.remove(&key);
            }
        }
    }

    pub(super) fn expire(&mut self, now: u64) {
        while let Some((at, key)) = self.finished.front().copied()
            && at + WINDOW_MS <= now
        {
            self.finished.pop_front();
            if let Some(held) = self.held.get_mut(&key) {
                held.finished.expire(now);
                if held.slots() == 0 {
                    self.held.remove(&key);
                }
            }
            if self.released.last() != Some(&key) {
                self.released.push(key);
            }
        }
    }

    /// A key some of whose slots have expired; each may be named more than once.
    pub(super) fn released(&mut self) -> Option<KeyId> {
        self.released.pop()
    }

    pub(super) fn of(&self, key: KeyId) -> Option<&Held> {
        self.held.get(&key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (KeyId, u32)> {
        self.held.iter().map(|(key, held)| (*key, held.slots()))
    }
}
