//! Finds out what Phare's keys can do, when asked and once a day, and keeps which ones Phare refuses.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gardien_authority::{Authority, Fault, Keyring, SYSTEM};
use gardien_domain::phare_key::Findings;
use gardien_domain::{PhareKey, PhareSecretId, ScopeKind};
use gardien_gateway::{Gateway, Transport};
use gardien_phare::{PhareFault, examine};
use secrecy::SecretString;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Notify, broadcast};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::calls::OwnCalls;
use crate::ring::{Ring, Verdict};
use crate::service::system_clock;

/// How often it is looked whether an examination is due.
const PERIOD: Duration = Duration::from_secs(60);

/// A ring, and who counts the calls that an examination takes.
#[derive(Debug, Clone)]
pub(crate) struct Examiner {
    pub(crate) ring: Ring,
    pub(crate) gateway: Gateway,
    /// Whoever wants to know which keys Phare begins to refuse.
    pub(crate) refusals: broadcast::Sender<String>,
}

impl Examiner {
    /// Finds out what a secret can do that nobody holds yet. Not counted while the sandbox stands behind the gateway:
    /// its calls are none of Phare's.
    pub(crate) async fn examine_secret(
        &self,
        secret: SecretString,
        kind: ScopeKind,
        counted: bool,
    ) -> Result<Findings, PhareFault> {
        let upstream = self.ring.with_key(secret);
        let upstream = upstream.map_err(|error| PhareFault::Unreachable(error.into()))?;
        if counted {
            return self.examine_through(Arc::new(upstream), kind).await;
        }
        examine(&OwnCalls::free(Arc::new(upstream)), kind, system_clock()()).await
    }

    async fn examine_through(
        &self,
        transport: Arc<dyn Transport>,
        kind: ScopeKind,
    ) -> Result<Findings, PhareFault> {
        let calls = OwnCalls::counted(transport, self.gateway.clone());
        examine(&calls, kind, system_clock()()).await
    }
}

#[async_trait]
impl Keyring for Examiner {
    fn hold(&self, keys: &[PhareKey]) {
        self.ring.hold(keys);
    }

    fn holds(&self, id: &PhareSecretId) -> bool {
        self.ring.held(id).is_some()
    }

    fn tell_refused(&self, key: &PhareKey) {
        // Nobody listens where there is no window.
        let _ = self.refusals.send(key.name.clone());
    }

    async fn examine(&self, id: &PhareSecretId) -> Result<Findings, PhareFault> {
        let held = self.ring.held(id).ok_or(PhareFault::NoKey)?;
        let kind = held.secret.kind;
        self.examine_through(Arc::new(held), kind).await
    }
}

/// Starts the one task that keeps what is known of Phare's keys true, until `stop`.
pub(crate) fn start(
    authority: Authority,
    mut verdicts: UnboundedReceiver<Verdict>,
    soon: Arc<Notify>,
    gateway: Gateway,
    stop: CancellationToken,
) {
    tokio::spawn(stop.run_until_cancelled_owned(async move {
        let mut tick = interval(PERIOD);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                Some((secret, refused)) = verdicts.recv() => {
                    authority.phare_refuses(&secret, refused).await
                }
                _ = tick.tick() => examine_due(&authority, &gateway).await,
                () = soon.notified() => examine_due(&authority, &gateway).await,
            };
            if let Err(fault) = done {
                tracing::warn!(
                    error = &fault as &dyn std::error::Error,
                    "what Phare's keys can do cannot be told yet"
                );
            }
        }
    }));
}

async fn examine_due(authority: &Authority, gateway: &Gateway) -> Result<(), Fault> {
    let Some(keyring) = authority.keyring() else {
        return Ok(());
    };
    let mut all = Ok(());
    for secret in authority.phare_secrets_to_examine().await? {
        // Programs come first. What is left is looked at when there is room again.
        let limits = gateway.limits();
        if limits.remaining < limits.limit / 2 {
            break;
        }
        let found = keyring.examine(&secret).await;
        // One that cannot be told must not keep the others from being told.
        all = all.and(
            authority
                .examined_phare_secret(SYSTEM, &secret, found)
                .await,
        );
    }
    all
}
