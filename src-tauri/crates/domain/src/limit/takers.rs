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
    /// Calls that a restart found leased, and when: each of them may be any key's.
    anybodys: Option<(u64, u32)>,
    released_anybodys: bool,
}

/// The slots of one key.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    in_flight: u32,
    finished: Finished,
}

impl Held {
    pub(super) fn slots(&self) -> u32 {
        self.in_flight.saturating_add(self.finished.len())
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

    pub(super) fn end_all(&mut self, at: u64) {
        for (key, held) in self.held.iter_mut().filter(|(_, held)| held.in_flight > 0) {
            held.finished
                .record(std::mem::take(&mut held.in_flight), at);
            self.finished.push_back((at, *key));
        }
    }

    pub(super) fn record(&mut self, key: KeyId, calls: u32, at: u64) {
        let held = self.held.entry(key).or_default();
        let at = held.finished.record(calls, at);
        self.finished.push_back((at, key));
    }

    pub(super) fn record_leased(&mut self, calls: u32, at: u64) {
        self.anybodys = (calls > 0).then_some((at, calls));
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
        if self.anybodys.is_some_and(|(at, _)| at + WINDOW_MS <= now) {
            self.anybodys = None;
            self.released_anybodys = true;
        }
    }

    /// A key some of whose slots have expired; each may be named more than once.
    pub(super) fn released(&mut self) -> Option<KeyId> {
        self.released.pop()
    }

    pub(super) fn released_anybodys(&mut self) -> bool {
        std::mem::take(&mut self.released_anybodys)
    }

    /// Calls that may be any key's.
    pub(super) fn anybodys(&self) -> u32 {
        self.anybodys.map_or(0, |(_, calls)| calls)
    }

    /// Milliseconds until so many of a key's calls, and of those that may be its, count no more.
    pub(super) fn gone_in(&self, key: KeyId, calls: u32, now: u64) -> u64 {
        let none = Finished::default();
        let own = self.held.get(&key).map_or(&none, |held| &held.finished);
        let Some((at, anybodys)) = self.anybodys else {
            return own.gone_in(calls, now);
        };
        // What a restart left comes before all that was called since.
        let before = own.until(at);
        if calls <= before {
            own.gone_in(calls, now)
        } else if calls <= before.saturating_add(anybodys) {
            (at + WINDOW_MS).saturating_sub(now)
        } else {
            own.gone_in(calls - anybodys, now)
        }
    }

    /// `(finished at, key, calls)`, key by key.
    pub(super) fn finished(&self) -> impl Iterator<Item = (u64, KeyId, u32)> {
        let held = self.held.iter();
        held.flat_map(|(key, held)| held.finished.iter().map(|(at, calls)| (at, *key, calls)))
    }

    pub(super) fn of(&self, key: KeyId) -> Option<&Held> {
        self.held.get(&key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (KeyId, u32)> {
        self.held.iter().map(|(key, held)| (*key, held.slots()))
    }
}
