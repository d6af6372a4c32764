//! What the gateway needs kept: the calls of the last minute, and when each key was last used.

use std::fmt::Debug;

use async_trait::async_trait;
use gardien_domain::NotedUse;
pub use gardien_domain::limit::SavedCalls;

use crate::body::BoxError;

/// Keeps what must outlast the process.
#[async_trait]
pub trait Ledger: Send + Sync + Debug {
    /// The window as last saved; empty if never.
    async fn load(&self) -> Result<SavedCalls, BoxError>;
    /// Replaces the saved window. Durable when it returns.
    async fn save(&self, window: SavedCalls) -> Result<(), BoxError>;
    /// Records last uses.
    async fn record_uses(&self, uses: Vec<NotedUse>) -> Result<(), BoxError>;
}
