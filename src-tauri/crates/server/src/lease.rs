//! Keeps the lease of this process's gateway in a database that others use, too, and grants while it holds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gardien_authority::{Authority, SteadyClock};
use gardien_domain::lease::{Lease, Terms};
use gardien_store::{Database, Gateway, StoreError, sooner};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::clock::system_clock;

/// A lease is renewed so many times in a term.
const RENEWALS: u64 = 4;

/// The lease of this process's gateway.
pub(crate) struct Leased {
    lease: Mutex<Lease>,
    /// When it runs out, for every call to look at.
    until: AtomicU64,
    terms: Terms,
    clock: SteadyClock,
    renewed: Notify,
}

impl Leased {
    /// One that does not hold yet.
    pub(crate) fn new(terms: Terms, clock: SteadyClock) -> Arc<Self> {
        Arc::new(Self {
            lease: Mutex::new(Lease::new(terms, 0)),
            until: AtomicU64::new(0),
            terms,
            clock,
            renewed: Notify::new(),
        })
    }

    /// Whether a call that comes now may be granted.
    pub(crate) fn holds(&self) -> bool {
        (self.clock)() < self.until.load(Ordering::Acquire)
    }

    /// For how long it holds without another renewal.
    pub(crate) fn left(&self) -> Duration {
        let until = self.until.load(Ordering::Acquire);
        Duration::from_millis(until.saturating_sub((self.clock)()))
    }

    /// The newest revision that the database told of.
    pub(crate) fn told(&self) -> u64 {
        self.lease().told()
    }

    /// Comes back when it holds.
    pub(crate) async fn until_it_holds(&self) {
        loop {
            let renewed = self.renewed.notified();
            if self.holds() {
                return;
            }
            renewed.await;
        }
    }

    /// Renews it until `stop`, and gives it up then: nothing may be granted by that time. Before it holds again where it did
    /// not, `lapsed` is called.
    pub(crate) async fn keep(
        self: Arc<Self>,
        gateway: Gateway,
        store: Arc<dyn Database>,
        authority: Authority,
        lapsed: impl Fn() + Send + Sync,
        stop: CancellationToken,
    ) {
        let keeping = self.keep_renewing(&gateway, &*store, &authority, &lapsed);
        stop.run_until_cancelled(keeping).await;
        self.until.store(0, Ordering::Release);
        let term = Duration::from_millis(self.terms.term);
        // Else whoever waits for it waits until it has run out.
        let _ = timeout(term, store.give_back(gateway.id)).await;
    }

    async fn keep_renewing(
        &self,
        gateway: &Gateway,
        store: &dyn Database,
        authority: &Authority,
        lapsed: &(dyn Fn() + Send + Sync),
    ) {
        let mut followed = authority.followed();
        let term = Duration::from_millis(self.terms.term);
        let period = Duration::from_millis(self.terms.term / RENEWALS);
        let mut failing = false;
        loop {
            let applied = *followed.borrow_and_update();
            self.change(|lease| lease.applied(applied.0), lapsed);
            let renewed = self.renew(gateway, store, lapsed).await;
            match &renewed {
                Ok(true) => {}
                // There is something that it does not have.
                Ok(false) => {
                    if let Ok(Err(fault)) = timeout(term, authority.follow_if_behind()).await {
                        tracing::debug!(%fault, "what was recorded cannot be read");
                    }
                    if followed.has_changed().unwrap_or(false) {
                        continue;
                    }
                }
                Err(error) if !failing => {
                    tracing::error!(%error, "the lease cannot be renewed: nothing is granted once it has run out");
                }
                Err(_) => {}
            }
            failing = renewed.is_err();
            tokio::select! {
                () = sleep(sooner(period)) => {}
                // Somebody may wait for it to be shown.
                _ = followed.changed() => {}
            }
        }
    }

    /// Whether everything is applied that it was told of.
    async fn renew(
        &self,
        gateway: &Gateway,
        store: &dyn Database,
        lapsed: &(dyn Fn() + Send + Sync),
    ) -> Result<bool, StoreError> {
        let Some(renewal) = self.lease().renew((self.clock)()) else {
            return Ok(false);
        };
        let term = Duration::from_millis(self.terms.term);
        // A lease that is granted later than that would have run out.
        let renewing = timeout(term, store.renew(gateway, &renewal, system_clock()()));
        let renewed = renewing.await;
        let renewed = renewed.unwrap_or_else(|late| Err(StoreError::Unreachable(late.into())))?;
        let newest = renewed.newest.0;
        self.change(|lease| lease.renewed(renewal, newest), lapsed);
        Ok(newest <= renewal.applied)
    }

    fn change(&self, change: impl FnOnce(&mut Lease), lapsed: &dyn Fn()) {
        let mut lease = self.lease();
        change(&mut lease);
        if !self.holds() {
            lapsed();
        }
        self.until.store(lease.until(), Ordering::Release);
        self.renewed.notify_waiters();
    }

    fn lease(&self) -> MutexGuard<'_, Lease> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
