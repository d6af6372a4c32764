//! What gateways count: the calls of the last minute, and when each key was last used. Apart from the [`crate::Store`]:
//! none of it is decided by anybody, so none of it is audited or has a revision.

use std::fmt::Debug;

use async_trait::async_trait;
use gardien_domain::NotedUse;
use gardien_domain::lease::GatewayId;
use gardien_domain::limit::{Asking, GatewayCalls, Leased, OwnCalls};
use uuid::Uuid;

use crate::StoreError;

/// The gateway of a database that has but one, which goes on with its own row when it is started again.
pub const ALONE: GatewayId = GatewayId(Uuid::nil());

/// What gateways count, as it outlives their processes. The rules of the limit are in [`gardien_domain::limit`].
#[async_trait]
pub trait Ledger: Send + Sync + Debug {
    /// What all gateways hold of the limit, as they last wrote it.
    async fn calls(&self) -> Result<Vec<GatewayCalls>, StoreError>;

    /// Writes what a gateway holds in place of what it wrote before, and leases it what it asks for as far as all others
    /// leave that free. Nobody else writes meanwhile, and it is durable when this returns. `number` counts what the gateway
    /// writes: what comes late, after something later, changes nothing, and nothing is leased.
    async fn lease_calls(
        &self,
        gateway: GatewayId,
        number: u64,
        own: &OwnCalls,
        asking: &Asking,
    ) -> Result<Leased, StoreError>;

    /// Records last uses. May lag a few seconds.
    async fn record_uses(&self, uses: &[NotedUse]) -> Result<(), StoreError>;
}
