//! What the gateway needs kept: the calls of the last minute, and when each key was last used.

use std::fmt::Debug;

use async_trait::async_trait;
use gardien_domain::NotedUse;
pub use gardien_domain::limit::{Asking, GatewayCalls, Leased, OwnCalls, SavedCalls};

use crate::body::BoxError;

/// Keeps what must outlast the process, and what other gateways have to know.
#[async_trait]
pub trait Ledger: Send + Sync + Debug {
    /// The window as this gateway saved it before it was started again; empty if it never was.
    async fn load(&self) -> Result<SavedCalls, BoxError>;
    /// What the other gateways of the same limit hold. `None`, now and ever, for a gateway that is alone.
    async fn others(&self) -> Result<Option<Vec<GatewayCalls>>, BoxError>;
    /// Replaces the saved window, and leases what is asked for as far as other gateways leave it free: all of it to one that
    /// is alone. Durable when it returns.
    async fn save(&self, own: OwnCalls, asking: Asking) -> Result<Leased, BoxError>;
    /// Records last uses.
    async fn record_uses(&self, uses: Vec<NotedUse>) -> Result<(), BoxError>;
}
