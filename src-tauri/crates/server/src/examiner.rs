//! Finds out what Phare's keys can do, when asked and once a day, and keeps which ones Phare refuses.

use std::sync::Arc;
use std::time::Duration;

use gardien_authority::{Authority, By, Fault, System};
use gardien_gateway::Gateway;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::ring::PhareAnswer;

const BY_ITSELF: System = System::because("what is known of Phare's keys is kept true");

/// How often it is looked whether an examination is due.
const PERIOD: Duration = Duration::from_secs(60);

/// Starts the one task that keeps what is known of Phare's keys true, until `stop`.
pub(crate) fn start(
    authority: Authority,
    mut answers: UnboundedReceiver<PhareAnswer>,
    soon: Arc<Notify>,
    gateway: Gateway,
    stop: CancellationToken,
) {
    tokio::spawn(stop.run_until_cancelled_owned(async move {
        let mut tick = interval(PERIOD);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                Some((secret, refused)) = answers.recv() => {
                    authority.phare_refuses(BY_ITSELF, &secret, refused).await
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
    let mut all = Ok(());
    for secret in authority.phare_secrets_to_examine().await? {
        // Programs come first. What is left is looked at when there is room again.
        let limits = gateway.limits();
        if limits.remaining < limits.limit / 2 {
            break;
        }
        let Some(attached) = authority.attached() else {
            break;
        };
        let found = attached.examine(&secret).await;
        // One that cannot be told must not keep the others from being told.
        all = all.and(
            authority
                .examined_phare_secret(By::System(BY_ITSELF), &secret, found)
                .await,
        );
    }
    all
}
