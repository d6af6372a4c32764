//! What one process only does among those that share a database: reading Phare's projects now and then, and examining its
//! keys.

use std::sync::Arc;
use std::time::Duration;

use gardien_store::{Database, sooner};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How often whoever has it asks whether it has it still: the store says so.
const ASK: Duration = Duration::from_secs(1);
/// How often the others try to get it.
const TRY: Duration = Duration::from_secs(3);

/// Whether this process is on duty. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct OnDuty(watch::Receiver<bool>);

impl OnDuty {
    /// Of a process that nobody shares its database with.
    pub(crate) fn always() -> Self {
        Self(watch::channel(true).1)
    }

    /// Of one of several. Tries to get it until `stop`.
    pub(crate) fn among_others(store: Arc<dyn Database>, stop: CancellationToken) -> Self {
        let (told, on_duty) = watch::channel(false);
        tokio::spawn(
            stop.run_until_cancelled_owned(async move { take_turns(&*store, &told).await }),
        );
        Self(on_duty)
    }

    pub(crate) fn is_on(&self) -> bool {
        *self.0.borrow()
    }
}

async fn take_turns(store: &dyn Database, told: &watch::Sender<bool>) {
    loop {
        match store.duty().await {
            Ok(Some(mut duty)) => {
                tracing::info!("this server reads Phare's projects and examines its keys now");
                told.send_replace(true);
                while duty.is_held().await {
                    sleep(ASK).await;
                }
                told.send_replace(false);
                tracing::warn!("another server may read Phare's projects now");
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "who is on duty cannot be found out"),
        }
        sleep(sooner(TRY)).await;
    }
}
