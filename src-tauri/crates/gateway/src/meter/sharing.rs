//! What is different where the limit is shared with other gateways: a call goes only on what is leased, little is leased and
//! for no longer than it is used, and what others hold is looked at again and again. The rules are in
//! [`gardien_domain::limit`].

use gardien_domain::KeyId;
use gardien_domain::limit::{
    Asking, GatewayCalls, LEASED_MS, Leased, Mark, OtherGateways, OwnCalls, Said,
};
use gardien_domain::schedule::{Bound, Full};

use super::{Entry, Meter, Renewal};

/// Of a smaller limit each call is leased by itself: nobody else is refused for what lies ready here.
const LARGE: u32 = 1_000;
/// What was not used for so long is given back.
const UNUSED_MS: u64 = 100;
/// Nobody asks for a slot more often that seems free here and is not there.
const TRIES: u8 = 3;
/// Until the others are looked at again, at the latest.
const LOOKED_AT_AGAIN_MS: u64 = 1_000;
/// Answers that are kept until the others are looked at.
const ANSWERS: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Sharing {
    others: OtherGateways,
    /// Calls that found nothing leased since it was asked for.
    asked: u32,
    /// How often nothing was leased of what was asked for since others were looked at.
    refused: u8,
    /// What was written is not what is held.
    is_changed: bool,
    /// When it was composed.
    written: u64,
    /// When others were last heard of.
    heard: u64,
    /// When something was leased or granted.
    used: u64,
    /// What answers said, and what others held then.
    said: Vec<(Said, Mark, u32)>,
}

impl Sharing {
    /// What is leased may still be used.
    fn is_leased(&self, now: u64) -> bool {
        now < self.written + LEASED_MS
    }

    pub(super) fn changed(&mut self) {
        self.is_changed = true;
    }

    pub(super) fn used(&mut self, now: u64) {
        self.used = now;
    }

    /// To be judged when others were looked at: their calls must not be taken for anybody's.
    pub(super) fn say(&mut self, said: Said, mark: Mark, held: u32) {
        if self.said.len() < ANSWERS {
            self.said.push((said, mark, held));
        }
    }

    /// Another upstream stands behind the gateway.
    pub(super) fn release(&mut self) {
        self.said.clear();
    }

    pub(super) fn may_ask(&self) -> bool {
        self.refused < TRIES
    }
}

impl<W> Meter<W> {
    /// From here on the limit is shared with these gateways.
    pub(crate) fn share(&mut self, rows: Vec<GatewayCalls>, unix_now: u64, now: u64) {
        self.sharing = Some(Box::default());
        self.looked(rows, unix_now, now);
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.sharing.is_some()
    }

    /// Whether anything stands in the ledger: others need not hear of a gateway that never called.
    pub(crate) fn has_told(&self) -> bool {
        self.sharing.as_ref().is_none_or(|it| it.written > 0)
    }

    /// Calls that may go now.
    pub(super) fn most(&self, now: u64) -> u32 {
        match &self.sharing {
            None => self.lease.most(),
            Some(sharing) if sharing.is_leased(now) => self.lease.left(),
            Some(_) => 0,
        }
    }

    /// What a call that would go is told for want of a lease.
    pub(super) fn unleased(&mut self, key: Option<KeyId>, now: u64) -> Option<Entry> {
        if self.most(now) > 0 || !self.schedule.would_go(key, now) {
            return None;
        }
        let is_stale = self.is_stale(now);
        let sharing = self.sharing.as_mut()?;
        if !sharing.may_ask() {
            return Some(Entry::Full(Full {
                bound: Bound::Organization,
                retry_after_ms: LOOKED_AT_AGAIN_MS,
            }));
        }
        if is_stale {
            return Some(Entry::Stale);
        }
        sharing.asked = sharing.asked.saturating_add(1);
        Some(Entry::Dry)
    }

    /// Nothing was heard of others for too long, nor can they be told of calls.
    fn is_stale(&self, now: u64) -> bool {
        let heard = self.sharing.as_ref().map(|it| it.heard);
        self.lease.is_broken() && heard.is_some_and(|heard| now >= heard + LEASED_MS)
    }

    /// Whoever waits for a turn then waits no longer.
    pub(crate) fn clear_if_stale(&mut self, now: u64) {
        if self.is_stale(now) {
            self.schedule.clear();
        }
    }

    /// Whether somebody waits for what is not leased, or may soon.
    pub(super) fn shares_low(&mut self, now: u64) -> bool {
        let (left, full) = (self.most(now), self.batch());
        if full > 0 && left <= full / 2 {
            return true;
        }
        let may_ask = self.sharing.as_ref().is_some_and(|it| it.may_ask());
        left == 0 && may_ask && self.schedule.ready(now) > 0
    }

    /// What is leased at once of a large limit.
    fn batch(&self) -> u32 {
        let limit = self.schedule.limit();
        if limit < LARGE { 0 } else { limit / 50 }
    }

    /// What is to be written for the calls that wait for it.
    pub(super) fn ask(&mut self, unix_now: u64, now: u64) -> Renewal {
        let ready = self.schedule.ready(now);
        let (batch, limit) = (self.batch(), self.schedule.limit());
        let asked = self
            .sharing
            .as_mut()
            .map(|it| std::mem::take(&mut it.asked));
        let asked = asked.unwrap_or(0).saturating_add(ready);
        self.void_if_over(now);
        let wanted = asked.max(batch).min(limit);
        let extra = wanted.saturating_sub(self.lease.left());
        self.write(extra, unix_now, now)
    }

    /// What is to be written now and then: what has changed, what is under way or leased, and what was not used any more.
    /// `None` where that is all written.
    pub(super) fn write_changes(&mut self, unix_now: u64, now: u64) -> Option<Renewal> {
        self.granted_since_rest = false;
        self.void_if_over(now);
        let sharing = self.sharing.as_mut()?;
        if self.lease.left() > 0 && now >= sharing.used + UNUSED_MS {
            self.lease.void();
            sharing.changed();
        }
        let is_changed = sharing.is_changed;
        let in_flight = self.schedule.window().in_flight();
        let at_stake = in_flight > 0 || self.lease.left() > 0 || self.held(now).is_some();
        (is_changed || at_stake).then(|| self.write(0, unix_now, now))
    }

    fn write(&mut self, extra: u32, unix_now: u64, now: u64) -> Renewal {
        if let Some(sharing) = &mut self.sharing {
            sharing.is_changed = false;
        }
        Renewal {
            saved: self.save(self.lease.left() + extra, unix_now, now),
            extra,
            composed: (unix_now, now),
        }
    }

    /// What others may have had since nobody has here any more.
    fn void_if_over(&mut self, now: u64) {
        if self.sharing.as_ref().is_some_and(|it| !it.is_leased(now)) {
            self.lease.void();
        }
    }

    /// What the ledger is told.
    pub(crate) fn told(&mut self, renewal: Renewal) -> (OwnCalls, Asking) {
        let (at, now) = renewal.composed;
        let mut own = OwnCalls {
            at,
            calls: renewal.saved,
            under_way: Vec::new(),
        };
        let mut asking = Asking {
            wanted: renewal.extra,
            limit: u32::MAX,
            ..Asking::default()
        };
        if let Some(sharing) = &self.sharing {
            asking.limit = self.schedule.limit();
            asking.known = sharing.others.known(now);
            asking.spent = sharing.others.spent(now);
            own.under_way = self.schedule.window().under_way().collect();
        }
        (own, asking)
    }

    /// What was composed then is written, and so much of what it `wanted` is leased. Answers whether it is to be written again
    /// at once.
    pub(crate) fn leased(
        &mut self,
        leased: Leased,
        (wanted, composed): (u32, u64),
        unix_now: u64,
        now: u64,
    ) -> bool {
        let Some(sharing) = &mut self.sharing else {
            return self.renewed(leased.extra);
        };
        sharing.written = composed;
        let refused = sharing.refused;
        if leased.extra > 0 {
            sharing.used(now);
        }
        self.lease.add(leased.extra);
        self.looked(leased.others, unix_now, now);
        if let Some(sharing) = &mut self.sharing
            && wanted > 0
            && leased.extra == 0
        {
            sharing.refused = refused.saturating_add(1);
        }
        false
    }

    /// The rows of others were read.
    pub(crate) fn looked(&mut self, rows: Vec<GatewayCalls>, unix_now: u64, now: u64) {
        let Some(sharing) = &mut self.sharing else {
            return;
        };
        sharing.others.read(rows, unix_now, now);
        sharing.heard = now;
        sharing.refused = 0;
        let said = std::mem::take(&mut sharing.said);
        self.lease.mended();
        let others = sharing.others.others(now);
        self.schedule.set_others(others, now);
        let limit = self.schedule.limit();
        for (said, mark, held) in said {
            let window = self.schedule.window();
            // Each of them was held then or is now.
            let elsewhere = held.saturating_add(window.held_elsewhere(now));
            let times = (now, unix_now);
            let direct = &mut self.direct;
            if direct.heard_among(elsewhere, said, mark, window, limit, times) {
                self.changed();
            }
        }
    }

    /// What is held is not what was written any more.
    pub(super) fn changed(&mut self) {
        if let Some(sharing) = &mut self.sharing {
            sharing.changed();
        }
    }

    /// What was leased and not used is void, and others have done who knows what.
    pub(crate) fn forfeit(&mut self) {
        if let Some(sharing) = &mut self.sharing {
            sharing.others.look_anew();
            if self.lease.left() > 0 {
                self.lease.void();
                sharing.changed();
            }
        }
    }
}
