//! What goes on while calls come: whoever waits is told when its turn comes, and the lease is kept written ahead.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Throttle, milliseconds};
use crate::body::BoxError;
use crate::meter::Renewal;

/// After so long without a call the lease is what it is at rest.
const REST: Duration = Duration::from_secs(2);
/// Where the limit is shared, what others hold is looked at this often, and what changed here is written.
const LOOK: Duration = Duration::from_millis(400);
/// Calls of so many milliseconds are let go of at a time.
const SETTLED: u64 = 50;
/// A disk that takes longer is as good as none: no call waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where the limit is shared, what was leased would be over by then.
const SHARED_PATIENCE: Duration = Duration::from_secs(2);
/// Pause after a failed save, so that a full disk is not hammered.
const PAUSE: Duration = Duration::from_secs(1);
/// The same where calls wait for it.
const SHARED_PAUSE: Duration = Duration::from_millis(250);

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
        let is_shared = self.meter().is_shared();
        let (every, pause) = if is_shared {
            (LOOK, SHARED_PAUSE)
        } else {
            (REST, PAUSE)
        };
        let mut rest = interval(every);
        rest.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let renewal = tokio::select! {
                () = stop.cancelled() => return,
                () = self.low.notified() => Some(self.meter().renewal(self.clock.unix_ms(), self.clock.now())),
                _ = rest.tick() => {
                    self.settle(every).await;
                    self.meter().rest(self.clock.unix_ms(), self.clock.now())
                }
            };
            let kept = match renewal {
                Some(renewal) => self.renew(renewal).await,
                None if is_shared => self.look().await,
                None => continue,
            };
            if let Err(error) = kept {
                self.failed(&error, is_shared);
            }
            self.renewed.notify_waiters();
            self.turns.notify_one();
            if self.meter().is_ledger_broken() {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep(pause) => self.low.notify_one(),
                }
            }
        }
    }

    async fn renew(&self, renewal: Renewal) -> Result<(), BoxError> {
        let asked = (renewal.extra, renewal.composed.1);
        let ((own, asking), is_shared) = {
            let mut meter = self.meter();
            (meter.told(renewal), meter.is_shared())
        };
        let patience = if is_shared { SHARED_PATIENCE } else { PATIENCE };
        let leased = timeout(patience, self.ledger.save(own, asking)).await??;
        let (unix_now, now) = (self.clock.unix_ms(), self.clock.now());
        if self.meter().leased(leased, asked, unix_now, now) {
            self.low.notify_one();
        }
        Ok(())
    }

    /// Looks at what others hold.
    async fn look(&self) -> Result<(), BoxError> {
        let rows = timeout(SHARED_PATIENCE, self.ledger.others()).await??;
        let (unix_now, now) = (self.clock.unix_ms(), self.clock.now());
        let rows = rows.unwrap_or_default();
        self.meter().looked(rows, unix_now, now);
        Ok(())
    }

    fn failed(&self, error: &BoxError, is_shared: bool) {
        let mut meter = self.meter();
        let is_known = meter.is_ledger_broken();
        meter.ledger_failed();
        meter.clear_if_stale(self.clock.now());
        drop(meter);
        match (is_shared, is_known) {
            (false, _) => tracing::error!(
                error,
                "the calls of this minute cannot be saved: a restart now would forget them"
            ),
            (true, false) => tracing::error!(
                error,
                "other gateways cannot be told of calls: none is granted until they can"
            ),
            (true, true) => {}
        }
    }

    /// Lets go of what has expired, so that the first call after a pause does not have to, a little at a time: nor does one
    /// that comes meanwhile wait for all of it.
    async fn settle(&self, every: Duration) {
        let now = self.clock.now();
        // Twice: the last time there may have been calls.
        let mut then = now.saturating_sub(2 * milliseconds(every));
        while then < now && self.meter().settle(then) {
            then = (then + SETTLED).min(now);
            yield_now().await;
        }
    }

    /// Ends all granting and saves what was called. [`Self::keep_lease`] must have ended.
    pub(crate) async fn close(&self) -> Result<(), BoxError> {
        let (own, asking, is_told) = {
            let mut meter = self.meter();
            let composed = (self.clock.unix_ms(), self.clock.now());
            let saved = meter.close(composed.0, composed.1);
            let (own, asking) = meter.told(Renewal {
                saved,
                extra: 0,
                composed,
            });
            (own, asking, meter.has_told())
        };
        self.renewed.notify_waiters();
        if is_told || own.calls.held() > 0 {
            self.ledger.save(own, asking).await?;
        }
        Ok(())
    }
}
