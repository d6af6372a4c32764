//! How often: hands out slots of the shared limit and keeps its lease written ahead.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gardien_domain::{KeyId, Slot};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::body::BoxError;
use crate::clock::Clock;
use crate::ledger::{Ledger, SavedCalls};
use crate::meter::{Entry, LimitState, Meter, Renewal};
use crate::refusal::CallRefusal;

/// After so long without a call the lease is handed back.
const REST: Duration = Duration::from_secs(2);
/// A disk that takes longer is as good as none: no call waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause after a failed save, so that a full disk is not hammered.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Throttle {
    clock: Clock,
    meter: Mutex<Meter>,
    ledger: Arc<dyn Ledger>,
    /// The lease runs low.
    low: Notify,
    /// The lease was renewed, or nothing will ever be granted again.
    renewed: Notify,
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
            renewed: Notify::new(),
        }
    }

    /// Takes a slot, for a key or for Gardien itself. Waits only for the ledger, and only when the lease is used up.
    pub(crate) async fn enter(self: &Arc<Self>, key: Option<KeyId>) -> Result<Pass, CallRefusal> {
        loop {
            let renewed = self.renewed.notified();
            tokio::pin!(renewed);
            // Listening before looking: a renewal in between is not missed.
            renewed.as_mut().enable();
            let entry = self.meter().enter(key, self.clock.now());
            match entry {
                Entry::Granted { slot, low } => {
                    if low {
                        self.low.notify_one();
                    }
                    return Ok(Pass {
                        throttle: self.clone(),
                        key,
                        slot: Some(slot),
                    });
                }
                Entry::Full { retry_after_ms } => {
                    return Err(CallRefusal::TooManyAttempts { retry_after_ms });
                }
                Entry::Closed => return Err(CallRefusal::Stopping),
                Entry::Dry => {
                    self.low.notify_one();
                    renewed.await;
                }
            }
        }
    }

    pub(crate) fn set_limit(&self, calls: u32) {
        self.meter().set_limit(calls);
    }

    pub(crate) fn release(&self) {
        self.meter().release();
    }

    pub(crate) fn state(&self) -> LimitState {
        self.meter().state(self.clock.now())
    }

    /// The state, and which keys hold slots at the same moment.
    pub(crate) fn reading(&self) -> (LimitState, Vec<(KeyId, u32)>) {
        let now = self.clock.now();
        let mut meter = self.meter();
        (meter.state(now), meter.takers(now))
    }

    /// Renews the lease before it runs out, until `stop`.
    pub(crate) async fn keep_lease(self: Arc<Self>, stop: CancellationToken) {
        let mut rest = interval(REST);
        rest.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let renewal = tokio::select! {
                () = stop.cancelled() => return,
                () = self.low.notified() => Some(self.meter().renewal(self.clock.unix_ms(), self.clock.now())),
                _ = rest.tick() => self.meter().rest(self.clock.unix_ms(), self.clock.now()),
            };
            let Some(Renewal { saved, extra }) = renewal else {
                continue;
            };
            let saved = tokio::time::timeout(PATIENCE, self.ledger.save(saved)).await;
            match saved.unwrap_or_else(|late| Err(late.into())) {
                Ok(()) => self.meter().renewed(extra),
                Err(error) => {
                    self.meter().ledger_failed();
                    tracing::error!(
                        error,
                        "the calls of this minute cannot be saved: a restart now would forget them"
                    );
                }
            }
            self.renewed.notify_waiters();
            if self.meter().is_ledger_broken() {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep(PAUSE) => self.low.notify_one(),
                }
            }
        }
    }

    /// Ends all granting and saves what was called. [`Self::keep_lease`] must have ended.
    pub(crate) async fn close(&self) -> Result<(), BoxError> {
        let last = self.meter().close(self.clock.unix_ms(), self.clock.now());
        self.renewed.notify_waiters();
        self.ledger.save(last).await
    }

    /// Nothing in a critical section can panic half-way, so a poisoned lock still holds a whole meter.
    fn meter(&self) -> MutexGuard<'_, Meter> {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Permission to make one call. Dropped, it counts as made from that moment on.
#[derive(Debug)]
pub(crate) struct Pass {
    throttle: Arc<Throttle>,
    key: Option<KeyId>,
    slot: Option<Slot>,
}

impl Pass {
    /// The upstream wants no more calls for so long. Answers with the milliseconds that it is left alone for.
    pub(crate) fn hold(&self, wait_ms: u64) -> u64 {
        let clock = &self.throttle.clock;
        let held = self
            .throttle
            .meter()
            .hold(wait_ms, clock.unix_ms(), clock.now());
        // Written down at once, lease or no lease.
        self.throttle.low.notify_one();
        held
    }

    /// Permission to make the same call once more, if the limit has room.
    pub(crate) async fn another(&self) -> Option<Self> {
        self.throttle.enter(self.key).await.ok()
    }

    /// The call certainly never reached the upstream.
    pub(crate) fn cancel(mut self) {
        if let Some(slot) = self.slot.take() {
            self.throttle.meter().cancel(slot);
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            let now = self.throttle.clock.now();
            self.throttle.meter().finish(slot, now);
        }
    }
}
