//! Which keys hold the slots.

use std::collections::VecDeque;
use std::iter;

use slab::Slab;

use super::WINDOW_MS;
use crate::key::{ByKey, KeyId};

/// Room for so many calls is kept, though there are fewer.
const ROOM: usize = 1_024;

/// Which keys hold the slots. Calls of Gardien's own are nobody's, and so is what a restart left: then these are fewer
/// than the slots that are held.
///
/// A call costs the same however many there are, and however many keys: one look for its key, and what has finished stands
/// in one row, from which it is taken in the order in which it expires.
#[derive(Debug, Clone, Default)]
pub(super) struct Takers {
    places: ByKey<usize>,
    held: Slab<Held>,
    /// Oldest first, each with the way to the next one of its key.
    finished: VecDeque<Finish>,
    /// Of those that had finished, so many have expired: the number of the first that has not.
    expired: u64,
    /// Whose slots have expired since this was last asked.
    released: Vec<KeyId>,
    /// Calls that a restart found leased, and when: each of them may be any key's.
    anybodys: Option<(u64, u32)>,
    released_anybodys: bool,
}

/// Whose a slot is, and where that key is to be found as long as the slot is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taker {
    pub(super) key: KeyId,
    place: usize,
}

/// The slots of one key.
#[derive(Debug, Clone)]
struct Held {
    key: KeyId,
    in_flight: u32,
    finished: u32,
    /// Numbers of the first and of the last that has finished, if any has.
    first: u64,
    last: u64,
}

/// Calls of one key that finished in the same millisecond.
#[derive(Debug, Clone)]
struct Finish {
    at: u64,
    place: usize,
    calls: u32,
    /// How many others come before the next of the key; of its last, nothing that means anything.
    next: u32,
}

impl Held {
    fn slots(&self) -> u32 {
        self.in_flight.saturating_add(self.finished)
    }
}

impl Takers {
    pub(super) fn take(&mut self, key: KeyId) -> Taker {
        let place = self.place(key);
        self.held[place].in_flight += 1;
        Taker { key, place }
    }

    pub(super) fn finish(&mut self, taker: Taker, at: u64) {
        self.held[taker.place].in_flight -= 1;
        self.add(taker.place, 1, at);
    }

    pub(super) fn end_all(&mut self, at: u64) {
        let flying = self.held.iter().filter(|(_, held)| held.in_flight > 0);
        let flying: Vec<usize> = flying.map(|(place, _)| place).collect();
        for place in flying {
            let calls = std::mem::take(&mut self.held[place].in_flight);
            self.add(place, calls, at);
        }
    }

    pub(super) fn record(&mut self, key: KeyId, calls: u32, at: u64) {
        let place = self.place(key);
        self.add(place, calls, at);
        self.forget_if_idle(place);
    }

    /// A key may have so many calls under way, each of which ends when all do.
    pub(super) fn open(&mut self, key: KeyId, calls: u32) {
        if calls > 0 {
            let place = self.place(key);
            let held = &mut self.held[place];
            held.in_flight = held.in_flight.saturating_add(calls);
        }
    }

    /// Stands where others stood: whatever either holds may have changed.
    pub(super) fn replace(&mut self, others: &Self) {
        self.released.extend_from_slice(&others.released);
        let keys = others.iter().map(|(key, _)| key);
        self.released.extend(keys);
        let keys = self.held.iter().map(|(_, held)| held.key);
        self.released.extend(keys);
    }

    pub(super) fn record_leased(&mut self, calls: u32, at: u64) {
        self.anybodys = (calls > 0).then_some((at, calls));
    }

    pub(super) fn cancel(&mut self, taker: Taker) {
        self.held[taker.place].in_flight -= 1;
        self.forget_if_idle(taker.place);
    }

    pub(super) fn expire(&mut self, now: u64) {
        while let Some(first) = self.finished.front()
            && first.at + WINDOW_MS <= now
        {
            let Finish {
                place, calls, next, ..
            } = *first;
            let held = &mut self.held[place];
            held.finished -= calls;
            held.first = self.expired + 1 + u64::from(next);
            if self.released.last() != Some(&held.key) {
                self.released.push(held.key);
            }
            self.finished.pop_front();
            self.expired += 1;
            self.forget_if_idle(place);
        }
        self.give_room_back();
        if self.anybodys.is_some_and(|(at, _)| at + WINDOW_MS <= now) {
            self.anybodys = None;
            self.released_anybodys = true;
        }
    }

    /// A key some of whose slots have expired; each may be named more than once.
    pub(super) fn released(&mut self) -> Option<KeyId> {
        let released = self.released.pop();
        if released.is_none() && self.released.capacity() > ROOM {
            self.released = Vec::new();
        }
        released
    }

    pub(super) fn released_anybodys(&mut self) -> bool {
        std::mem::take(&mut self.released_anybodys)
    }

    /// Calls that may be any key's.
    pub(super) fn anybodys(&self) -> u32 {
        self.anybodys.map_or(0, |(_, calls)| calls)
    }

    /// Milliseconds until so many of a key's calls, of those that may be its and of those that it made elsewhere count no
    /// more.
    pub(super) fn gone_in(&self, elsewhere: &Self, key: KeyId, calls: u32, now: u64) -> u64 {
        if calls == 0 {
            return 0;
        }
        // What a restart left comes before all that was called since.
        let mut anybodys = self.anybodys;
        let mut elsewhere = elsewhere.finished_by(key).peekable();
        let mut here = self.finished_by(key).peekable();
        let next = || match (here.peek(), elsewhere.peek()) {
            (Some((at, _)), Some((other, _))) if other < at => elsewhere.next(),
            (None, _) => elsewhere.next(),
            _ => here.next(),
        };
        let mut own = iter::from_fn(next).peekable();
        let mut gone = 0_u32;
        while let Some((at, more)) = anybodys
            .take_if(|(left_at, _)| own.peek().is_none_or(|(at, _)| *at > *left_at))
            .or_else(|| own.next())
        {
            gone = gone.saturating_add(more);
            if gone >= calls {
                return (at + WINDOW_MS).saturating_sub(now);
            }
        }
        WINDOW_MS
    }

    /// `(finished at, calls)` of a key, oldest first.
    pub(super) fn finished_by(&self, key: KeyId) -> impl Iterator<Item = (u64, u32)> {
        let held = self.places.get(&key).map(|place| &self.held[*place]);
        let held = held.filter(|held| held.finished > 0);
        let numbers = held.map(|held| (held.first, held.last));
        let next = |(number, last): &(u64, u64)| {
            let passed = u64::from(self.at(*number).next);
            (number < last).then_some((number + 1 + passed, *last))
        };
        iter::successors(numbers, next).map(|(number, _)| {
            let finish = self.at(number);
            (finish.at, finish.calls)
        })
    }

    /// How many slots a key holds.
    pub(super) fn of(&self, key: KeyId) -> u32 {
        let place = self.places.get(&key);
        place.map_or(0, |place| self.held[*place].slots())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (KeyId, u32)> {
        self.held.iter().map(|(_, held)| (held.key, held.slots()))
    }

    /// Those that have calls under way, and how many.
    pub(super) fn under_way(&self) -> impl Iterator<Item = (KeyId, u32)> {
        let held = self.held.iter().map(|(_, held)| (held.key, held.in_flight));
        held.filter(|(_, calls)| *calls > 0)
    }

    fn place(&mut self, key: KeyId) -> usize {
        *self.places.entry(key).or_insert_with(|| {
            self.held.insert(Held {
                key,
                in_flight: 0,
                finished: 0,
                first: 0,
                last: 0,
            })
        })
    }

    /// Adds calls that finished now, or never before the last that did.
    fn add(&mut self, place: usize, calls: u32, at: u64) {
        let held = &mut self.held[place];
        let calls = calls.min(u32::MAX - held.finished);
        if calls == 0 {
            return;
        }
        held.finished += calls;
        let at = match self.finished.back_mut() {
            Some(last) if last.at >= at && last.place == place => {
                last.calls += calls;
                return;
            }
            Some(last) => at.max(last.at),
            None => at,
        };
        let number = self.expired + self.finished.len() as u64;
        if held.finished == calls {
            held.first = number;
        } else {
            let last = usize::try_from(held.last - self.expired);
            if let Some(last) = last.ok().and_then(|last| self.finished.get_mut(last)) {
                last.next = u32::try_from(number - held.last - 1).unwrap_or(u32::MAX);
            }
        }
        held.last = number;
        self.finished.push_back(Finish {
            at,
            place,
            calls,
            next: 0,
        });
    }

    fn at(&self, number: u64) -> &Finish {
        &self.finished[usize::try_from(number - self.expired).unwrap_or(usize::MAX)]
    }

    /// After a busy time.
    fn give_room_back(&mut self) {
        let (calls, room) = (self.finished.len(), self.finished.capacity());
        if room > ROOM && calls < room / 4 {
            self.finished.shrink_to(calls * 2);
        }
        if self.held.is_empty() && self.held.capacity() > ROOM {
            self.held = Slab::new();
            self.places = ByKey::default();
        }
    }

    fn forget_if_idle(&mut self, place: usize) {
        if self.held[place].slots() == 0 {
            let held = self.held.remove(place);
            self.places.remove(&held.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn after_a_busy_time_room_is_given_back() {
        let mut takers = Takers::default();
        for number in 0..10_000 {
            takers.record(KeyId(Uuid::from_u128(number)), 1, 1_000);
        }
        takers.record(KeyId(Uuid::from_u128(7)), 3, 2_000);
        takers.expire(1_000 + WINDOW_MS);
        assert_eq!(takers.of(KeyId(Uuid::from_u128(7))), 3);
        assert!(takers.finished.capacity() <= ROOM);
        while takers.released().is_some() {}
        takers.expire(2_000 + WINDOW_MS);
        assert_eq!(takers.released(), Some(KeyId(Uuid::from_u128(7))));
        let room = [
            takers.places.capacity(),
            takers.held.capacity(),
            takers.released.capacity(),
        ];
        assert!(room.iter().all(|room| *room <= ROOM), "{room:?}");
        // And all goes on as ever.
        let taker = takers.take(KeyId(Uuid::from_u128(7)));
        takers.finish(taker, 70_000);
        assert_eq!(takers.of(KeyId(Uuid::from_u128(7))), 1);
    }
}
