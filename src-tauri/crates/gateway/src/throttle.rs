//! How often: hands out turns of the shared limit, tells those who wait, and keeps its lease written ahead.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gardien_domain::limit::Mark;
use gardien_domain::schedule::{Bound, Full, Own, Part, Turn};
use gardien_domain::share::Share;
use gardien_domain::turns::Ticket;
use gardien_domain::wanted::Hour;
use gardien_domain::{KeyId, Organization};
use jiff::Timestamp;
pub(crate) use pass::Pass;
use tokio::sync::{Notify, oneshot};

use crate::clock::Clock;
use crate::ledger::{GatewayCalls, Ledger, SavedCalls};
use crate::meter::{Entry, LimitState, Meter};
use crate::minute::Minute;
use crate::refusal::CallRefusal;

mod keeping;
mod pass;

const HOUR_MS: u64 = 3_600_000;

#[derive(Debug)]
pub(crate) struct Throttle {
    clock: Clock,
    meter: Mutex<Meter<Waiter>>,
    ledger: Arc<dyn Ledger>,
    /// The lease runs low.
    low: Notify,
    /// Somebody waits, or what they wait for may have come.
    turns: Notify,
    /// The lease was renewed, or nothing will ever be granted again.
    renewed: Notify,
    limited: Mutex<Option<Limited>>,
    /// Calls that were refused here, by key.
    refused: Mutex<HashMap<KeyId, Minute>>,
}

/// That calls began to wait or to be refused, after an hour of which nothing was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    /// When, by the wall's clock.
    pub since: Timestamp,
    /// The key that had the most of the limit then.
    pub most: Option<Part>,
    /// On the clock of the limit, in milliseconds.
    at: u64,
}

impl Throttle {
    pub(crate) fn restore(
        limit: u32,
        saved: &SavedCalls,
        ledger: Arc<dyn Ledger>,
        clock: Clock,
    ) -> Self {
        let meter = Meter::restore(limit, saved, clock.unix_ms(), clock.now());
        Self {
            clock,
            meter: Mutex::new(meter),
            ledger,
            low: Notify::new(),
            turns: Notify::new(),
            renewed: Notify::new(),
            limited: Mutex::default(),
            refused: Mutex::default(),
        }
    }

    /// From here on the limit is shared with these gateways.
    pub(crate) fn share(&self, rows: Vec<GatewayCalls>) {
        let (unix_now, now) = (self.clock.unix_ms(), self.clock.now());
        self.meter().share(rows, unix_now, now);
    }

    /// What was leased of a shared limit is void.
    pub(crate) fn forfeit(&self) {
        self.meter().forfeit();
    }

    /// Takes a slot, for a key or for Gardien itself; `is_new`: for a call that just came, and is counted as wanted. Where
    /// calls are paced it waits for its turn, no longer than `patience`, and says so by `waits`; beyond that it waits only for
    /// the ledger, and only when the lease is used up.
    pub(crate) fn enter(
        self: &Arc<Self>,
        key: Option<KeyId>,
        patience: Duration,
        is_new: bool,
        mut waits: impl FnMut() + Send,
    ) -> impl Future<Output = Result<Pass, CallRefusal>> + Send {
        let (came, patience) = (self.clock.now(), milliseconds(patience));
        // Not an async fn: that would hold all of these twice for as long as the call waits.
        async move {
            let mut comes = key.filter(|_| is_new);
            let mut now = came;
            let mut place = loop {
                let mut told = None;
                let left = patience.saturating_sub(now - came);
                let entry = {
                    let mut meter = self.meter();
                    if let Some(key) = comes.take() {
                        meter.comes(key, now);
                    }
                    meter.enter(key, left, now, || {
                        let (tell, hear) = oneshot::channel();
                        told = Some(hear);
                        tell
                    })
                };
                match (entry, told) {
                    (Entry::Granted { turn, mark, low }, _) => {
                        let waited = Duration::from_millis(now - came);
                        return Ok(self.granted((turn, mark), waited, low));
                    }
                    (Entry::Waits(ticket), Some(told)) => {
                        if self.meter().is_full(now) {
                            self.is_limited(now);
                        }
                        break Place {
                            throttle: self,
                            key: &key,
                            ticket,
                            told,
                        };
                    }
                    (Entry::Full(full), _) => {
                        if full.bound == Bound::Organization {
                            self.is_limited(now);
                        }
                        self.is_refused(key);
                        return Err(full.into());
                    }
                    // Nobody waits whom nobody could tell.
                    (Entry::Closed | Entry::Waits(_), _) => return Err(CallRefusal::Stopping),
                    (Entry::Stale, _) => return Err(CallRefusal::Stale),
                    // On the heap: seldom, and a call that waits for its turn needs no room for it.
                    (Entry::Dry, _) => {
                        waits();
                        Box::pin(self.until_renewed()).await;
                        now = self.clock.now();
                    }
                }
            };
            self.turns.notify_one();
            waits();
            let turn = match (&mut place.told).await {
                Ok(turn) => turn.inspect_err(|_| self.is_refused(key))?,
                Err(_) if self.meter().is_closed() => return Err(CallRefusal::Stopping),
                Err(_) => return Err(CallRefusal::Stale),
            };
            let waited = Duration::from_millis(self.clock.now() - came);
            Ok(Pass::new(self, turn, waited))
        }
    }

    /// Takes a slot for a call that had one before, if there is one now. Who gets none is not refused by the limit: nothing
    /// is noted of it.
    pub(crate) async fn again(self: &Arc<Self>, key: Option<KeyId>) -> Option<Pass> {
        loop {
            let now = self.clock.now();
            let entry = self.meter().enter(key, 0, now, || oneshot::channel().0);
            match entry {
                Entry::Granted { turn, mark, low } => {
                    return Some(self.granted((turn, mark), Duration::ZERO, low));
                }
                Entry::Dry => self.until_renewed().await,
                Entry::Waits(ticket) => {
                    self.meter().leave(key, ticket);
                    return None;
                }
                Entry::Full(_) | Entry::Stale | Entry::Closed => return None,
            }
        }
    }

    fn granted(self: &Arc<Self>, turn: (Turn, Mark), waited: Duration, low: bool) -> Pass {
        if low {
            self.low.notify_one();
        }
        Pass::new(self, turn, waited)
    }

    /// Waits for the ledger, if that is what there is to wait for.
    async fn until_renewed(&self) {
        let renewed = self.renewed.notified();
        tokio::pin!(renewed);
        // Listening before looking: a renewal in between is not missed.
        renewed.as_mut().enable();
        if self.meter().needs_renewal(self.clock.now()) {
            self.low.notify_one();
            renewed.await;
        }
    }

    /// When calls last began to wait or to be refused; said at most once in an hour.
    pub(crate) fn limited(&self) -> Option<Limited> {
        *self.limited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever is refused holds nothing that it could be seen by.
    fn is_refused(&self, key: Option<KeyId>) {
        if let Some(key) = key {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            refused.entry(key).or_default().add(1, self.clock.wall());
        }
    }

    fn is_limited(&self, now: u64) {
        let mut last = self.limited.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| now.saturating_sub(last.at) >= HOUR_MS) {
            let parts = self.meter().parts(now);
            let most = parts
                .into_iter()
                .max_by_key(|part| part.calls + part.waiting);
            *last = Some(Limited {
                since: self.clock.wall(),
                most,
                at: now,
            });
        }
    }

    /// Whether a call of this key that came now would wait for its turn.
    pub(crate) fn would_wait(&self, key: Option<KeyId>) -> bool {
        self.meter().would_wait(key, self.clock.now())
    }

    pub(crate) fn set_limit(&self, organization: &Organization) {
        self.meter().set_limit(organization, self.clock.now());
        self.turns.notify_one();
    }

    pub(crate) fn set_share(&self, key: KeyId, share: Share) {
        self.meter().set_share(key, share, self.clock.now());
        self.turns.notify_one();
    }

    /// A call of Gardien's own was made without waiting for room.
    pub(crate) fn made_beside(&self) {
        self.meter().made_beside(self.clock.now());
        // Written down at once: no lease covers it.
        self.low.notify_one();
    }

    /// Another upstream stands behind the gateway, with this number.
    pub(crate) fn release(&self, upstream: u64) {
        self.meter().release(upstream);
        self.turns.notify_one();
    }

    pub(crate) fn state(&self) -> LimitState {
        self.meter().state(self.clock.now())
    }

    /// The state, and what a key has of its own share at the same moment.
    pub(crate) fn state_for(&self, key: Option<KeyId>) -> (LimitState, Option<Own>) {
        let now = self.clock.now();
        let mut meter = self.meter();
        (meter.state(now), key.and_then(|key| meter.own(key, now)))
    }

    /// The state, and what keys have of the limit at the same moment.
    pub(crate) fn reading(&self) -> (LimitState, Vec<Part>) {
        let now = self.clock.now();
        let (state, mut parts) = {
            let mut meter = self.meter();
            (meter.state(now), meter.parts(now))
        };
        let wall = self.clock.wall();
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.retain(|_, minute| minute.calls(wall) > 0);
        for (key, minute) in &*refused {
            let calls = minute.calls(wall);
            match parts.iter_mut().find(|part| part.key == *key) {
                Some(part) => part.refused = calls,
                None => parts.push(Part {
                    refused: calls,
                    ..Part::of(*key)
                }),
            }
        }
        (state, parts)
    }

    /// The calls that came in the last hour, and the limit now. Minutes begin in unix milliseconds.
    pub(crate) fn hour(&self) -> (Hour, u32) {
        let (now, unix_now) = (self.clock.now(), self.clock.unix_ms());
        let (mut hour, limit) = self.meter().hour(now);
        for minute in &mut hour.minutes {
            minute.began = (unix_now + minute.began).saturating_sub(now);
        }
        (hour, limit)
    }

    /// Nothing in a critical section can panic half-way, so a poisoned lock still holds a whole meter.
    fn meter(&self) -> MutexGuard<'_, Meter<Waiter>> {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who waits is told its turn, or why there is none.
type Waiter = oneshot::Sender<Result<(Turn, Mark), Full>>;

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A place among those who wait. Dropped, it is free for others: a client that goes away leaves at once.
struct Place<'a> {
    throttle: &'a Arc<Throttle>,
    key: &'a Option<KeyId>,
    ticket: Ticket,
    told: oneshot::Receiver<Result<(Turn, Mark), Full>>,
}

impl From<Full> for CallRefusal {
    fn from(full: Full) -> Self {
        Self::TooManyAttempts(full)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.told.close();
        let mut meter = self.throttle.meter();
        match self.told.try_recv() {
            Ok(Ok((turn, _))) => meter.cancel(turn),
            _ => meter.leave(*self.key, self.ticket),
        }
        drop(meter);
        self.throttle.turns.notify_one();
    }
}
