//! When it would be the turn of a call, as things stand: if nobody came any more, and what is in flight ended now.
//!
//! A figure that is never too early costs next to nothing, and whoever is in time by it need not know more. It can be too
//! late: for want of their own share, or of time, not all who wait go before. So whoever would be refused by it is told what
//! a rehearsal says: on a copy, with the clock turned forward.

use std::sync::Arc;

use super::{Bound, Full, Schedule};
use crate::key::KeyId;
use crate::limit::WINDOW_MS;
use crate::turns::Waiting;

/// Milliseconds that are looked ahead: a key whose share is nothing never goes.
const LONGEST: u64 = 10 * WINDOW_MS;
/// Of more that wait, or of more slots that are held, no copy is made: what is said may be too late then.
const REHEARSED: usize = 200;
const REHEARSED_SLOTS: u32 = 1_000;

impl<W> Schedule<W> {
    /// Milliseconds until it is the turn of the `place`th of a key to wait, with at most so many before it: never too
    /// early.
    pub(super) fn at_the_latest(
        &self,
        key: Option<KeyId>,
        place: usize,
        before: usize,
        now: u64,
    ) -> u64 {
        self.served_in(before, self.own_in(key, place, now), now)
    }

    /// When it is the turn of the `place`th of a key to wait.
    pub(super) fn expected(&self, key: Option<KeyId>, place: usize, now: u64) -> Full {
        let before = self.turns.before(key, place);
        let own = self.own_in(key, place, now);
        let organization = self.served_in(before, 0, now);
        let is_alone = self.turns.is_empty() && self.reserved == 0;
        let is_small = self.turns.len() <= REHEARSED && self.window.held() <= REHEARSED_SLOTS;
        let wait = if is_alone || !is_small {
            self.served_in(before, own, now)
        } else {
            self.rehearse(key, place, now)
        };
        Full {
            bound: if own > organization {
                Bound::Key
            } else {
                Bound::Organization
            },
            // Whoever is refused is told of no time at which it would be refused again.
            retry_after_ms: wait.max(1),
        }
    }

    /// Milliseconds until a call goes, not before `own`, with so many before it.
    fn served_in(&self, before: usize, own: u64, now: u64) -> u64 {
        let held = self.held_until.saturating_sub(now);
        let free = self.slot_in(before, now).max(held).max(own);
        let bucket = self.bucket.as_ref();
        free + bucket.map_or(0, |bucket| bucket.ready_in(nth(before), now + free))
    }

    /// Milliseconds until a slot is free that is kept for nobody, with so many taken before.
    fn slot_in(&self, before: usize, now: u64) -> u64 {
        // Slots that expire into a reservation are free for nobody else, however many come.
        let into = u32::try_from(self.reserved - self.kept.sum()).unwrap_or(u32::MAX);
        let open = self.shared().saturating_sub(into).max(1);
        let (taken, minutes) = taken(before, open);
        self.window.held_down_in(open - taken, now) + minutes
    }

    /// Milliseconds until the share of a key has room for its `place`th to wait.
    fn own_in(&self, key: Option<KeyId>, place: usize, now: u64) -> u64 {
        let share = key.and_then(|key| Some((key, self.shares.get(&key)?.at_most?)));
        match share {
            None => 0,
            Some((_, 0)) => LONGEST,
            Some((key, at_most)) => {
                let (taken, minutes) = taken(place, at_most);
                self.window.held_by_down_in(key, at_most - taken, now) + minutes
            }
        }
    }

    /// Milliseconds until the `place`th of a key to wait goes, on a copy that ends with it.
    fn rehearse(&self, key: Option<KeyId>, place: usize, now: u64) -> u64 {
        let mut copy = self.stand_in(now);
        if copy.turns.of(key) > place {
            copy.turns.drop_last(key);
        }
        let terms = copy.terms(key);
        let waiting = Waiting {
            since: now,
            until: now + LONGEST,
            who: (),
        };
        copy.turns.join(key, terms, waiting);
        let mut at = now;
        loop {
            copy.settle(at);
            while let Some(next) = copy.next(at)
                && let Some(turn) = copy.take(next, copy.terms(next), at)
            {
                copy.turns.serve(next, !turn.reserved);
                copy.finish(turn, at);
            }
            copy.turns.overdue(at);
            if copy.turns.of(key) == 0 {
                return at - now;
            }
            at += copy.next_in(at).unwrap_or(LONGEST);
        }
    }

    fn stand_in(&self, now: u64) -> Schedule<()> {
        let mut window = self.window.clone();
        window.end_all(now);
        Schedule {
            window,
            limit: self.limit,
            burst: self.burst,
            patience: self.patience,
            shares: Arc::clone(&self.shares),
            reserved: self.reserved,
            kept: self.kept.clone(),
            bucket: self.bucket.clone(),
            turns: self.turns.stand_ins(),
            held_until: self.held_until,
        }
    }
}

/// Which one it is that comes after so many.
fn nth(before: usize) -> u32 {
    u32::try_from(before).map_or(u32::MAX, |before| before.saturating_add(1))
}

/// How many of so many slots are taken by the one that comes after `before`, and the minutes, in milliseconds, for which
/// those that took all of them hold them.
fn taken(before: usize, of: u32) -> (u32, u64) {
    let before = nth(before) - 1;
    (before % of + 1, u64::from(before / of) * WINDOW_MS)
}
