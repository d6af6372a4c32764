//! Which call goes next: the window says how many, the pace how fast, shares for whom, and turns in which order.
//!
//! Pure: times come in, in milliseconds on one clock that never runs backwards. Two promises hold at every moment: no
//! more slots are held than the limit, and each key finds what is reserved for it free. So nothing reserved is lent: a
//! slot that is lent is gone for a minute. What Phare counts that did not pass here takes slots all the same.
//!
//! What a call costs hardly grows with those who wait, or with the keys that have shares: what is kept free is counted as
//! slots come and go. Only whoever is refused, or nearly, is told its time by a look at those before it.

use std::sync::Arc;

pub use answers::{Bound, Coming, Due, Full, Own, Part, Turn};
use kept::Kept;

use crate::key::{ByKey, KeyId};
use crate::limit::{Others, Window};
use crate::organization::Organization;
use crate::pace::{Bucket, Pace};
use crate::share::Share;
use crate::turns::{Standing, Terms, Ticket, Turns, Waiting};

mod answers;
mod expected;
mod kept;
mod reading;

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
    shares: Arc<ByKey<Share>>,
    /// What is reserved, used or not.
    reserved: u64,
    kept: Kept,
    /// `None`: whoever comes takes what is free.
    bucket: Option<Bucket>,
    turns: Turns<W>,
    /// Nobody goes before, whatever is free.
    held_until: u64,
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
            shares: Arc::default(),
            reserved: 0,
            kept: Kept::default(),
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
        let shares = Arc::make_mut(&mut self.shares);
        let before = if share == Share::default() {
            shares.remove(&key)
        } else {
            shares.insert(key, share)
        };
        self.reserved += u64::from(share.kept_free());
        self.reserved -= before.map_or(0, |before| u64::from(before.kept_free()));
        self.weigh(key, share);
        self.set_bucket(now);
    }

    /// The pace is that of what is reserved for nobody; what was called of late counts for it too.
    fn set_bucket(&mut self, now: u64) {
        let shared = self.less(self.reserved);
        let paced = self.patience > 0;
        let pace = paced.then(|| Pace::of(shared, self.burst)).flatten();
        if pace == self.bucket.as_ref().map(Bucket::pace) {
            return;
        }
        let of_late = self.window.of_late(now);
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

    /// From here on other gateways hold these slots, and no others. What they took meanwhile was taken at the pace of all.
    pub fn set_others(&mut self, others: Others, now: u64) {
        let before = self.window.held_elsewhere(now);
        self.window.set_others(others);
        let held = self.window.held_elsewhere(now);
        if let Some(bucket) = &mut self.bucket {
            bucket.go_elsewhere(held, before, now);
        }
    }

    /// A call of this key, or of Gardien itself, that waits for no longer than `patience` milliseconds, nor than
    /// any may. `who` is told when its turn comes.
    pub fn come(
        &mut self,
        key: Option<KeyId>,
        patience: u64,
        now: u64,
        who: impl FnOnce() -> W,
    ) -> Coming {
        self.settle(now);
        let terms = self.terms(key);
        if self.goes_at_once(terms, now)
            && let Some(turn) = self.take(key, terms, now)
        {
            return Coming::Goes(turn);
        }
        let (place, waiting) = (self.turns.of(key), self.turns.len());
        let patience = patience.min(self.patience);
        let crowded = waiting >= WAITING || place >= WAITING_OF_ONE;
        if crowded || self.at_the_latest(key, place, waiting, now) > patience {
            let full = self.expected(key, place, now);
            if crowded || full.retry_after_ms > patience {
                return Coming::Refused(full);
            }
        }
        let waiting = Waiting {
            since: now,
            until: now + patience,
            who: who(),
        };
        Coming::Waits(self.turns.join(key, terms, waiting))
    }

    /// Who goes now, so many at most, and who need not wait any longer because it would be in vain.
    pub fn due(&mut self, most: u32, now: u64) -> Due<W> {
        let mut due = Due {
            go: Vec::new(),
            refused: Vec::new(),
        };
        self.settle(now);
        while due.go.len() < most as usize
            && let Some(key) = self.next(now)
        {
            let Some(turn) = self.take(key, self.terms(key), now) else {
                break;
            };
            match self.turns.serve(key, !turn.reserved) {
                Some(who) => due.go.push((who, turn)),
                None => self.cancel(turn),
            }
        }
        while let Some((key, place, last)) = self.turns.last() {
            let left = last.until.saturating_sub(now);
            if self.at_the_latest(key, place, self.turns.len() - 1, now) <= left {
                break;
            }
            let full = self.expected(key, place, now);
            if full.retry_after_ms <= left {
                break;
            }
            due.refused
                .extend(self.turns.drop_last(key).map(|who| (who, full)));
        }
        for (key, who) in self.turns.overdue(now) {
            let place = self.turns.of(key);
            due.refused.push((who, self.expected(key, place, now)));
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
        let key = turn.key();
        self.window.cancel(turn.slot);
        self.count(key);
        if !turn.reserved
            && let Some(bucket) = &mut self.bucket
        {
            bucket.give_back();
        }
    }

    /// Whose turn it is.
    fn next(&mut self, now: u64) -> Option<Option<KeyId>> {
        let may = now >= self.held_until && self.window.held() < self.limit;
        may.then(|| self.turns.next()).flatten()
    }

    /// Takes a slot, if the key may have one now.
    fn take(&mut self, key: Option<KeyId>, terms: Terms, now: u64) -> Option<Turn> {
        let reserved = self.open(terms, now)? == Open::Reserved;
        if let Some(bucket) = self.bucket.as_mut().filter(|_| !reserved) {
            bucket.take(now);
        }
        // There is room: it was looked for above.
        let slot = self.window.take(self.limit, key, now).ok()?;
        self.count(key);
        Some(Turn { slot, reserved })
    }

    /// Whether a call on these terms goes before all that wait, or nobody waits that it would pass.
    fn goes_at_once(&self, terms: Terms, now: u64) -> bool {
        match self.open(terms, now) {
            Some(Open::Reserved) => true,
            Some(Open::Shared) => self.turns.next().is_none(),
            None => false,
        }
    }

    /// What is free now for a key on these terms.
    fn open(&self, terms: Terms, now: u64) -> Option<Open> {
        if now < self.held_until || self.window.held() >= self.limit {
            return None;
        }
        let paced = |bucket: &Bucket| bucket.ready_in(1, now) == 0;
        let is_shared = || self.has_shared() && self.bucket.as_ref().is_none_or(paced);
        match terms.standing {
            Standing::Reserved => Some(Open::Reserved),
            Standing::Shared => is_shared().then_some(Open::Shared),
            Standing::AtMost => None,
        }
    }

    /// Lets go of what has expired. Whoever comes does that first, and has the less to do the later this was done.
    pub fn settle(&mut self, now: u64) {
        self.window.remaining(self.limit, now);
        while let Some(key) = self.window.released() {
            self.count(Some(key));
        }
        // A minute after a restart, and never again.
        if self.window.released_anybodys() {
            for (key, share) in Arc::clone(&self.shares).iter() {
                self.weigh(*key, *share);
            }
        }
    }

    /// What a key holds has changed.
    fn count(&mut self, key: Option<KeyId>) {
        if let Some(key) = key
            && let Some(share) = self.shares.get(&key).copied()
        {
            self.weigh(key, share);
        }
    }

    /// What a key may has changed, or what it holds of it.
    fn weigh(&mut self, key: KeyId, share: Share) {
        let held = self.window.held_by(key);
        self.kept.set(key, share.kept_free().saturating_sub(held));
        self.turns
            .set(Some(key), terms_of(share, key, &self.window));
    }

    /// How a key's calls go at the moment.
    fn terms(&self, key: Option<KeyId>) -> Terms {
        let share = key.and_then(|key| Some((key, self.shares.get(&key)?)));
        let terms = share.map(|(key, share)| terms_of(*share, key, &self.window));
        terms.unwrap_or_default()
    }

    /// Whether a slot is free that is reserved for nobody.
    fn has_shared(&self) -> bool {
        self.window.held() < self.shared()
    }

    /// Slots that are kept free for no key that does not hold them: one at least, so that whatever was promised twice shuts
    /// nobody out.
    fn shared(&self) -> u32 {
        self.less(self.kept.sum()).max(self.limit.min(1))
    }

    /// What is left of the limit.
    fn less(&self, calls: u64) -> u32 {
        u32::try_from(calls).map_or(0, |calls| self.limit.saturating_sub(calls))
    }
}

/// A slot that is free.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// It is kept for the key, and comes out of no bucket.
    Reserved,
    Shared,
}

/// How the calls of a key with this share go while it holds what it holds.
fn terms_of(share: Share, key: KeyId, window: &Window) -> Terms {
    // First: what a restart left to anybody may be its own, and stands in no reservation.
    let standing = if share
        .at_most
        .is_some_and(|most| window.held_at_most_by(key) >= most)
    {
        Standing::AtMost
    } else if share.kept_free() > window.held_by(key) {
        Standing::Reserved
    } else {
        Standing::Shared
    };
    Terms {
        standing,
        weight: share.weight,
    }
}

#[cfg(test)]
mod tests;
