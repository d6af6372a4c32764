//! What Phare counts that was not called through here: as much of it as is certain.
//!
//! Phare tells with every answer how many calls it counts. Those of ours among them are at most the slots that were held
//! when that very call was granted, and those that were taken since, in whatever order answers come; what is beyond is
//! somebody else's. That holds for windows of any kind of at most a minute: a slot is held for longer than Phare counts
//! its call.

use super::Window;
use super::finished::Finished;

/// Of direct calls that were followed by no others for so long nothing is said any more.
const FORGOTTEN_MS: u64 = 3_600_000;
/// A call that nobody waited for to the end may reach Phare later than it was given up, but not by more than this.
const LATE_MS: u64 = 30_000;

/// What an answer says of the limit as Phare counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// Calls that it takes.
    pub limit: u32,
    /// Calls that are left of them; never more.
    pub remaining: u32,
    /// The call was itself one too many: it is not among those that are counted.
    pub is_refused: bool,
}

/// That somebody calls Phare with a key of the organization's, past this gateway. Times are unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirectUse {
    /// When it was seen first.
    pub since: u64,
    /// When it was seen last.
    pub last: u64,
    /// Calls since, at least.
    pub calls: u32,
}

/// How many calls had gone by when one was granted: what came after may be counted with it. Small, for whoever waits has
/// room for one; so it goes round.
#[derive(Debug, Clone, Copy)]
pub struct Mark(u32);

/// Direct calls as they are found.
#[derive(Debug, Clone, Default)]
pub struct Direct {
    /// Calls that were found, for as long as they may be counted again.
    found: Finished,
    /// Calls of ours that may be counted later than their slots are held.
    late: Finished,
    /// Slots of the window that stand for calls which Phare would refuse.
    closed: Finished,
    /// The use, and when it was seen last on the clock of the window.
    seen: Option<(DirectUse, u64)>,
}

impl Direct {
    /// To be kept with a call that was granted at `now`, for [`Self::heard`].
    pub fn mark(&mut self, window: &mut Window, now: u64) -> Mark {
        self.expire(window, now);
        let slots = window.ever - u64::from(window.held_here());
        let ours = slots - self.closed.expired();
        let others = self.found.expired() + self.late.expired();
        Mark(round(ours + others))
    }

    /// A call of ours was given up: it may still reach Phare.
    pub fn gave_up(&mut self, now: u64) {
        self.late.record(1, now + LATE_MS);
    }

    /// What the answer to a call says. Where Phare has fewer calls left than were free of `limit` here, so many slots of the
    /// window are held for a minute: `true` then.
    pub fn heard(
        &mut self,
        said: Said,
        mark: Mark,
        window: &mut Window,
        limit: u32,
        times: (u64, u64),
    ) -> bool {
        self.heard_among(0, said, mark, window, limit, times)
    }

    /// The same where other gateways call the same upstream, and so many of their calls at most may be counted.
    pub fn heard_among(
        &mut self,
        elsewhere: u32,
        said: Said,
        mark: Mark,
        window: &mut Window,
        limit: u32,
        (now, unix_now): (u64, u64),
    ) -> bool {
        self.expire(window, now);
        let ours = window.ever - self.closed.ever();
        let others = self.found.ever() + self.late.ever();
        let Mark(gone) = mark;
        let known = round(ours + others).wrapping_sub(gone);
        let known = known.saturating_add(elsewhere);
        let known = known.saturating_sub(said.is_refused.into());
        let others = self.found.len() + self.late.len();
        let counted = said.limit.saturating_sub(said.remaining);
        self.find(counted.saturating_sub(known), now, unix_now);
        // Whoever is refused is told for how long, and that is kept to.
        if said.is_refused {
            return false;
        }
        let held = known
            .saturating_sub(others)
            .saturating_add(self.closed.len());
        let more = limit.saturating_sub(said.remaining).saturating_sub(held);
        if more > 0 {
            let at = window.record(more, now);
            self.closed.record(more, at);
        }
        more > 0
    }

    /// The use that is known of.
    #[must_use]
    pub fn seen(&self, now: u64) -> Option<DirectUse> {
        let (seen, last) = self.seen?;
        (now < last + FORGOTTEN_MS).then_some(seen)
    }

    /// Another upstream is called from here on: nothing is known of that.
    pub fn release(&mut self) {
        self.seen = None;
    }

    fn expire(&mut self, window: &mut Window, now: u64) {
        window.expire(now);
        for calls in [&mut self.found, &mut self.late, &mut self.closed] {
            calls.expire(now);
        }
    }

    fn find(&mut self, calls: u32, now: u64, unix_now: u64) {
        if calls == 0 {
            return;
        }
        self.found.record(calls, now);
        let before = self.seen(now);
        let seen = DirectUse {
            since: before.map_or(unix_now, |seen| seen.since),
            last: unix_now,
            calls: before.map_or(0, |seen| seen.calls).saturating_add(calls),
        };
        self.seen = Some((seen, now));
    }
}

/// The last of its bits, which are enough to tell how many came since.
fn round(count: u64) -> u32 {
    (count & u64::from(u32::MAX)).try_into().unwrap_or(0)
}

#[cfg(test)]
mod tests;
