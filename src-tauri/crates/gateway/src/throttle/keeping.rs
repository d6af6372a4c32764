//! What goes on while calls come: whoever waits is told when its turn comes, and the lease is kept written ahead.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::{Throttle, milliseconds};
use crate::body::BoxError;
use crate::meter::Renewal;

/// After so long without a call the lease is what it is at rest.
const REST: Duration = Duration::from_secs(2);
/// Calls of so many milliseconds are let go of at a time.
const SETTLED: u64 = 50;
/// A disk that takes longer is as good as none: no call waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause after a failed save, so that a full disk is not hammered.
const PAUSE: Duration = Duration::from_secs(1);

impl Throttle {
    /// Tells those who wait that they go, or that they cannot in time, until `stop`.
    pub(crate) async fn keep_turns(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let next = self.tell();
            let until_next = async {
                match next {
                    Some(wait) => sleep(Duration::from_millis(wait)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.turns.notified() => {}
                () = until_next => {}
            }
        }
    }

    /// Tells whoever is due. Answers with the milliseconds until somebody may be due again.
    fn tell(&self) -> Option<u64> {
        let now = self.clock.now();
        let mut meter = self.meter();
        let (due, mark, low) = meter.due(now);
        for (tell, turn) in due.go {
            // Whoever went away meanwhile did not call.
            if let Err(Ok((turn, _))) = tell.send(Ok((turn, mark))) {
                meter.cancel(turn);
            }
        }
        for (tell, full) in due.refused {
            tell.send(Err(full)).ok();
        }
        if low {
            self.low.notify_one();
        }
        meter.next_in(now)
    }

    /// Renews the lease before it runs out, until `stop`.
    pub(crate) async fn keep_lease(self: Arc<Self>, stop: CancellationToken) {
        let mut rest = interval(REST);
        rest.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let renewal = tokio::select! {
                () = stop.cancelled() => return,
                () = self.low.notified() => Some(self.meter().renewal(self.clock.unix_ms(), self.clock.now())),
                _ = rest.tick() => {
                    self.settle().await;
                    self.meter().rest(self.clock.unix_ms(), self.clock.now())
                }
            };
            let Some(Renewal { saved, extra }) = renewal else {
                continue;
            };
            let saved = tokio::time::timeout(PATIENCE, self.ledger.save(saved)).await;
            match saved.unwrap_or_else(|late| Err(late.into())) {
                Ok(()) => {
                    if self.meter().renewed(extra) {
                        self.low.notify_one();
                    }
                }
                Err(error) => {
                    self.meter().ledger_failed();
                    tracing::error!(
                        error,
                        "the calls of this minute cannot be saved: a restart now would forget them"
                    );
                }
            }
            self.renewed.notify_waiters();
            self.turns.notify_one();
            if self.meter().is_ledger_broken() {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep(PAUSE) => self.low.notify_one(),
                }
            }
        }
    }

    /// Lets go of what has expired, so that the first call after a pause does not have to, a little at a time: nor does one
    /// that comes meanwhile wait for all of it.
    async fn settle(&self) {
        let now = self.clock.now();
        // Twice: the last time there may have been calls.
        let mut then = now.saturating_sub(2 * milliseconds(REST));
        while then < now && self.meter().settle(then) {
            then = (then + SETTLED).min(now);
            yield_now().await;
        }
    }

    /// Ends all granting and saves what was called. [`Self::keep_lease`] must have ended.
    pub(crate) async fn close(&self) -> Result<(), BoxError> {
        let last = self.meter().close(self.clock.unix_ms(), self.clock.now());
        self.renewed.notify_waiters();
        self.ledger.save(last).await
    }
}
