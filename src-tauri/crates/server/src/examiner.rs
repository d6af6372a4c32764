//! Finds out what Phare's keys can do, when asked and once a day, and keeps which ones Phare refuses.

use std::sync::Arc;
use std::time::Duration;

use gardien_authority::{Authority, By, Fault, System};
use gardien_domain::PhareSecret;
use gardien_gateway::{Gateway, LimitState};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::duty::OnDuty;
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
    on_duty: OnDuty,
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
                _ = tick.tick() => match on_duty.is_on() {
                    true => examine_due(&authority, &gateway).await,
                    false => Ok(()),
                },
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
        if !is_time_for(&secret, gateway.limits()) {
            continue;
        }
        let Some(attached) = authority.attached() else {
            break;
        };
        let found = attached.examine(&secret.id).await;
        // One that cannot be told must not keep the others from being told.
        all = all.and(
            authority
                .examined_phare_secret(By::System(BY_ITSELF), &secret.id, found)
                .await,
        );
    }
    all
}

/// Programs come first, and the rest is looked at when there is room again; but for a secret that nobody has looked at
/// yet, programs wait.
fn is_time_for(secret: &PhareSecret, limits: LimitState) -> bool {
    secret.is_unknown() || limits.remaining >= limits.limit / 2
}

#[cfg(test)]
mod tests {
    use gardien_domain::phare_key::Findings;
    use gardien_domain::{PhareSecretId, ScopeKind};
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_what_nobody_waits_for_is_put_off_while_programs_call() {
        let fresh = PhareSecret {
            id: PhareSecretId(Uuid::nil()),
            display: String::new(),
            kind: ScopeKind::Project,
            added_at: Timestamp::UNIX_EPOCH,
            findings: None,
            refused_at: None,
        };
        let known = PhareSecret {
            findings: Some(Findings {
                at: Timestamp::UNIX_EPOCH,
                platform: None,
                uptime: None,
                projects: Vec::new(),
                calls: Vec::new(),
            }),
            ..fresh.clone()
        };
        let refused = PhareSecret {
            refused_at: Some(Timestamp::UNIX_EPOCH),
            ..fresh.clone()
        };
        let with_left = |remaining| LimitState {
            limit: 100,
            used: 100 - remaining,
            remaining,
            waiting: 0,
            pace: None,
            reset_seconds: 0,
            hold: None,
            direct: None,
        };
        for (secret, at_full) in [(fresh, true), (known, false), (refused, false)] {
            assert_eq!(is_time_for(&secret, with_left(49)), at_full, "{secret:?}");
            assert!(is_time_for(&secret, with_left(50)), "{secret:?}");
        }
    }
}
