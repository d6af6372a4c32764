//! The gateways that share a database, and the leases by which each may grant: the rules are in [`gardien_domain::lease`].
//! Apart from the [`crate::Store`]: a lease is nothing that anybody decides, so it is not audited and has no revision.
//!
//! No time that is kept here decides anything but what is tidied up: a clock that jumps takes nobody's lease.

use std::fmt::Debug;

use async_trait::async_trait;
use gardien_domain::lease::{GatewayId, Held, Renewal};
use jiff::Timestamp;

use crate::{Notices, Revision, StoreError};

/// For so long, in microseconds, a gateway is known that holds no lease.
pub(crate) const KNOWN: i64 = 24 * 60 * 60 * 1_000_000;

/// A process that answers calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Of the process: one that is started again has another.
    pub id: GatewayId,
    /// What people call it.
    pub name: String,
    /// Where it listens.
    pub address: String,
    /// Of the program.
    pub version: String,
    /// The term of its leases, in milliseconds.
    pub term: u64,
}

/// A gateway as it was last heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownGateway {
    /// Which.
    pub gateway: Gateway,
    /// All changes up to this one were in force there.
    pub revision: Revision,
    /// Whether its lease has to be waited for.
    pub held: bool,
    /// When that was.
    pub seen_at: Timestamp,
}

/// What is answered to a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// Whether the lease was held until then. If not, this is its first or it was let go of meanwhile.
    pub in_time: bool,
    /// The newest revision, read after the renewal was committed.
    pub newest: Revision,
}

/// Who holds a lease.
#[async_trait]
pub trait Gateways: Send + Sync + Debug {
    /// Writes down that the gateway holds a lease, and reads the newest revision once that is committed. `at` is for those
    /// who look at the list.
    async fn renew(
        &self,
        gateway: &Gateway,
        renewal: &Renewal,
        at: Timestamp,
    ) -> Result<Renewed, StoreError>;

    /// The leases of gateways that have not shown this revision.
    async fn held_below(&self, revision: Revision) -> Result<Vec<Held<GatewayId>>, StoreError>;

    /// The lease has run out. False, and nothing is written, if it was renewed since, or is not held.
    async fn let_go(&self, gateway: GatewayId, renewals: u64) -> Result<bool, StoreError>;

    /// The gateway grants no more: nobody waits for it from now on.
    async fn give_back(&self, gateway: GatewayId) -> Result<(), StoreError>;

    /// Those that hold a lease or were seen within a day, by name.
    async fn gateways(&self) -> Result<Vec<KnownGateway>, StoreError>;

    /// Hears what other processes record, and what gateways show, from here on.
    fn notices(&self) -> Notices;
}
