//! Secrets of Phare's keys, sealed: what opens them is nowhere in the database.

use std::fmt::Debug;

use async_trait::async_trait;
use gardien_domain::PhareSecretId;

use crate::StoreError;

/// Keeps what only its owner can read.
#[async_trait]
pub trait SealedSecrets: Send + Sync + Debug {
    /// Keeps this, in place of what was kept. Durable when it returns.
    async fn put_sealed(&self, id: PhareSecretId, sealed: &[u8]) -> Result<(), StoreError>;

    /// What is kept.
    async fn sealed(&self, id: PhareSecretId) -> Result<Option<Vec<u8>>, StoreError>;

    /// Forgets it, if it is there.
    async fn delete_sealed(&self, id: PhareSecretId) -> Result<(), StoreError>;

    /// All that are kept, in any order.
    async fn every_sealed(&self) -> Result<Vec<(PhareSecretId, Vec<u8>)>, StoreError>;
}
