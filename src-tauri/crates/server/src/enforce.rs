//! What gateway, authority and store need of one another, fulfilled: they do not know each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use gardien_authority::api::{DirectUse, LimitHold, LimitPace};
use gardien_authority::{Enforcement, LimitReading, Reached};
use gardien_domain::key::Revocation;
use gardien_domain::lease::GatewayId;
use gardien_domain::share::Share;
use gardien_domain::what_if::WhatIf;
use gardien_domain::{Key, KeyId, KeyRule, NotedUse, Organization, Project, ProjectId, Scope};
use gardien_gateway::{
    Asking, BoxError, Gateway, GatewayCalls, Leased, Ledger, OwnCalls, SavedCalls,
};
use gardien_store::ALONE;
use jiff::Timestamp;

/// The gateway, as the authority sees it.
#[derive(Debug)]
pub(crate) struct GatewayEnforcement(pub(crate) Gateway);

impl Enforcement for GatewayEnforcement {
    fn expect_keys(&self, keys: usize) {
        self.0.expect_keys(keys);
    }
    fn begin_key(&self, rule: KeyRule, share: Share) {
        self.0.begin_key(rule, share);
    }
    fn put_key(&self, key: &Key) {
        self.0.put_key(key);
    }
    fn revoke(&self, id: KeyId, revocation: Revocation) {
        self.0.revoke(id, revocation);
    }
    fn put_projects(&self, projects: &[Project]) {
        let projects = projects.iter();
        self.0
            .put_projects(projects.map(|project| (project.id, project.slug.as_str())));
    }
    fn remove_project(&self, id: ProjectId) {
        self.0.remove_project(id);
    }
    fn set_limit(&self, organization: &Organization) {
        self.0.set_limit(organization);
    }
    fn forget_reads(&self) {
        self.0.forget_reads();
    }
    fn limits(&self, most: usize, seen: &dyn Fn(Scope) -> bool) -> LimitReading {
        let (limits, by_key) = self.0.limits_by_key(most, seen);
        LimitReading {
            pace: limits.pace.map(|pace| LimitPace {
                burst: pace.burst(),
                per_minute: pace.per_minute(),
            }),
            used: limits.used,
            remaining: limits.remaining,
            waiting: limits.waiting,
            saved: self.0.saved_calls(),
            reset_seconds: u32::try_from(limits.reset_seconds).unwrap_or(u32::MAX),
            hold: limits.hold.and_then(|hold| {
                Some(LimitHold {
                    since: moment(hold.since)?,
                    until: moment(hold.until)?,
                })
            }),
            direct: limits.direct.and_then(|direct| {
                Some(DirectUse {
                    since: moment(direct.since)?,
                    last: moment(direct.last)?,
                    calls: direct.calls,
                })
            }),
            reached: self.0.limited(seen).map(|limited| Reached {
                at: limited.since,
                most: limited.most,
            }),
            by_key,
        }
    }
    fn what_if(&self, key: Option<KeyId>, share: Share) -> WhatIf {
        self.0.what_if(key, share)
    }
}

fn moment(unix_ms: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()
}

/// What the store keeps for the gateway.
#[derive(Debug)]
pub(crate) struct StoreLedger {
    ledger: Arc<dyn gardien_store::Ledger>,
    seat: Seat,
    /// Counts what was written.
    written: AtomicU64,
}

/// What this process is among those that take slots of its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seat {
    /// The only one.
    Alone,
    /// One of several, with this id. So is one that answers no calls: what Gardien itself asks of Phare counts, too.
    Among(GatewayId),
}

impl StoreLedger {
    pub(crate) fn new(ledger: Arc<dyn gardien_store::Ledger>, seat: Seat) -> Self {
        Self {
            ledger,
            seat,
            written: AtomicU64::new(0),
        }
    }
}

#[async_trait]
impl Ledger for StoreLedger {
    async fn load(&self) -> Result<SavedCalls, BoxError> {
        if self.seat != Seat::Alone {
            return Ok(SavedCalls::default());
        }
        let mut rows = self.ledger.calls().await?.into_iter();
        let Some(row) = rows.find(|row| row.gateway == ALONE) else {
            return Ok(SavedCalls::default());
        };
        self.written.store(row.number, Ordering::Relaxed);
        Ok(row.own.calls)
    }
    async fn others(&self) -> Result<Option<Vec<GatewayCalls>>, BoxError> {
        let Seat::Among(own) = self.seat else {
            return Ok(None);
        };
        let mut rows = self.ledger.calls().await?;
        rows.retain(|row| row.gateway != own);
        Ok(Some(rows))
    }
    async fn save(&self, own: OwnCalls, asking: Asking) -> Result<Leased, BoxError> {
        let gateway = match self.seat {
            Seat::Alone => ALONE,
            Seat::Among(gateway) => gateway,
        };
        let number = self.written.fetch_add(1, Ordering::Relaxed) + 1;
        let leased = self.ledger.lease_calls(gateway, number, &own, &asking);
        Ok(leased.await?)
    }
    async fn record_uses(&self, uses: Vec<NotedUse>) -> Result<(), BoxError> {
        Ok(self.ledger.record_uses(&uses).await?)
    }
}
