//! The other gateways over the same database: an answer to a change that takes something away waits until it is in force
//! on each of them, or until those that do not say so grant nothing any more.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use gardien_domain::lease::{Acknowledgement, GatewayId, Terms};
use gardien_store::{Gateways, KnownGateway, Notices, Revision, StoreError};
use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use crate::waits::Waits;

/// Tells milliseconds that never run backwards and do not stand still while the machine sleeps.
pub type SteadyClock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// How soon it is looked again for what gateways show, in milliseconds, first and at last. Were each of them to tell of it,
/// everybody who listens would be woken by everybody.
const LOOK: RangeInclusive<u64> = 2..=50;
/// For so long names are looked up.
const NAMES: Duration = Duration::from_millis(200);

/// The gateways that follow this database.
pub struct Elsewhere {
    gateways: Arc<dyn Gateways>,
    /// The one of this process, which is told of everything before anybody is answered.
    own: Option<GatewayId>,
    clock: SteadyClock,
    /// The newest change that takes something away.
    taken: AtomicU64,
    /// All changes up to this one are in force everywhere.
    reached: AtomicU64,
    /// Held by whoever waits: the gateways whose leases had to run out for it.
    silent: Mutex<Vec<String>>,
    /// The newest renewal of each gateway that was seen, by its time, and when it was seen first.
    renewals: std::sync::Mutex<BTreeMap<GatewayId, (Timestamp, u64)>>,
    waits: Waits,
}

/// How long it took until a change was in force everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waited {
    /// In all.
    pub time: Duration,
    /// Names of the gateways that did not say that they have it, so that their leases had to run out. They refuse every
    /// call until they are back.
    pub silent: Vec<String>,
}

impl Elsewhere {
    /// The gateways that hold leases in this database; `own` is that of this process, if it has one.
    #[must_use]
    pub fn new(gateways: Arc<dyn Gateways>, own: Option<GatewayId>, clock: SteadyClock) -> Self {
        Self {
            gateways,
            own,
            clock,
            taken: AtomicU64::default(),
            reached: AtomicU64::default(),
            silent: Mutex::default(),
            renewals: std::sync::Mutex::default(),
            waits: Waits::default(),
        }
    }

    pub(crate) fn notices(&self) -> Notices {
        self.gateways.notices()
    }

    /// The gateways, by name, each with whether its lease may still hold. Nobody compares clocks of two machines for it: that
    /// one has run out which nobody let go of is known once the gateway was looked at before, a term ago.
    pub(crate) async fn known(&self) -> Result<Vec<(KnownGateway, bool)>, StoreError> {
        let asked = (self.clock)();
        let known = self.gateways.gateways().await?;
        let now = (self.clock)();
        let mut renewals = self.renewals.lock().unwrap_or_else(PoisonError::into_inner);
        renewals.retain(|id, _| known.iter().any(|known| known.gateway.id == *id));
        let with_lease = known.into_iter().map(|known| {
            let newest = (known.seen_at, now);
            let seen = renewals.entry(known.gateway.id).or_insert(newest);
            if seen.0 != known.seen_at {
                *seen = newest;
            }
            let holds = known.held && asked < seen.1 + known.gateway.term;
            (known, holds)
        });
        Ok(with_lease.collect())
    }

    /// How long it took.
    pub(crate) fn waits(&self) -> &Waits {
        &self.waits
    }

    /// Something was taken away by this change.
    pub fn taken(&self, revision: Revision) {
        self.taken.fetch_max(revision.0, Ordering::SeqCst);
    }

    /// Comes back when everything is in force on every gateway that was taken away by now. `None` where nothing had to be
    /// waited for.
    pub async fn everywhere(&self) -> Option<Waited> {
        let (began, taken) = ((self.clock)(), self.taken.load(Ordering::SeqCst));
        let is_reached = || taken <= self.reached.load(Ordering::SeqCst);
        if is_reached() {
            return None;
        }
        // One waits for all that came by then: with many revocations at once, few questions are asked.
        let mut silent = self.silent.lock().await;
        if !is_reached() {
            let newest = self.taken.load(Ordering::SeqCst);
            *silent = self.until_in_force(Revision(newest)).await;
            self.reached.store(newest, Ordering::SeqCst);
        }
        let time = Duration::from_millis((self.clock)().saturating_sub(began));
        self.waits.add(time, !silent.is_empty());
        let silent = silent.clone();
        Some(Waited { time, silent })
    }

    /// The gateways that have not said that they have it.
    async fn until_in_force(&self, revision: Revision) -> Vec<String> {
        // Whoever holds a lease now holds it for no longer, whether or not the database can be asked for whom.
        let at_the_latest = (self.clock)() + Terms::LONGEST;
        let mut waiting: Option<Acknowledgement<GatewayId>> = None;
        let mut pause = *LOOK.start();
        loop {
            let asking = self.gateways.held_below(revision);
            let until = waiting.as_ref().and_then(Acknowledgement::until);
            let until = until.unwrap_or(at_the_latest);
            let left = until.saturating_sub((self.clock)());
            match timeout(Duration::from_millis(left), asking).await {
                Ok(Ok(held)) => {
                    let others = held
                        .into_iter()
                        .filter(|held| Some(held.gateway) != self.own);
                    match &mut waiting {
                        Some(waiting) => waiting.looked(others),
                        None => waiting = Some(Acknowledgement::new(others, (self.clock)())),
                    }
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, "which gateways lack a change cannot be looked up");
                }
                Err(_) => {}
            }
            let now = (self.clock)();
            let is_done = match &waiting {
                Some(waiting) => waiting.is_done(now),
                None => now >= at_the_latest,
            };
            if is_done {
                return self.let_go(waiting, now).await;
            }
            let until = waiting.as_ref().and_then(Acknowledgement::until);
            let left = until.unwrap_or(at_the_latest).saturating_sub(now);
            sleep(Duration::from_millis(left.min(pause))).await;
            pause = (pause + pause / 2).min(*LOOK.end());
        }
    }

    /// Nobody waits again for those whose leases have run out.
    async fn let_go(&self, waited: Option<Acknowledgement<GatewayId>>, now: u64) -> Vec<String> {
        let run_out: Vec<_> = waited
            .iter()
            .flat_map(|waited| waited.run_out(now))
            .collect();
        if run_out.is_empty() {
            return Vec::new();
        }
        let named = async {
            for (gateway, renewals) in &run_out {
                // Whoever has renewed since was told of the change.
                self.gateways.let_go(*gateway, *renewals).await.ok();
            }
            self.gateways.gateways().await.unwrap_or_default()
        };
        // What was promised holds without it.
        let known = timeout(NAMES, named).await;
        let known = known.unwrap_or_default();
        let name = |gateway: GatewayId| {
            let known = known.iter().find(|known| known.gateway.id == gateway);
            known.map_or_else(|| gateway.to_string(), |known| known.gateway.name.clone())
        };
        let silent: Vec<String> = run_out.iter().map(|(gateway, _)| name(*gateway)).collect();
        tracing::warn!(gateways = ?silent, "waited until leases had run out: these gateways do not follow");
        silent
    }
}

impl fmt::Debug for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elsewhere")
            .field("own", &self.own)
            .field("taken", &self.taken)
            .finish_non_exhaustive()
    }
}
