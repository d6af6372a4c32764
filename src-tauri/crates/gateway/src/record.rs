//! When each key was last used: noted in memory on every call, written in batches. A crash may lose a few
//! seconds of it, never anything else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gardien_domain::{KeyId, LastUse, Operation};
use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::ledger::Ledger;

#[derive(Debug)]
pub(crate) struct Uses {
    noted: Mutex<HashMap<KeyId, (Timestamp, &'static str)>>,
    ledger: Arc<dyn Ledger>,
}

impl Uses {
    pub(crate) fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self {
            noted: Mutex::default(),
            ledger,
        }
    }

    pub(crate) fn note(&self, key: KeyId, operation: &'static Operation, at: Timestamp) {
        self.noted().insert(key, (at, operation.id));
    }

    /// Writes every few seconds, until `stop`.
    pub(crate) async fn keep_writing(self: Arc<Self>, every: Duration, stop: CancellationToken) {
        let mut tick = interval(every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => self.write().await,
            }
        }
    }

    /// Writes what was noted since the last time. What cannot be written is tried again with the next batch.
    pub(crate) async fn write(&self) {
        let batch = std::mem::take(&mut *self.noted());
        if batch.is_empty() {
            return;
        }
        let uses = batch
            .iter()
            .map(|(key, (at, operation))| {
                let use_ = LastUse {
                    at: *at,
                    operation: (*operation).to_owned(),
                };
                (*key, use_)
            })
            .collect();
        if let Err(error) = self.ledger.record_uses(uses).await {
            tracing::warn!(error, keys = batch.len(), "last uses cannot be written yet");
            let mut noted = self.noted();
            for (key, last) in batch {
                noted.entry(key).or_insert(last);
            }
        }
    }

    fn noted(&self) -> MutexGuard<'_, HashMap<KeyId, (Timestamp, &'static str)>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
