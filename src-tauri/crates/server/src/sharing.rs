//! What is said of a database that other servers use, too, and this process's place among them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use gardien_authority::Authority;
use gardien_domain::lease::{GatewayId, Terms};
use gardien_gateway::Gateway;
use gardien_store::{Database, PostgresOptions};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock::steady_clock;
use crate::lease::Leased;

/// How long the start waits for the first lease. Without one calls are answered with 503 until it comes.
const FIRST: Duration = Duration::from_secs(5);

/// How a server shares its database with others.
#[derive(Debug, Clone)]
pub struct Sharing {
    /// Which it is.
    pub database: PostgresOptions,
    /// Whether calls are answered here, too: then it holds a lease.
    pub gateway: bool,
    /// What people call this server.
    pub name: String,
    /// How long its leases run.
    pub terms: Terms,
}

/// The place of this process among the gateways of its database.
pub(crate) struct Place {
    gateway: gardien_store::Gateway,
    store: Arc<dyn Database>,
    leased: Arc<Leased>,
    bound: OnceLock<Gateway>,
    keeping: Mutex<Option<JoinHandle<()>>>,
    stop: CancellationToken,
}

impl Place {
    /// One that is not taken yet.
    pub(crate) fn of(sharing: &Sharing, store: Arc<dyn Database>) -> Self {
        Self {
            gateway: gardien_store::Gateway {
                id: GatewayId(Uuid::now_v7()),
                name: sharing.name.clone(),
                address: String::new(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                term: sharing.terms.term,
            },
            store,
            leased: Leased::new(sharing.terms, steady_clock()),
            bound: OnceLock::new(),
            keeping: Mutex::default(),
            stop: CancellationToken::new(),
        }
    }

    pub(crate) fn id(&self) -> GatewayId {
        self.gateway.id
    }

    pub(crate) fn leased(&self) -> Arc<Leased> {
        self.leased.clone()
    }

    /// Lets the gateway grant nothing but under the lease.
    pub(crate) fn bind(&self, gateway: &Gateway) {
        let leased = self.leased.clone();
        gateway.grant_while(move || leased.holds());
        let _ = self.bound.set(gateway.clone());
    }

    /// Holds the lease from here on, for a gateway that listens at `address`.
    pub(crate) async fn take(&self, authority: &Authority, address: SocketAddr) {
        let gateway = gardien_store::Gateway {
            address: address.to_string(),
            ..self.gateway.clone()
        };
        let (leased, store) = (self.leased.clone(), self.store.clone());
        let (bound, stop) = (self.bound.get().cloned(), self.stop.clone());
        let lapsed = move || {
            if let Some(gateway) = &bound {
                gateway.forfeit();
            }
        };
        let keeping = leased.keep(gateway, store, authority.clone(), lapsed, stop);
        let before = self.keeping().replace(tokio::spawn(keeping));
        if let Some(before) = before {
            before.abort();
        }
        if timeout(FIRST, self.leased.until_it_holds()).await.is_err() {
            tracing::error!("there is no lease yet: calls are answered with 503 until there is");
        }
    }

    /// Gives the lease back. The last call was answered.
    pub(crate) async fn leave(&self) {
        self.stop.cancel();
        let keeping = self.keeping().take();
        if let Some(keeping) = keeping {
            let _ = keeping.await;
        }
    }

    fn keeping(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.keeping.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
