//! Revocations that are in force and could not be written yet, as on a full disk.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gardien_domain::audit::AuditAction;
use gardien_domain::key::Revocation;
use gardien_domain::{Key, KeyId};
use gardien_store::Change;
use serde_json::json;

use crate::changing::repeat;
use crate::{Authority, Fault};

/// How often writing one is tried again.
const PAUSE: Duration = Duration::from_secs(5);

/// Until they are written they count as if they were: nothing may bring such a key back but a restoration.
#[derive(Debug, Default)]
pub(crate) struct Unwritten {
    revocations: Mutex<HashMap<KeyId, Revocation>>,
}

impl Unwritten {
    /// Adds what is not written to a key as the store has it. A revocation that is written stands.
    pub(crate) fn overlay(&self, key: &mut Key) {
        if let Some(revocation) = self.all().get(&key.id) {
            key.revoked.get_or_insert(*revocation);
        }
    }

    pub(crate) fn contains(&self, id: KeyId) -> bool {
        self.all().contains_key(&id)
    }

    /// Whether there was anything to forget.
    pub(crate) fn forget(&self, id: KeyId) -> bool {
        self.all().remove(&id).is_some()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<KeyId, Revocation>> {
        self.revocations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Authority {
    /// Remembers a revocation, and goes on trying to write it.
    pub(crate) fn keep_trying(&self, id: KeyId, revocation: Revocation, actor: String) {
        if self.unwritten.all().insert(id, revocation).is_some() {
            return;
        }
        let authority = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(PAUSE).await;
                match authority.write_revocation(id, &actor).await {
                    Ok(()) => return,
                    Err(fault) => {
                        tracing::error!(%fault, key = %id, "a revocation still cannot be written");
                    }
                }
            }
        });
    }

    async fn write_revocation(&self, id: KeyId, actor: &str) -> Result<(), Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            if !self.unwritten.contains(id) {
                return Ok(());
            }
            let stored = self.store.key(id).await?;
            let mut key = stored.ok_or(Fault::NotFound { what: "key" })?.key;
            // Another process may have written one meanwhile: that stands.
            if key.revoked.is_none() {
                self.unwritten.overlay(&mut key);
                let detail = json!({ "name": key.name, "display": key.display });
                let changes = [Change::PutKey(key)];
                self.commit(
                    changing,
                    &changes,
                    actor,
                    AuditAction::KeyRevoked,
                    id.to_string(),
                    &detail,
                )
                .await?;
            }
            self.unwritten.forget(id);
            Ok(())
        })
    }
}
