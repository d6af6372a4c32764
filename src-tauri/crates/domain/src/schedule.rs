//! Which call goes next: the window says how many, the pace how fast, shares for whom, and turns in which order.
//!
//! Pure: times come in, in milliseconds on one clock that never runs backwards. Two promises hold at every moment: no
//! more slots are held than the limit, and each key finds what is reserved for it free. So nothing reserved is lent: a
//! slot that is lent is gone for a minute.

use std::collections::BTreeMap;

use crate::key::KeyId;
use crate::limit::{Slot, Window};
use crate::organization::Organization;
use crate::pace::{Bucket, Pace};
use crate::share::Share;
use crate::turns::{Ticket, Turns};

/// Calls that wait at a time, of all keys and of one.
const WAITING: usize = 10_000;
const WAITING_OF_ONE: usize = 2_000;

/// The calls of an organization.
#[derive(Debug)]
pub struct Schedule<W> {
    window: Window,
    limit: u32,
    burst: Option<u32>,
    /// Milliseconds that a call may wait for its turn; 0: none waits, and there is no pace.
    patience: u64,
    shares: BTreeMap<KeyId, Share>,
    /// `None`: whoever comes takes what is free.
    bucket: Option<Bucket>,
    turns: Turns<W>,
    /// Nobody goes before, whatever is free.
    held_until: u64,
}

/// A slot, and where it came from.
#[derive(Debug)]
#[must_use = "a slot that is dropped stays taken for ever"]
pub struct Turn {
    slot: Slot,
    /// Out of what is reserved for its key, and not out of the bucket.
    reserved: bool,
}

/// What stands in a call's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The organization's limit.
    Organization,
    /// The key's own share.
    Key,
}

/// Why there is no turn, and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full {
    /// What is used up.
    pub bound: Bound,
    /// Milliseconds until it would be this call's turn, as things stand.
    pub retry_after_ms: u64,
}

/// What a key has of the limit at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which key.
    pub key: KeyId,
    /// Slots that it holds.
    pub calls: u32,
    /// Calls of it that wait for their turn.
    pub waiting: u32,
    /// What it may have, and what is kept free for it.
    pub share: Share,
}

/// The answer to a call that comes.
#[derive(Debug)]
pub enum Coming {
    /// It goes.
    Goes(Turn),
    /// It waits; [`Schedule::due`] says when it goes.
    Waits(Ticket),
    /// It could not go in time.
    Refused(Full),
}

/// Those who need not wait any longer.
#[derive(Debug)]
pub struct Due<W> {
    /// They go.
    pub go: Vec<(W, Turn)>,
    /// They cannot go in time any more.
    pub refused: Vec<(W, Full)>,
}

impl<W> Schedule<W> {
    /// One that goes on from what the window holds.
    #[must_use]
    pub fn new(window: Window, limit: u32) -> Self {
        Self {
            window,
            limit,
            burst: None,
            patience: 0,
            shares: BTreeMap::new(),
            bucket: None,
            turns: Turns::default(),
            held_until: 0,
        }
    }

    /// Sets the calls a minute, and how they follow one another.
    pub fn set_limit(&mut self, organization: &Organization, now: u64) {
        self.limit = organization.calls_per_minute;
        self.burst = organization.burst;
        self.patience = organization.patience_ms();
        self.set_bucket(now);
    }

    /// Sets what a key may have and what is kept free for it.
    pub fn set_share(&mut self, key: KeyId, share: Share, now: u64) {
        if share == Share::default() {
            self.shares.remove(&key);
        } else {
            self.shares.insert(key, share);
        }
        self.set_bucket(now);
    }

    /// The pace is that of what is reserved for nobody; what was called of late counts for it too.
    fn set_bucket(&mut self, now: u64) {
        let reserved: u32 = self.shares.values().map(|share| share.kept_free()).sum();
        let shared = self.limit.saturating_sub(reserved);
        let paced = self.patience > 0;
        let pace = paced.then(|| Pace::of(shared, self.burst)).flatten();
        if pace == self.bucket.as_ref().map(Bucket::pace) {
            return;
        }
        let in_flight = (now, self.window.in_flight());
        let of_late = self.window.snapshot(now, 1).into_iter().chain([in_flight]);
        self.bucket = pace.map(|pace| Bucket::after(pace, of_late, now));
    }

    /// Nobody goes before this time.
    pub fn hold(&mut self, until: u64) {
        self.held_until = until;
    }

    /// The window behind it.
    pub fn window(&mut self) -> &mut Window {
        &mut self.window
    }

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

    /// A call of this key, or of Gardien itself, that waits for no longer than `patience` milliseconds, nor than
    /// any may. `who` is told
    /// when its turn comes.
    pub fn come(
        &mut self,
        key: Option<KeyId>,
        patience: u64,
        now: u64,
        who: impl FnOnce() -> W,
    ) -> Coming {
        if (self.is_reserved(key, now) || !self.is_anybody_before())
            && let Some(turn) = self.take(key, now)
        {
            return Coming::Goes(turn);
        }
        let place = self.turns.of(key);
        let full = self.expected(key, place, now);
        let patience = patience.min(self.patience);
        let crowded = self.turns.len() >= WAITING || place >= WAITING_OF_ONE;
        if full.retry_after_ms > patience || crowded {
            return Coming::Refused(full);
        }
        Coming::Waits(self.turns.join(key, now + patience, who()))
    }

    /// Whether a call of this key that came now would not go at once, but could wait.
    pub fn would_wait(&mut self, key: Option<KeyId>, now: u64) -> bool {
        let waits = self.patience > 0;
        waits
            && !self.is_reserved(key, now)
            && (self.is_anybody_before() || !self.has_shared_turn(key, now))
    }

    /// Who goes now, so many at most, and who need not wait any longer because it would be in vain.
    pub fn due(&mut self, most: u32, now: u64) -> Due<W> {
        let mut due = Due {
            go: Vec::new(),
            refused: Vec::new(),
        };
        while due.go.len() < most as usize
            && let Some(key) = self.next(now)
        {
            let Some(turn) = self.take(key, now) else {
                break;
            };
            match self.turns.serve(key, !turn.reserved) {
                Some(who) => due.go.push((who, turn)),
                None => self.cancel(turn),
            }
        }
        while let Some((key, place, last)) = self.turns.last() {
            let until = last.until;
            let full = self.expected(key, place, now);
            if now + full.retry_after_ms <= until {
                break;
            }
            due.refused
                .extend(self.turns.drop_last(key).map(|who| (who, full)));
        }
        for (key, who) in self.turns.overdue(now) {
            let full = self.expected(key, self.turns.of(key), now);
            due.refused.push((who, full));
        }
        due
    }

    /// Milliseconds until somebody may be due; `None` while nobody waits.
    pub fn next_in(&mut self, now: u64) -> Option<u64> {
        let over = self.turns.first_until()?.saturating_sub(now);
        let paced = self.bucket.as_ref().map(|bucket| bucket.ready_in(1, now));
        // What is there already is not what they wait for.
        let waits = [paced.unwrap_or(0), self.window.reset_after_ms(now)];
        let soonest = waits.into_iter().filter(|wait| *wait > 0).min();
        let next = match self.held_until.saturating_sub(now) {
            0 => soonest.unwrap_or(over),
            held => held,
        };
        Some(next.min(over).max(1))
    }

    /// What keys have of the limit: those that hold slots, that wait, or that something is kept free for.
    pub fn parts(&mut self, now: u64) -> Vec<Part> {
        let mut parts: BTreeMap<KeyId, Part> = BTreeMap::new();
        let shares = &self.shares;
        let part = |key| Part {
            key,
            calls: 0,
            waiting: 0,
            share: shares.get(&key).copied().unwrap_or_default(),
        };
        for (key, calls) in self.window.takers(now) {
            parts.entry(key).or_insert_with(|| part(key)).calls = calls;
        }
        for (key, waiting) in self.turns.waiting_by_key() {
            parts.entry(key).or_insert_with(|| part(key)).waiting = waiting;
        }
        for key in shares.keys().filter(|key| shares[key].reserved > 0) {
            parts.entry(*key).or_insert_with(|| part(*key));
        }
        parts.into_values().collect()
    }

    /// Nobody waits any longer.
    pub fn clear(&mut self) {
        self.turns = Turns::default();
    }

    /// Leaves without having gone.
    pub fn leave(&mut self, key: Option<KeyId>, ticket: Ticket) -> Option<W> {
        self.turns.leave(key, ticket)
    }

    /// The call reached the upstream, or may have: it counts for a minute from `now`.
    pub fn finish(&mut self, turn: Turn, now: u64) {
        self.window.finish(turn.slot, now);
    }

    /// The call certainly never reached the upstream.
    pub fn cancel(&mut self, turn: Turn) {
        self.window.cancel(turn.slot);
        if !turn.reserved
            && let Some(bucket) = &mut self.bucket
        {
            bucket.give_back();
        }
    }

    /// Whose turn it is: first of those for whom something is reserved, then of all.
    fn next(&mut self, now: u64) -> Option<Option<KeyId>> {
        if self.turns.is_empty()
            || now < self.held_until
            || self.window.remaining(self.limit, now) == 0
        {
            return None;
        }
        let reserved = self.turns.next(|key| self.within_reservation(key));
        reserved.or_else(|| self.turns.next(|key| !self.is_at_most(key)))
    }

    /// Takes a slot, if the key may have one now.
    fn take(&mut self, key: Option<KeyId>, now: u64) -> Option<Turn> {
        if now < self.held_until {
            return None;
        }
        let reserved = self.is_reserved(key, now);
        if !reserved && (self.is_at_most(key) || !self.has_shared()) {
            return None;
        }
        let paced = self.bucket.as_mut().filter(|_| !reserved);
        if paced.is_some_and(|bucket| !bucket.take(now)) {
            return None;
        }
        // There is room: it was looked for above.
        let slot = self.window.take(self.limit, key, now).ok()?;
        Some(Turn { slot, reserved })
    }

    fn has_shared_turn(&self, key: Option<KeyId>, now: u64) -> bool {
        let bucket = self.bucket.as_ref();
        now >= self.held_until
            && !self.is_at_most(key)
            && self.has_shared()
            && bucket.is_none_or(|bucket| bucket.ready_in(1, now) == 0)
    }

    /// Whether somebody who waits may go before whoever comes now.
    fn is_anybody_before(&self) -> bool {
        self.turns.next(|key| !self.is_at_most(key)).is_some()
    }

    /// Whether there is a slot that is reserved for this very key.
    fn is_reserved(&mut self, key: Option<KeyId>, now: u64) -> bool {
        self.window.remaining(self.limit, now) > 0 && self.within_reservation(key)
    }

    fn within_reservation(&self, key: Option<KeyId>) -> bool {
        self.free_of(key) > 0
    }

    /// What is reserved for a key and not used.
    fn free_of(&self, key: Option<KeyId>) -> u32 {
        let Some((key, share)) = key.and_then(|key| Some((key, self.shares.get(&key)?))) else {
            return 0;
        };
        share.kept_free().saturating_sub(self.window.held_by(key))
    }

    fn is_at_most(&self, key: Option<KeyId>) -> bool {
        key.is_some_and(|key| {
            let most = self.shares.get(&key).and_then(|share| share.at_most);
            most.is_some_and(|most| self.window.held_at_most_by(key) >= most)
        })
    }

    /// Whether a slot is free that is reserved for nobody.
    fn has_shared(&self) -> bool {
        self.window.held() + self.kept_free() < self.limit
    }

    /// What is reserved and not used.
    fn kept_free(&self) -> u32 {
        self.shares.keys().map(|key| self.free_of(Some(*key))).sum()
    }

    /// When it would be the turn of a call that is the `place`th of its key to wait.
    fn expected(&mut self, key: Option<KeyId>, place: usize, now: u64) -> Full {
        // What has left by now does not count.
        self.window.remaining(self.limit, now);
        let nth = u32::try_from(self.turns.before(key, place) + 1).unwrap_or(u32::MAX);
        let shared = self.limit.saturating_sub(self.kept_free());
        let slot = self.window.held_down_in(shared.saturating_sub(nth), now);
        let paced = self
            .bucket
            .as_ref()
            .map_or(0, |bucket| bucket.ready_in(nth, now));
        let held = self.held_until.saturating_sub(now);
        let organization = slot.max(paced).max(held);
        let own = key.map_or(0, |id| {
            let most = self.shares.get(&id).and_then(|share| share.at_most);
            let ahead = u32::try_from(place + 1).unwrap_or(u32::MAX);
            most.map_or(0, |most| {
                self.window
                    .held_by_down_in(id, most.saturating_sub(ahead), now)
            })
        });
        Full {
            bound: if own > organization {
                Bound::Key
            } else {
                Bound::Organization
            },
            // Whoever is refused is told of no time at which it would be refused again.
            retry_after_ms: organization.max(own).max(1),
        }
    }
}

#[cfg(test)]
mod tests;
