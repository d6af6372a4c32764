//! A running Gardien over one data folder: the store, the gateway and the authority, and two doors.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gardien_authority::http::Api;
use gardien_authority::{Authority, Client, Clock, Fault, UpstreamIdentity};
use gardien_domain::MemberId;
use gardien_domain::organization::DEFAULT_CALLS_PER_MINUTE;
use gardien_gateway::{Gateway, GatewayError};
use gardien_store::{Documents, FolderLock, Sqlite, Store as _, StoreError};
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use http_body_util::Full;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use crate::door::{Door, ListenFault};
use crate::enforce::{GatewayEnforcement, StoreLedger};
use crate::examiner::{self, Examiner};
use crate::listen::ListenLimits;
use crate::live;
use crate::ring::Verdict;
use crate::synchronizer::Synchronizer;

/// Why a data folder cannot be opened. It is left as it was.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// The store: damaged, newer, in use, full, or not answering.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The gateway cannot start from what the store holds.
    #[error("{0}")]
    Gateway(#[from] GatewayError),
    /// The authority cannot start from what the store holds.
    #[error("{0}")]
    Authority(#[from] Fault),
}

/// The database of a data folder.
#[must_use]
pub fn database(data: &Path) -> PathBuf {
    data.join("gardien.db")
}

/// The system's clock.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// A running Gardien. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    store: Arc<Sqlite>,
    gateway: Gateway,
    authority: Authority,
    synchronizer: Synchronizer,
    stop: CancellationToken,
    attached: Mutex<(Option<UpstreamIdentity>, Option<Examiner>)>,
    verdicts: UnboundedSender<Verdict>,
    examine_soon: Arc<Notify>,
    refusals: broadcast::Sender<String>,
    router: Api,
    gateway_door: Door,
    management_door: Door,
    lock: Mutex<Option<FolderLock>>,
}

impl Service {
    /// Opens the data folder, which is made if missing, and holds it against other processes. Nobody listens
    /// and nothing is forwarded yet.
    ///
    /// # Errors
    /// [`OpenFault`].
    pub async fn open(data: &Path) -> Result<Self, OpenFault> {
        let lock = gardien_store::lock(data)?;
        let store = Arc::new(Sqlite::open(&database(data)).await?);
        let ledger = Arc::new(StoreLedger(store.clone()));
        let gateway = Gateway::start(DEFAULT_CALLS_PER_MINUTE, ledger).await?;
        let enforcement = Arc::new(GatewayEnforcement(gateway.clone()));
        let authority = Authority::open(store.clone(), enforcement, system_clock()).await?;
        let stop = CancellationToken::new();
        let (verdicts, heard) = unbounded_channel();
        let (soon, refusals) = (Arc::<Notify>::default(), broadcast::Sender::new(8));
        examiner::start(
            authority.clone(),
            heard,
            soon.clone(),
            gateway.clone(),
            stop.clone(),
        );
        live::start(authority.clone(), gateway.clone(), stop.clone());
        Ok(Self(Arc::new(Inner {
            synchronizer: Synchronizer::start(authority.clone(), stop.clone()),
            stop,
            attached: Mutex::default(),
            verdicts,
            examine_soon: soon,
            refusals,
            store,
            gateway,
            router: gardien_authority::http::router(authority.clone()),
            authority,
            gateway_door: Door::default(),
            management_door: Door::default(),
            lock: Mutex::new(Some(lock)),
        })))
    }

    /// The authority.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.0.authority
    }

    pub(crate) fn store(&self) -> &Sqlite {
        &self.0.store
    }

    pub(crate) fn gateway(&self) -> &Gateway {
        &self.0.gateway
    }

    pub(crate) fn synchronizer(&self) -> &Synchronizer {
        &self.0.synchronizer
    }

    pub(crate) fn keep_attached(
        &self,
        identity: Option<UpstreamIdentity>,
        examiner: Option<Examiner>,
    ) {
        let mut attached = self.attached();
        *attached = (identity, examiner);
    }

    pub(crate) fn identity(&self) -> Option<UpstreamIdentity> {
        self.attached().0.clone()
    }

    pub(crate) fn examiner(&self) -> Option<Examiner> {
        self.attached().1.clone()
    }

    fn attached(&self) -> MutexGuard<'_, (Option<UpstreamIdentity>, Option<Examiner>)> {
        self.0
            .attached
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn refused(&self) -> broadcast::Sender<String> {
        self.0.refusals.clone()
    }

    /// Hears the name of a key of Phare's whenever Phare begins to refuse it.
    #[must_use]
    pub fn refusals(&self) -> broadcast::Receiver<String> {
        self.0.refusals.subscribe()
    }

    /// Has those of Phare's keys examined behind that are due.
    pub(crate) fn examine_soon(&self) {
        self.0.examine_soon.notify_one();
    }

    pub(crate) fn verdicts(&self) -> UnboundedSender<Verdict> {
        self.0.verdicts.clone()
    }

    pub(crate) fn documents(&self) -> Arc<dyn Documents> {
        self.0.store.clone()
    }

    /// The Owner; `None` before the first start is completed.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn owner(&self) -> Result<Option<MemberId>, Fault> {
        self.0.authority.owner().await
    }

    /// Completes the first start.
    ///
    /// # Errors
    /// As [`Authority::found`].
    pub async fn found(&self, organization: &str, email: &str) -> Result<MemberId, Fault> {
        self.0.authority.found(organization, email).await
    }

    /// A client of the management API that asks as this member, without a socket.
    #[must_use]
    pub fn client(&self, member: MemberId) -> Client {
        Client::embedded(self.0.router.clone(), member)
    }

    /// Takes the projects as the upstream has them now.
    ///
    /// # Errors
    /// As [`Authority::synchronize_projects`].
    pub async fn synchronize(&self) -> Result<(), Fault> {
        self.0.authority.synchronize_projects().await
    }

    /// Comes back when the projects were read, or after `patience`: reading goes on behind.
    pub async fn synchronized(&self, patience: Duration) {
        self.0.synchronizer.synchronized(patience).await;
    }

    /// Answers clients of Phare's API at `address` (port 0: any free one), in place of the former address.
    ///
    /// # Errors
    /// [`ListenFault`]; the former address stays.
    pub async fn listen_gateway(&self, address: SocketAddr) -> Result<SocketAddr, ListenFault> {
        let (gateway, stamping) = (self.0.gateway.clone(), self.0.gateway.clone());
        let service = tower::service_fn(move |request| {
            let gateway = gateway.clone();
            async move { Ok::<_, Infallible>(gateway.handle(request).await) }
        });
        let wording = move |status, code: &str, message: &str| {
            let mut response = Response::new(Full::from(
                json!({ "message": message, "code": code }).to_string(),
            ));
            *response.status_mut() = status;
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            stamping.stamp(headers);
            response
        };
        let limits = ListenLimits::worded(Arc::new(wording));
        let address = self.0.gateway_door.open(address, service, limits).await?;
        // An address that stands for every one of this machine is none that anybody can call.
        let announced = (!address.ip().is_unspecified()).then(|| format!("http://{address}"));
        self.0.authority.announce(announced);
        Ok(address)
    }

    /// Answers clients of the management API at `address` (port 0: any free one).
    ///
    /// # Errors
    /// [`ListenFault`].
    pub async fn listen_management(&self, address: SocketAddr) -> Result<SocketAddr, ListenFault> {
        let limits = ListenLimits::worded(Arc::new(|status, code, detail| {
            gardien_authority::http::problem(status, code, detail).map(Full::from)
        }));
        let router = self.0.router.clone();
        self.0.management_door.open(address, router, limits).await
    }

    /// Lets the gateway rest, or go on. While it rests it listens, and answers each call with 503 and when to come
    /// again.
    pub fn pause_gateway(&self, paused: bool) {
        self.0.gateway.pause(paused);
    }

    /// Answers no more clients of Phare's API until [`Self::listen_gateway`].
    pub async fn stop_gateway(&self) {
        self.0.authority.announce(None);
        self.0.gateway_door.close().await;
    }

    /// Lets what runs finish, saves what has to last, and gives the data folder back.
    pub async fn stop(&self) {
        self.0.stop.cancel();
        self.0.gateway_door.close().await;
        self.0.management_door.close().await;
        tokio::join!(
            self.0.gateway_door.drained(),
            self.0.management_door.drained()
        );
        self.0.gateway.stop().await;
        self.0.store.close().await;
        drop(
            self.0
                .lock
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("store", &self.0.store)
            .finish_non_exhaustive()
    }
}
