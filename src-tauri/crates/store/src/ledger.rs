//! What a gateway counts: the calls of the last minute, and when each key was last used. Apart from the [`crate::Store`]:
//! none of it is decided by anybody, so none of it is audited or has a revision.

use std::fmt::Debug;

use async_trait::async_trait;
use gardien_domain::NotedUse;
use gardien_domain::limit::SavedCalls;

use crate::StoreError;

/// What a gateway counts, as it outlives the process.
#[async_trait]
pub trait Ledger: Send + Sync + Debug {
    /// The calls of the last minute as last saved; empty if never.
    async fn calls(&self) -> Result<SavedCalls, StoreError>;

    /// Saves the calls of the last minute. Durable when it returns. For the one gateway that holds the folder.
    async fn save_calls(&self, calls: &SavedCalls) -> Result<(), StoreError>;

    /// Records last uses. May lag a few seconds.
    async fn record_uses(&self, uses: &[NotedUse]) -> Result<(), StoreError>;
}
