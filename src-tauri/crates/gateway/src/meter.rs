//! The shared limit with its lease: what may be granted now, and what must be on disk before more is.
//!
//! Pure: time comes in, what to save goes out. Before calls are granted, the ledger already says that they
//! may have been; so a gateway that is killed at any moment never grants more than the limit in 60 seconds,
//! and a decision never waits for the disk while the lease lasts.

use gardien_domain::limit::{Direct, DirectUse, Mark, Said};
use gardien_domain::pace::Pace;
use gardien_domain::schedule::{Coming, Due, Full, Own, Part, Schedule, Turn};
use gardien_domain::share::Share;
use gardien_domain::turns::Ticket;
use gardien_domain::wanted::{Hour, Wanted};
use gardien_domain::{KeyId, Organization};
use lease::Lease;
use sharing::Sharing;

use crate::ledger::SavedCalls;

mod lease;
mod outlasting;
mod sharing;

/// The upstream is asked again after this, however long it wants to be left alone: a mistake of its must not shut
/// everyone out for a day.
const LONGEST_HOLD_MS: u64 = 5 * 60_000;

/// What the limit looks like at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitState {
    /// Calls a minute.
    pub limit: u32,
    /// Calls that hold a slot now; all of them during a hold.
    pub used: u32,
    /// Calls that could be made now.
    pub remaining: u32,
    /// Calls that wait for their turn.
    pub waiting: u32,
    /// What goes at once of what is kept free for nobody, and what follows; `None` where calls are refused.
    pub pace: Option<Pace>,
    /// Whole seconds until the oldest slot is free again, or the hold ends, rounded up.
    pub reset_seconds: u64,
    /// The upstream itself takes no more calls.
    pub hold: Option<Hold>,
    /// Somebody calls the upstream past this gateway.
    pub direct: Option<DirectUse>,
}

/// The upstream answered 429: it counts calls that were not made through this gateway. Until it takes calls again, none
/// is granted. Times are unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// When it said so first.
    pub since: u64,
    /// When it is called again.
    pub until: u64,
}

#[derive(Debug)]
pub(crate) struct Meter<W> {
    schedule: Schedule<W>,
    /// Which upstream stands behind the gateway. What any other says of its limit says nothing of this one's.
    upstream: u64,
    /// The upstream's own word, and when it ends on the clock of the window.
    hold: Option<(Hold, u64)>,
    direct: Direct,
    lease: Lease,
    granted_since_rest: bool,
    closed: bool,
    wanted: Wanted,
    /// Where other gateways take slots of the same limit.
    sharing: Option<Box<Sharing>>,
}

/// The answer to a call that asks for a slot.
#[derive(Debug)]
pub(crate) enum Entry {
    Granted {
        turn: Turn,
        mark: Mark,
        /// The lease is half used: time to renew it.
        low: bool,
    },
    /// Its turn comes later: [`Meter::due`] says when.
    Waits(Ticket),
    Full(Full),
    /// The ledger has to be written first.
    Dry,
    /// The ledger has to be written first, and cannot be.
    Stale,
    Closed,
}

/// What to save, and the lease it allows once it is saved.
#[derive(Debug)]
pub(crate) struct Renewal {
    pub(crate) saved: SavedCalls,
    pub(crate) extra: u32,
    /// When, in unix milliseconds and on the clock of the limit.
    pub(crate) composed: (u64, u64),
}

impl<W> Meter<W> {
    /// A call of this key comes, whatever becomes of it.
    pub(crate) fn comes(&mut self, key: KeyId, now: u64) {
        self.wanted.count(key, now);
    }

    /// The calls that came in the last hour, and the limit now.
    pub(crate) fn hour(&mut self, now: u64) -> (Hour, u32) {
        (self.wanted.hour(now), self.schedule.limit())
    }

    /// A call that waits for no longer than `patience` milliseconds, nor than any may; `who` is told when its turn comes.
    pub(crate) fn enter(
        &mut self,
        key: Option<KeyId>,
        patience: u64,
        now: u64,
        who: impl FnOnce() -> W,
    ) -> Entry {
        if self.closed {
            return Entry::Closed;
        }
        if self.is_shared() {
            if let Some(entry) = self.unleased(key, now) {
                return entry;
            }
        } else if self.needs_renewal(now) {
            return Entry::Dry;
        }
        match self.schedule.come(key, patience, now, who) {
            Coming::Goes(turn) => {
                self.granted(1, now);
                Entry::Granted {
                    turn,
                    mark: self.mark(now),
                    low: self.is_low(now),
                }
            }
            Coming::Waits(ticket) => Entry::Waits(ticket),
            Coming::Refused(full) => Entry::Full(full),
        }
    }

    /// Whether nobody goes now but within what is kept for it.
    pub(crate) fn is_full(&mut self, now: u64) -> bool {
        self.schedule.is_full(now)
    }

    /// Whether a call of this key that came now would wait for its turn.
    pub(crate) fn would_wait(&mut self, key: Option<KeyId>, now: u64) -> bool {
        self.schedule.would_wait(key, now)
    }

    /// Who goes now, with the mark of their calls, who cannot go in time any more, and whether the lease runs low.
    pub(crate) fn due(&mut self, now: u64) -> (Due<W>, Mark, bool) {
        let due = self.schedule.due(self.most(now), now);
        self.granted(u32::try_from(due.go.len()).unwrap_or(u32::MAX), now);
        let low = self.schedule.waiting() > 0 && self.is_low(now);
        (due, self.mark(now), low)
    }

    /// Milliseconds until somebody may be due; `None` while nobody waits.
    pub(crate) fn next_in(&mut self, now: u64) -> Option<u64> {
        self.schedule.next_in(now)
    }

    /// Whoever waits does not any more.
    pub(crate) fn leave(&mut self, key: Option<KeyId>, ticket: Ticket) {
        self.schedule.leave(key, ticket);
    }

    /// Whether a call could go, were the lease not used up.
    pub(crate) fn needs_renewal(&mut self, now: u64) -> bool {
        let may_ask = self.sharing.as_ref().is_none_or(|it| it.may_ask());
        !self.closed && may_ask && self.most(now) == 0 && self.remaining(now) > 0
    }

    fn granted(&mut self, calls: u32, now: u64) {
        self.lease.granted(calls);
        self.granted_since_rest |= calls > 0;
        if calls > 0
            && let Some(sharing) = &mut self.sharing
        {
            sharing.used(now);
        }
    }

    fn is_low(&mut self, now: u64) -> bool {
        if self.is_shared() {
            return self.shares_low(now);
        }
        self.lease.left() <= self.full_lease() / 2
    }

    /// Slots that are free now; none during a hold.
    fn remaining(&mut self, now: u64) -> u32 {
        if self.held(now).is_some() {
            return 0;
        }
        let limit = self.schedule.limit();
        self.schedule.window().remaining(limit, now)
    }

    /// Whether nothing is granted any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether calls wait for their turn.
    pub(crate) fn is_paced(&self) -> bool {
        self.schedule.pace().is_some()
    }

    /// Whether what is said by this upstream is believed; `None`: it may count for somebody else.
    pub(crate) fn believes(&self, upstream: Option<u64>) -> bool {
        upstream == Some(self.upstream)
    }

    /// The upstream wants no call for so long. Never shortens what it wanted before. Answers with the milliseconds that
    /// it is left alone for.
    pub(crate) fn hold(&mut self, wait_ms: u64, unix_now: u64, now: u64) -> u64 {
        let wait_ms = wait_ms.min(LONGEST_HOLD_MS);
        let before = self.held(now);
        let left = before.map_or(0, |(_, left)| left);
        if wait_ms > left {
            let hold = Hold {
                since: before.map_or(unix_now, |(hold, _)| hold.since),
                until: unix_now + wait_ms,
            };
            self.hold = Some((hold, now + wait_ms));
            self.schedule.hold(now + wait_ms);
        }
        left.max(wait_ms)
    }

    pub(crate) fn finish(&mut self, turn: Turn, now: u64) {
        self.schedule.finish(turn, now);
        self.changed();
    }

    pub(crate) fn cancel(&mut self, turn: Turn) {
        self.schedule.cancel(turn);
        self.changed();
    }

    fn mark(&mut self, now: u64) -> Mark {
        self.direct.mark(self.schedule.window(), now)
    }

    /// What the answer to a call says of the limit. Whether there is less of it than was thought.
    pub(crate) fn heard(&mut self, said: Said, mark: Mark, unix_now: u64, now: u64) -> bool {
        let limit = self.schedule.limit();
        let window = self.schedule.window();
        if let Some(sharing) = &mut self.sharing {
            sharing.say(said, mark, window.held_elsewhere(now));
            return false;
        }
        let times = (now, unix_now);
        self.direct.heard(said, mark, window, limit, times)
    }

    /// A call ended without an answer: it may still reach the upstream.
    pub(crate) fn gave_up(&mut self, now: u64) {
        self.direct.gave_up(now);
    }

    /// A call of Gardien's own was made without a slot.
    pub(crate) fn made_beside(&mut self, now: u64) {
        self.schedule.window().record(1, now);
        self.changed();
    }

    /// What to save for a full lease.
    pub(crate) fn renewal(&mut self, unix_now: u64, now: u64) -> Renewal {
        if self.is_shared() {
            return self.ask(unix_now, now);
        }
        let (full, limit) = (self.full_lease(), self.schedule.limit());
        let extra = self.lease.extra(full, limit);
        Renewal {
            saved: self.save(self.lease.left() + extra, unix_now, now),
            extra,
            composed: (unix_now, now),
        }
    }

    /// After a while without calls, what to save for the lease of a gateway at rest. `None` while there are calls, or where
    /// it is saved already. Where others share the limit, whatever they do not know yet.
    pub(crate) fn rest(&mut self, unix_now: u64, now: u64) -> Option<Renewal> {
        if self.is_shared() {
            return self.write_changes(unix_now, now);
        }
        if std::mem::take(&mut self.granted_since_rest) {
            return None;
        }
        let calls = self.lease_at_rest();
        let extra = self.lease.rest(calls)?;
        Some(Renewal {
            saved: self.save(calls, unix_now, now),
            extra,
            composed: (unix_now, now),
        })
    }

    /// Lets go of what has expired by then, unless there are calls: they do it themselves. Answers whether there are none.
    pub(crate) fn settle(&mut self, then: u64) -> bool {
        if !self.granted_since_rest {
            self.schedule.settle(then);
        }
        !self.granted_since_rest
    }

    /// No more grants. What to save as the last thing.
    pub(crate) fn close(&mut self, unix_now: u64, now: u64) -> SavedCalls {
        self.closed = true;
        self.schedule.clear();
        self.lease.void();
        self.save(0, unix_now, now)
    }

    /// A renewal is on disk. Answers whether it is to be renewed at once, because it says too much.
    pub(crate) fn renewed(&mut self, extra: u32) -> bool {
        let full = self.full_lease();
        self.lease.renewed(extra, full)
    }

    /// A renewal could not be saved.
    pub(crate) fn ledger_failed(&mut self) {
        self.lease.broke();
        self.changed();
    }

    pub(crate) fn is_ledger_broken(&self) -> bool {
        self.lease.is_broken()
    }

    /// Another upstream stands behind the gateway: it did not say so.
    pub(crate) fn release(&mut self, upstream: u64) {
        self.upstream = upstream;
        self.hold = None;
        self.schedule.hold(0);
        self.direct.release();
        if let Some(sharing) = &mut self.sharing {
            sharing.release();
        }
    }

    pub(crate) fn set_limit(&mut self, organization: &Organization, now: u64) {
        self.schedule.set_limit(organization, now);
    }

    pub(crate) fn set_share(&mut self, key: KeyId, share: Share, now: u64) {
        self.schedule.set_share(key, share, now);
    }

    pub(crate) fn state(&mut self, now: u64) -> LimitState {
        let hold = self.held(now).map(|(hold, _)| hold);
        let remaining = self.remaining(now);
        let limit = self.schedule.limit();
        LimitState {
            limit,
            used: limit - remaining,
            remaining,
            waiting: u32::try_from(self.schedule.waiting()).unwrap_or(u32::MAX),
            pace: self.schedule.pace(),
            reset_seconds: self.wait_ms(now).div_ceil(1000),
            hold,
            direct: self.direct.seen(now),
        }
    }

    /// What keys have of it now. After a restart, what was leased before it is nobody's; during a hold, and where the
    /// limit was lowered below what counts, calls add up to another figure than [`LimitState::used`].
    pub(crate) fn parts(&mut self, now: u64) -> Vec<Part> {
        self.schedule.parts(now)
    }

    /// What a key has of its own share.
    pub(crate) fn own(&mut self, key: KeyId, now: u64) -> Option<Own> {
        self.schedule.own(key, now)
    }

    /// The hold that is in force, and the milliseconds that are left of it.
    fn held(&self, now: u64) -> Option<(Hold, u64)> {
        let (hold, until) = self.hold?;
        (now < until).then(|| (hold, until - now))
    }

    /// Milliseconds until the oldest slot is free. During a hold, until a call can be made.
    fn wait_ms(&mut self, now: u64) -> u64 {
        let limit = self.schedule.limit();
        let window = self.schedule.window();
        let free = window.remaining(limit, now) > 0;
        let oldest = window.reset_after_ms(now);
        match self.held(now) {
            None => oldest,
            Some((_, left)) if free => left,
            Some((_, left)) => left.max(oldest),
        }
    }

    /// A tenth of a small limit, 10 of a middling one, a fiftieth of a large one: seldom enough to save, and
    /// little enough to lose for a minute when the process is killed.
    fn full_lease(&self) -> u32 {
        let limit = self.schedule.limit();
        (limit / 10).min(10).max(limit / 50).max(1)
    }

    /// The lease that a gateway keeps at rest, so that the next call does not wait for the ledger: half a per cent of a large
    /// limit. A small one, such as Phare's, loses nothing at rest to a kill.
    fn lease_at_rest(&self) -> u32 {
        self.schedule.limit() / 200
    }
}

#[cfg(test)]
mod tests;
