//! Where a server keeps the secrets of Phare's keys that it is given while it runs.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use gardien_authority::{SecretFault, Secrets};
use gardien_domain::{MemberId, PhareSecretId};
use secrecy::SecretString;

/// Keeps secrets in memory. They are wiped with it: whoever starts the server again has to give them again.
#[derive(Debug, Default)]
pub struct InMemory(Mutex<HashMap<PhareSecretId, SecretString>>);

impl InMemory {
    fn secrets(&self) -> MutexGuard<'_, HashMap<PhareSecretId, SecretString>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Secrets for InMemory {
    async fn get(
        &self,
        _: Option<MemberId>,
        id: PhareSecretId,
    ) -> Result<SecretString, SecretFault> {
        self.secrets().get(&id).cloned().ok_or(SecretFault::NotHeld)
    }

    async fn keep(&self, _: Option<MemberId>, id: PhareSecretId, secret: SecretString) {
        self.secrets().insert(id, secret);
    }

    async fn forget(&self, _: Option<MemberId>, id: PhareSecretId) {
        self.secrets().remove(&id);
    }
}
