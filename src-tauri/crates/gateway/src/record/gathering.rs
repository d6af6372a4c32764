//! What keys did lately. Nobody goes through all of them to find what is to be written.

use std::collections::hash_map::Entry;
use std::mem;

use gardien_domain::{ByKey, KeyId, NotedUse};
use jiff::{SignedDuration, Timestamp};

use super::{Calling, Noted, note_previous};
use crate::minute::Minute;

/// What keys did in the last minute, and before that as far as it is not written.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    /// Those that called since it was last turned.
    young: ByKey<Gathered>,
    /// Those that have not, and are let go of when it is turned.
    old: ByKey<Gathered>,
    turned_at: Timestamp,
    /// Those of which something is not written.
    unwritten: Vec<KeyId>,
}

/// What a key did.
#[derive(Debug)]
struct Gathered {
    last: Noted,
    minute: Minute,
    /// Whether it is among the unwritten, or about to be written.
    unwritten: bool,
    told: bool,
}

// Every key that calls has one for two minutes at most.
const _: () = assert!(size_of::<Gathered>() <= 112);

impl Gathering {
    pub(super) fn add(&mut self, key: KeyId, noted: Noted) {
        let known = match self.young.entry(key) {
            Entry::Occupied(known) => {
                let known = known.into_mut();
                known.add(noted);
                known
            }
            Entry::Vacant(place) => match self.old.remove(&key) {
                Some(mut known) => {
                    known.add(noted);
                    place.insert(known)
                }
                None => place.insert(Gathered::of(noted)),
            },
        };
        if !mem::replace(&mut known.unwritten, true) {
            self.unwritten.push(key);
        }
    }

    /// Keys whose uses are to be written now, in the order of the keys: what lies together is then written together.
    pub(super) fn begin_writing(&mut self, now: Timestamp) -> Vec<KeyId> {
        if !within_a_minute(self.turned_at, now) {
            self.turn(now);
        }
        let mut keys = mem::take(&mut self.unwritten);
        keys.sort_unstable();
        keys
    }

    /// Lets go of what nobody asks for any more.
    fn turn(&mut self, now: Timestamp) {
        let room = ByKey::with_capacity_and_hasher(self.young.len(), Default::default());
        let old = mem::replace(&mut self.old, mem::replace(&mut self.young, room));
        self.turned_at = now;
        for (key, known) in old {
            if known.unwritten {
                self.young.insert(key, known);
            }
        }
    }

    /// What is to be written of these keys.
    pub(super) fn take_unwritten(&mut self, keys: &[KeyId]) -> Vec<NotedUse> {
        let mut uses = Vec::with_capacity(keys.len());
        for key in keys {
            if let Some(known) = self.known(*key) {
                known.unwritten = false;
                uses.push(known.last.of(*key));
            }
        }
        uses
    }

    /// These could not be written, and the rest was not tried.
    pub(super) fn not_written(&mut self, failed: &[KeyId], rest: &[KeyId]) {
        for key in failed {
            // One that called meanwhile is to be written anyway.
            if let Some(known) = self.known(*key)
                && !mem::replace(&mut known.unwritten, true)
            {
                self.unwritten.push(*key);
            }
        }
        self.unwritten.extend(rest);
    }

    /// What was not told of yet.
    pub(super) fn take_untold(&mut self) -> Vec<NotedUse> {
        let all = self.young.iter_mut().chain(&mut self.old);
        let untold = all.filter(|(_, known)| !known.told);
        untold
            .map(|(key, known)| {
                known.told = true;
                known.last.of(*key)
            })
            .collect()
    }

    pub(super) fn unwritten(&self) -> usize {
        self.unwritten.len()
    }

    /// Keys that called in the minute before `now`.
    pub(super) fn calling(&self, now: Timestamp) -> Vec<Calling> {
        let lately = self.young.iter().chain(&self.old);
        let lately = lately.filter(|(_, known)| within_a_minute(known.last.at, now));
        lately
            .map(|(key, known)| Calling {
                key: *key,
                client: known.last.client.as_deref().map(str::to_owned),
                last_at: known.last.at,
                calls: known.minute.calls(now),
            })
            .collect()
    }

    fn known(&mut self, key: KeyId) -> Option<&mut Gathered> {
        match self.young.get_mut(&key) {
            Some(known) => Some(known),
            None => self.old.get_mut(&key),
        }
    }
}

impl Gathered {
    fn of(noted: Noted) -> Self {
        let mut minute = Minute::default();
        minute.add(noted.calls, noted.at);
        Self {
            last: noted,
            minute,
            unwritten: false,
            told: false,
        }
    }

    fn add(&mut self, noted: Noted) {
        self.minute.add(noted.calls, noted.at);
        self.told = false;
        for previous in noted.previous.iter().rev() {
            note_previous(&mut self.last.previous, *previous);
        }
        if self.last.at <= noted.at {
            self.last = Noted {
                previous: std::mem::take(&mut self.last.previous),
                ..noted
            };
        }
    }
}

fn within_a_minute(at: Timestamp, now: Timestamp) -> bool {
    at > now - SignedDuration::from_mins(1)
}
