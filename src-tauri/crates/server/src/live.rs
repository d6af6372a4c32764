//! What the gateway does, told while it happens: last uses and the shared limit. Nothing is made of it while nobody
//! listens, and no request waits for it.

use std::time::Duration;

use gardien_authority::api::{Event, KeyUse, LastUse, LimitsView};
use gardien_authority::{Authority, Fault, System};
use gardien_domain::key::PreviousSecret;
use gardien_domain::{NotedUse, PreviousUse};
use gardien_gateway::Gateway;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often it is looked whether there is something to tell.
const PERIOD: Duration = Duration::from_millis(500);
/// Whoever listens decides what of it a member is shown.
pub(crate) const TELLING: System = System::because("events are told to nobody in particular");

pub(crate) fn start(authority: Authority, gateway: Gateway, stop: CancellationToken) {
    tokio::spawn(stop.run_until_cancelled_owned(tell(Telling {
        authority,
        gateway,
        limits: None,
    })));
}

struct Telling {
    authority: Authority,
    gateway: Gateway,
    /// As they were told last.
    limits: Option<LimitsView>,
}

async fn tell(mut telling: Telling) {
    let mut tick = interval(PERIOD);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if !telling.authority.is_heard() {
            telling.limits = None;
        } else if let Err(fault) = telling.news().await {
            let error = &fault as &dyn std::error::Error;
            tracing::debug!(error, "what the gateway does cannot be told");
        }
    }
}

impl Telling {
    async fn news(&mut self) -> Result<(), Fault> {
        let noted = self.gateway.untold_uses();
        if !noted.is_empty() {
            let mut uses = Vec::with_capacity(noted.len());
            for noted in noted {
                uses.push(self.shown(noted).await?);
            }
            self.authority.publish(Event::Uses { uses });
        }
        let limits = match self.authority.all_limits(TELLING).await {
            Err(Fault::NotFounded) => return Ok(()),
            limits => limits?,
        };
        if self
            .limits
            .as_ref()
            .is_none_or(|told| differ(told, &limits))
        {
            self.limits = Some(limits.clone());
            self.authority.publish(Event::Limits { limits });
        }
        Ok(())
    }

    /// The gateway forgets after a while when a replaced secret was used, and cannot know of a rotation while it noted.
    async fn shown(&self, noted: NotedUse) -> Result<KeyUse, Fault> {
        let NotedUse {
            key,
            last,
            previous,
        } = noted;
        let replaced = self.gateway.replaced(key);
        let noted = |secret: Option<PreviousSecret>| {
            let of = |used: &&PreviousUse| secret.is_some_and(|it| it.digest == used.digest);
            previous.iter().find(of).map(|used| used.at)
        };
        let mut used = LastUse {
            previous_used_at: noted(replaced.last),
            earlier_used_at: noted(replaced.earlier),
            ..last.into()
        };
        if replaced.iter().any(|secret| noted(Some(secret)).is_none()) {
            let written = self.authority.last_use(TELLING, key).await?;
            used.previous_used_at = used.previous_used_at.or(written.previous_used_at);
            used.earlier_used_at = used.earlier_used_at.or(written.earlier_used_at);
        }
        Ok(KeyUse { id: key, used })
    }
}

/// Whether there is more to tell than that time passes.
fn differ(told: &LimitsView, now: &LimitsView) -> bool {
    let at_any_time = |view: &LimitsView| LimitsView {
        reset_seconds: 0,
        ..view.clone()
    };
    at_any_time(told) != at_any_time(now)
}

#[cfg(test)]
mod tests;
