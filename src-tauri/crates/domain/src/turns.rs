//! Who waits for a turn: turns go round the keys that wait, first come first served within a key.

use std::collections::{BTreeMap, VecDeque};

use crate::key::KeyId;

/// Those who wait. A key's lane is behind by as many turns as it took while others waited, so that nobody's burst
/// delays another by more than its own share. `None` is Gardien itself.
#[derive(Debug)]
pub struct Turns<W> {
    lanes: BTreeMap<Option<KeyId>, Lane<W>>,
    /// The turn that is being served.
    turn: u64,
    waiting: usize,
    tickets: u64,
}

#[derive(Debug)]
struct Lane<W> {
    waiting: VecDeque<Waiting<W>>,
    /// When its first is served, in turns.
    next: u64,
}

/// A place in a lane, to leave it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// Somebody who waits.
#[derive(Debug)]
pub struct Waiting<W> {
    ticket: Ticket,
    /// Nobody waits for longer, in milliseconds of the clock of the limit.
    pub until: u64,
    /// Whom to tell.
    pub who: W,
}

impl<W> Default for Turns<W> {
    fn default() -> Self {
        Self {
            lanes: BTreeMap::new(),
            turn: 0,
            waiting: 0,
            tickets: 0,
        }
    }
}

impl<W> Turns<W> {
    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// How many of this key wait.
    #[must_use]
    pub fn of(&self, key: Option<KeyId>) -> usize {
        self.lanes.get(&key).map_or(0, |lane| lane.waiting.len())
    }

    /// How many wait of each key; Gardien's own calls are not among them.
    pub fn waiting_by_key(&self) -> impl Iterator<Item = (KeyId, u32)> {
        self.lanes.iter().filter_map(|(key, lane)| {
            let waiting = u32::try_from(lane.waiting.len()).unwrap_or(u32::MAX);
            Some(((*key)?, waiting)).filter(|(_, waiting)| *waiting > 0)
        })
    }

    /// Stands at the end of the key's lane.
    pub fn join(&mut self, key: Option<KeyId>, until: u64, who: W) -> Ticket {
        let ticket = Ticket(self.tickets);
        self.tickets += 1;
        self.waiting += 1;
        let turn = self.turn;
        let lane = self.lanes.entry(key).or_insert_with(|| Lane {
            waiting: VecDeque::new(),
            next: turn,
        });
        // Whoever did not wait saved nothing up.
        if lane.waiting.is_empty() {
            lane.next = lane.next.max(turn);
        }
        lane.waiting.push_back(Waiting { ticket, until, who });
        ticket
    }

    /// Leaves, if still there.
    pub fn leave(&mut self, key: Option<KeyId>, ticket: Ticket) -> Option<W> {
        let lane = self.lanes.get_mut(&key)?;
        let place = lane
            .waiting
            .binary_search_by_key(&ticket, |waiting| waiting.ticket)
            .ok()?;
        let left = lane.waiting.remove(place)?;
        self.gone();
        Some(left.who)
    }

    /// Whose turn it is among the lanes that `may`.
    pub fn next(&self, mut may: impl FnMut(Option<KeyId>) -> bool) -> Option<Option<KeyId>> {
        self.lanes
            .iter()
            .filter(|(key, lane)| !lane.waiting.is_empty() && may(**key))
            .min_by_key(|(key, lane)| (lane.next, **key))
            .map(|(key, _)| *key)
    }

    /// Serves the first of a lane. `counted` says whether it takes the key's turn.
    pub fn serve(&mut self, key: Option<KeyId>, counted: bool) -> Option<W> {
        let lane = self.lanes.get_mut(&key)?;
        let served = lane.waiting.pop_front()?;
        if counted {
            self.turn = self.turn.max(lane.next);
            lane.next += 1;
        }
        self.gone();
        Some(served.who)
    }

    /// How many are served before one that joined this key's lane as its `place`th, the first being 0; itself not
    /// counted.
    #[must_use]
    pub fn before(&self, key: Option<KeyId>, place: usize) -> usize {
        let start = self
            .lanes
            .get(&key)
            .map_or(self.turn, |lane| match lane.waiting.len() {
                0 => lane.next.max(self.turn),
                _ => lane.next,
            });
        let turn = start + place as u64;
        let others = self.lanes.iter().filter(|(other, _)| **other != key);
        let others = others.map(|(other, lane)| {
            let ties = u64::from(*other < key);
            let turns = (turn + ties).saturating_sub(lane.next);
            usize::try_from(turns).map_or(usize::MAX, |turns| turns.min(lane.waiting.len()))
        });
        place + others.sum::<usize>()
    }

    /// Who is served last of all, with the key and the place in its lane.
    #[must_use]
    pub fn last(&self) -> Option<(Option<KeyId>, usize, &Waiting<W>)> {
        let lanes = self.lanes.iter().filter_map(|(key, lane)| {
            let last = lane.waiting.back()?;
            Some((
                *key,
                lane.next + lane.waiting.len() as u64,
                lane.waiting.len() - 1,
                last,
            ))
        });
        lanes
            .max_by_key(|(key, turn, ..)| (*turn, *key))
            .map(|(key, _, place, last)| (key, place, last))
    }

    /// Takes the last of a lane away.
    pub fn drop_last(&mut self, key: Option<KeyId>) -> Option<W> {
        let last = self.lanes.get_mut(&key)?.waiting.pop_back()?;
        self.gone();
        Some(last.who)
    }

    /// Those whose time is over.
    pub fn overdue(&mut self, now: u64) -> Vec<(Option<KeyId>, W)> {
        let late: Vec<_> = self
            .lanes
            .iter()
            .flat_map(|(key, lane)| lane.waiting.iter().map(move |waiting| (*key, waiting)))
            .filter(|(_, waiting)| waiting.until <= now)
            .map(|(key, waiting)| (key, waiting.ticket))
            .collect();
        late.into_iter()
            .filter_map(|(key, ticket)| Some((key, self.leave(key, ticket)?)))
            .collect()
    }

    /// When the first time is over.
    #[must_use]
    pub fn first_until(&self) -> Option<u64> {
        let all = self.lanes.values().flat_map(|lane| &lane.waiting);
        all.map(|waiting| waiting.until).min()
    }

    /// One has left. A lane that nobody waits in is kept for as long as it is ahead of the others: who was served comes
    /// after who was not.
    fn gone(&mut self) {
        self.waiting -= 1;
        if self.waiting == 0 {
            self.lanes.clear();
        } else {
            let turn = self.turn;
            self.lanes
                .retain(|_, lane| !lane.waiting.is_empty() || lane.next > turn);
        }
    }
}
