//! Who waits for a turn: turns go round the keys that wait, each as often as it weighs, first come first served within a
//! key.
//!
//! Every question is answered from an index, whatever waits; only [`Turns::before`] visits the lanes that go before.

use std::collections::{BTreeMap, BTreeSet};

use crate::key::KeyId;
use crate::share::HEAVIEST;

/// A turn of the lightest in steps; every weight divides it, so that no turn is rounded.
const STRIDE: u64 = 2_520;

/// Those who wait. A key's lane is behind by as many turns as it took while others waited, so that nobody's burst
/// delays another by more than its own share. `None` is Gardien itself.
#[derive(Debug)]
pub struct Turns<W> {
    lanes: BTreeMap<Option<KeyId>, Lane<W>>,
    /// The lanes that wait, by what they may and by the turn of their first.
    order: BTreeMap<(Standing, u64, Option<KeyId>), Line>,
    /// The lanes that wait, by the turn of their last.
    lasts: BTreeSet<(u64, Option<KeyId>)>,
    /// The lanes in which nobody waits, by their next turn.
    ahead: BTreeSet<(u64, Option<KeyId>)>,
    /// All who wait, by when their time is over.
    ends: BTreeMap<(u64, Ticket), Option<KeyId>>,
    /// The turn that is being served.
    turn: u64,
    tickets: u64,
}

/// What a key may at the moment. In this order they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Something is kept free for it.
    Reserved,
    /// It takes what is kept for nobody.
    Shared,
    /// It has all that it may have.
    AtMost,
}

const STANDINGS: [Standing; 3] = [Standing::Reserved, Standing::Shared, Standing::AtMost];

/// How a lane goes. By default as that of a key without a share.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// What its key may.
    pub standing: Standing,
    /// It has so many turns where another has one, 1 to 10.
    pub weight: u32,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            standing: Standing::Shared,
            weight: 1,
        }
    }
}

#[derive(Debug)]
struct Lane<W> {
    waiting: BTreeMap<Ticket, Waiting<W>>,
    /// When its first is served, in steps.
    next: u64,
    terms: Terms,
}

/// Those who wait in a lane: how many, and the steps from one to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    waiting: usize,
    stride: u64,
}

/// A place in a lane, to leave it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// Somebody who waits. Times are milliseconds of the clock of the limit.
#[derive(Debug)]
pub struct Waiting<W> {
    /// When it came.
    pub since: u64,
    /// Nobody waits for longer.
    pub until: u64,
    /// Whom to tell.
    pub who: W,
}

impl<W> Default for Turns<W> {
    fn default() -> Self {
        Self {
            lanes: BTreeMap::new(),
            order: BTreeMap::new(),
            lasts: BTreeSet::new(),
            ahead: BTreeSet::new(),
            ends: BTreeMap::new(),
            turn: 0,
            tickets: 0,
        }
    }
}

impl<W> Lane<W> {
    fn stride(&self) -> u64 {
        STRIDE / u64::from(self.terms.weight.clamp(1, HEAVIEST))
    }

    /// The turn of its last.
    fn last(&self) -> u64 {
        self.next + (self.waiting.len() as u64).saturating_sub(1) * self.stride()
    }

    /// Where the indices have it.
    fn marks(&self) -> Marks {
        Marks {
            standing: self.terms.standing,
            next: self.next,
            last: self.last(),
            line: Line {
                waiting: self.waiting.len(),
                stride: self.stride(),
            },
        }
    }
}

/// What the indices know of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Marks {
    standing: Standing,
    next: u64,
    last: u64,
    line: Line,
}

impl<W> Turns<W> {
    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many of this key wait.
    #[must_use]
    pub fn of(&self, key: Option<KeyId>) -> usize {
        self.lanes.get(&key).map_or(0, |lane| lane.waiting.len())
    }

    /// How many wait of each key, and since when the first of them does; Gardien's own calls are not among them.
    pub fn waiting_by_key(&self) -> impl Iterator<Item = (KeyId, u32, u64)> {
        self.lanes.iter().filter_map(|(key, lane)| {
            let (_, first) = lane.waiting.first_key_value()?;
            let waiting = u32::try_from(lane.waiting.len()).unwrap_or(u32::MAX);
            Some(((*key)?, waiting, first.since))
        })
    }

    /// Stands at the end of the key's lane, which goes on these terms from here on.
    pub fn join(&mut self, key: Option<KeyId>, terms: Terms, waiting: Waiting<W>) -> Ticket {
        let ticket = Ticket(self.tickets);
        self.tickets += 1;
        self.ends.insert((waiting.until, ticket), key);
        let turn = self.turn;
        self.lanes.entry(key).or_insert_with(|| Lane {
            waiting: BTreeMap::new(),
            next: turn,
            terms,
        });
        self.change(key, |lane| {
            // Whoever did not wait saved nothing up.
            if lane.waiting.is_empty() {
                lane.next = lane.next.max(turn);
            }
            lane.terms = terms;
            lane.waiting.insert(ticket, waiting);
        });
        ticket
    }

    /// The key's lane goes on these terms from here on.
    pub fn set(&mut self, key: Option<KeyId>, terms: Terms) {
        self.change(key, |lane| lane.terms = terms);
    }

    /// Leaves, if still there.
    pub fn leave(&mut self, key: Option<KeyId>, ticket: Ticket) -> Option<W> {
        self.part(key, |lane| lane.waiting.remove_entry(&ticket))
    }

    /// Whose turn it is: first of those for whom something is reserved, then of all that may go.
    #[must_use]
    pub fn next(&self) -> Option<Option<KeyId>> {
        let (standing, _, key) = self.order.first_key_value()?.0;
        (*standing != Standing::AtMost).then_some(*key)
    }

    /// Serves the first of a lane. `counted` says whether it takes the key's turn.
    pub fn serve(&mut self, key: Option<KeyId>, counted: bool) -> Option<W> {
        if counted && let Some(lane) = self.lanes.get(&key) {
            self.turn = self.turn.max(lane.next);
        }
        self.part(key, |lane| {
            let served = lane.waiting.pop_first()?;
            if counted {
                lane.next += lane.stride();
            }
            Some(served)
        })
    }

    /// How many are served before one that joined this key's lane as its `place`th, the first being 0; itself not
    /// counted. Visits the lanes that go before: for whoever is refused, or nearly.
    #[must_use]
    pub fn before(&self, key: Option<KeyId>, place: usize) -> usize {
        let turn = match self.lanes.get(&key) {
            None => self.turn,
            Some(lane) if lane.waiting.is_empty() => lane.next.max(self.turn),
            Some(lane) => lane.next + place as u64 * lane.stride(),
        };
        let earlier = |standing| self.order.range((standing, 0, None)..(standing, turn, key));
        let earlier = STANDINGS.into_iter().flat_map(earlier);
        let others = earlier.filter(|((.., other), _)| *other != key);
        let others = others.map(|((_, next, other), line)| {
            let ties = u64::from(*other < key);
            let turns = (turn + ties - next).div_ceil(line.stride);
            usize::try_from(turns).map_or(line.waiting, |turns| turns.min(line.waiting))
        });
        place + others.sum::<usize>()
    }

    /// Who is served last of all, with the key and the place in its lane: after all others.
    #[must_use]
    pub fn last(&self) -> Option<(Option<KeyId>, usize, &Waiting<W>)> {
        let (_, key) = self.lasts.last()?;
        let lane = self.lanes.get(key)?;
        let (_, last) = lane.waiting.last_key_value()?;
        Some((*key, lane.waiting.len() - 1, last))
    }

    /// Takes the last of a lane away.
    pub fn drop_last(&mut self, key: Option<KeyId>) -> Option<W> {
        self.part(key, |lane| lane.waiting.pop_last())
    }

    /// Those whose time is over.
    pub fn overdue(&mut self, now: u64) -> Vec<(Option<KeyId>, W)> {
        let mut late = Vec::new();
        while let Some(first) = self.ends.first_entry()
            && first.key().0 <= now
        {
            let ((_, ticket), key) = first.remove_entry();
            late.extend(self.leave(key, ticket).map(|who| (key, who)));
        }
        late
    }

    /// When the first time is over.
    #[must_use]
    pub fn first_until(&self) -> Option<u64> {
        self.ends.first_key_value().map(|((until, _), _)| *until)
    }

    /// The same lanes, with nobody in them to be told.
    #[must_use]
    pub fn stand_ins(&self) -> Turns<()> {
        let stand_in = |of: &Waiting<W>| Waiting {
            since: of.since,
            until: of.until,
            who: (),
        };
        let lane = |lane: &Lane<W>| Lane {
            waiting: lane
                .waiting
                .iter()
                .map(|(ticket, of)| (*ticket, stand_in(of)))
                .collect(),
            next: lane.next,
            terms: lane.terms,
        };
        Turns {
            lanes: self
                .lanes
                .iter()
                .map(|(key, of)| (*key, lane(of)))
                .collect(),
            order: self.order.clone(),
            lasts: self.lasts.clone(),
            ahead: self.ahead.clone(),
            ends: self.ends.clone(),
            turn: self.turn,
            tickets: self.tickets,
        }
    }

    /// Takes somebody out of a lane. A lane that nobody waits in is kept for as long as it is ahead of the others: who
    /// was served comes after who was not.
    fn part(
        &mut self,
        key: Option<KeyId>,
        take: impl FnOnce(&mut Lane<W>) -> Option<(Ticket, Waiting<W>)>,
    ) -> Option<W> {
        let (ticket, left) = self.change(key, take)??;
        self.ends.remove(&(left.until, ticket));
        if self.ends.is_empty() {
            self.lanes.clear();
            self.ahead.clear();
        }
        while let Some((next, key)) = self.ahead.first().copied()
            && next <= self.turn
        {
            self.ahead.pop_first();
            self.lanes.remove(&key);
        }
        Some(left.who)
    }

    /// Changes a lane, and its places in the indices with it.
    fn change<T>(
        &mut self,
        key: Option<KeyId>,
        change: impl FnOnce(&mut Lane<W>) -> T,
    ) -> Option<T> {
        let lane = self.lanes.get_mut(&key)?;
        let before = lane.marks();
        let changed = change(lane);
        let after = lane.marks();
        if before != after {
            if before.line.waiting == 0 {
                self.ahead.remove(&(before.next, key));
            } else {
                self.order.remove(&(before.standing, before.next, key));
                self.lasts.remove(&(before.last, key));
            }
            if after.line.waiting == 0 {
                self.ahead.insert((after.next, key));
            } else {
                let first = (after.standing, after.next, key);
                self.order.insert(first, after.line);
                self.lasts.insert((after.last, key));
            }
        }
        Some(changed)
    }
}

#[cfg(test)]
mod tests;
