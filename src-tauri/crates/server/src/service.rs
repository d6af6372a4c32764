//! A running Gardien over one data folder: the store, the gateway and the authority, and two doors.

use std::fmt;
use std::future::ready;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use gardien_authority::http::{Api, OnAsked};
use gardien_authority::{Authority, Client, Elsewhere, Fault, Secrets, System};
use gardien_domain::MemberId;
use gardien_domain::lease::GatewayId;
use gardien_domain::organization::DEFAULT_CALLS_PER_MINUTE;
use gardien_egress::Proxies;
use gardien_gateway::{Ended, Gateway, GatewayError, Peer};
use gardien_store::{
    Database, FolderLock, Head, Postgres, PostgresOptions, Sqlite, StoreError, Witness,
};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, Uri};
use http_body_util::Full;
use secrecy::SecretString;
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::{Notify, broadcast};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::attachment::Builder;
use crate::clock::{steady_clock, system_clock};
use crate::door::{Door, ListenFault};
use crate::duty::OnDuty;
use crate::enforce::{GatewayEnforcement, Seat, StoreLedger};
use crate::examiner;
use crate::health;
use crate::listen::{Given, Incoming, ListenLimits, Until};
use crate::live;
use crate::metrics::{self, Watched};
use crate::places::Connected;
use crate::sealed::{Sealed, SealingKeys};
use crate::secrets::InMemory;
use crate::sharing::{Place, Sharing};
use crate::synchronizer::Synchronizer;
use crate::workers::Workers;

/// How long the end waits for the disk to take what the witness has.
const SYNC: Duration = Duration::from_secs(2);

/// Why a data folder cannot be opened. What it holds is left as it was, but that an older layout is brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// The store: damaged, newer, in use, full, or not answering.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The database is older than what was acknowledged, or another one: a copy was put in its place, say. A person has
    /// to say whether to go on with it.
    #[error(
        "the data is older than it should be: change {acknowledged} was the last one, here it is {found}"
    )]
    Older {
        /// The newest change that was acknowledged.
        acknowledged: u64,
        /// The newest change that is there.
        found: u64,
    },
    /// The gateway cannot start from what the store holds.
    #[error("{0}")]
    Gateway(#[from] GatewayError),
    /// The authority cannot start from what the store holds.
    #[error("{0}")]
    Authority(#[from] Fault),
}

const START: System =
    System::because("whoever starts the process holds the folder and its keychain");

/// The database of a data folder.
#[must_use]
pub fn database(data: &Path) -> PathBuf {
    data.join("gardien.db")
}

/// What is known before a data folder is opened.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// The newest change that was acknowledged, as it was remembered outside of the folder.
    pub acknowledged: Option<Head>,
    /// Whether to go on with a database that does not have it.
    pub accept_older: bool,
    /// The address of the Phare whose keys can be attached; none where only the sandbox can be.
    pub phare: Option<String>,
    /// What the way to Phare leads through.
    pub proxies: Proxies,
    /// Where the secrets of Phare's keys are kept that are attached while it runs; none: in memory, until it ends.
    pub secrets: Option<Arc<dyn Secrets>>,
    /// What seals them into the database instead; none: they are not kept there.
    pub sealing: Option<SealingKeys>,
    /// Threads that answer clients of Phare's API at most; none: one.
    pub workers: Option<NonZeroUsize>,
    /// The database that this server shares with others; none: it has its own, in the folder.
    pub sharing: Option<Sharing>,
}

async fn opened(options: &PostgresOptions) -> Result<Postgres, StoreError> {
    let store = Postgres::open(options).await?;
    if let Some(risk) = store.failover_risk().await {
        tracing::warn!("{risk}");
    }
    Ok(store)
}

/// The newest of these changes that the database does not have.
async fn missing(
    store: &dyn Database,
    heads: [Option<Head>; 2],
) -> Result<Option<Head>, StoreError> {
    let mut missing: Option<Head> = None;
    for head in heads.into_iter().flatten() {
        let newer = missing.is_none_or(|known| known.revision < head.revision);
        if newer && !store.has(head).await? {
            missing = Some(head);
        }
    }
    Ok(missing)
}

/// A running Gardien. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    store: Arc<dyn Database>,
    witness: Arc<Witness>,
    gateway: Gateway,
    authority: Authority,
    synchronizer: Synchronizer,
    stop: CancellationToken,
    examine_soon: Arc<Notify>,
    router: Api,
    gateway_door: Door,
    management_door: Door,
    metrics_door: Door,
    on_duty: OnDuty,
    place: Option<Place>,
    lock: Mutex<Option<FolderLock>>,
}

impl Service {
    /// Opens the data folder, which is made if missing, and holds it against other processes. Nobody listens
    /// and nothing is forwarded yet.
    ///
    /// # Errors
    /// [`OpenFault`].
    pub async fn open(data: &Path) -> Result<Self, OpenFault> {
        Self::open_with(data, Opening::default()).await
    }

    /// [`Self::open`], knowing more.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_with(data: &Path, opening: Opening) -> Result<Self, OpenFault> {
        let lock = gardien_store::lock(data)?;
        let witness = Arc::new(Witness::open(&data.join("gardien.witness"))?);
        let store: Arc<dyn Database> = match &opening.sharing {
            Some(sharing) => Arc::new(opened(&sharing.database).await?),
            None => Arc::new(Sqlite::open_early(&database(data)).await?),
        };
        let sharing = opening.sharing.as_ref();
        let place = sharing.filter(|sharing| sharing.gateway);
        let place = place.map(|sharing| Place::of(sharing, store.clone()));
        let missing = missing(&*store, [witness.head(), opening.acknowledged]).await?;
        if let Some(head) = missing
            && !opening.accept_older
        {
            let found = store.revision().await?.0;
            store.close().await;
            return Err(OpenFault::Older {
                acknowledged: head.revision.0,
                found,
            });
        }
        let seat = match (&place, sharing) {
            (Some(place), _) => Seat::Among(place.id()),
            (None, Some(_)) => Seat::Among(GatewayId(Uuid::now_v7())),
            (None, None) => Seat::Alone,
        };
        let ledger = Arc::new(StoreLedger::new(store.clone(), seat));
        let gateway = Gateway::start(DEFAULT_CALLS_PER_MINUTE, ledger, system_clock()).await?;
        if let Some(place) = &place {
            place.bind(&gateway);
        }
        let own = place.as_ref().map(Place::id);
        let elsewhere = sharing.map(|_| Elsewhere::new(store.clone(), own, steady_clock()));
        let enforcement = Arc::new(GatewayEnforcement(gateway.clone()));
        let (answers, heard) = unbounded_channel();
        let (synchronizer, work) = Synchronizer::new();
        let builder = Builder {
            phare: opening.phare,
            proxies: opening.proxies,
            store: store.clone(),
            gateway: gateway.clone(),
            synchronizer: synchronizer.clone(),
            answers,
        };
        let workers = opening.workers.unwrap_or(NonZeroUsize::MIN);
        let secrets: Arc<dyn Secrets> = match (opening.sealing, opening.secrets) {
            (Some(keys), _) => Arc::new(Sealed::with(keys, store.clone())),
            (None, Some(secrets)) => secrets,
            (None, None) => Arc::new(InMemory::default()),
        };
        let opened = Authority::open(
            store.clone(),
            enforcement,
            Arc::new(builder),
            secrets,
            witness.clone(),
            elsewhere.map(Arc::new),
            system_clock(),
        )
        .await;
        let authority = match opened {
            Ok(authority) => authority,
            Err(fault) => {
                store.close().await;
                return Err(match fault {
                    Fault::Store(error) => OpenFault::Store(error),
                    fault => OpenFault::Authority(fault),
                });
            }
        };
        if let Some(head) = missing {
            let accepted = authority.accept_older(START, head.revision).await;
            if let Err(fault) = accepted {
                // What it began to write would go on in a folder that somebody else may open.
                authority.stop();
                store.close().await;
                return Err(fault.into());
            }
        }
        let stop = CancellationToken::new();
        let following = authority.clone();
        tokio::spawn(stop.clone().run_until_cancelled_owned(async move {
            following.keep_following().await;
        }));
        let on_duty = match sharing {
            Some(_) => OnDuty::among_others(store.clone(), stop.clone()),
            None => OnDuty::always(),
        };
        work.start(authority.clone(), on_duty.clone(), stop.clone());
        let soon = Arc::<Notify>::default();
        examiner::start(
            authority.clone(),
            heard,
            soon.clone(),
            gateway.clone(),
            on_duty.clone(),
            stop.clone(),
        );
        live::start(authority.clone(), gateway.clone(), stop.clone());
        Ok(Self(Arc::new(Inner {
            synchronizer,
            stop,
            examine_soon: soon,
            store,
            witness,
            gateway,
            router: gardien_authority::http::router(authority.clone()),
            authority,
            gateway_door: Door::with(Workers::new(workers)),
            management_door: Door::default(),
            metrics_door: Door::default(),
            on_duty,
            place,
            lock: Mutex::new(Some(lock)),
        })))
    }

    /// The authority.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.0.authority
    }

    pub(crate) fn store(&self) -> &dyn Database {
        &*self.0.store
    }

    pub(crate) fn gateway(&self) -> &Gateway {
        &self.0.gateway
    }

    /// Hears the name of a key of Phare's whenever Phare begins to refuse it.
    #[must_use]
    pub fn refusals(&self) -> broadcast::Receiver<String> {
        self.0.authority.refusals()
    }

    /// Calls Phare with exactly these secrets: what a server is started with. They are examined behind.
    ///
    /// # Errors
    /// As [`Authority::attach_given`].
    pub async fn attach_given(&self, secrets: &[SecretString]) -> Result<(), Fault> {
        self.0.authority.attach_given(START, secrets).await?;
        self.0.examine_soon.notify_one();
        Ok(())
    }

    /// The newest change that was acknowledged; `None` before the first. To be remembered outside of the folder, which may
    /// be put back as a whole.
    #[must_use]
    pub fn acknowledged(&self) -> Option<Head> {
        self.0.witness.head()
    }

    /// The Owner; `None` before the first start is completed.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn owner(&self) -> Result<Option<MemberId>, Fault> {
        self.0.authority.owner(START).await
    }

    /// Completes the first start.
    ///
    /// # Errors
    /// As [`Authority::found`].
    pub async fn found(&self, organization: &str, email: &str) -> Result<MemberId, Fault> {
        self.0.authority.found(START, organization, email).await
    }

    /// A client of the management API that asks as this member, without a socket.
    #[must_use]
    pub fn client(&self, member: MemberId) -> Client {
        Client::embedded(self.0.router.clone(), member)
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
        let (authority, general) = (self.0.authority.clone(), Handle::current());
        let begin = move |address: IpAddr, connected: Connected| {
            let peer = Arc::new(Peer::at(address, move |key| connected.belongs_to(key.0)));
            let (gateway, authority) = (gateway.clone(), authority.clone());
            let general = general.clone();
            move |request: Request<Incoming>| {
                let health = health::answer(&request, &authority, &gateway, &general);
                let (gateway, peer) = (gateway.clone(), peer.clone());
                async move {
                    if let Some(health) = health {
                        return health.await.into();
                    }
                    let mut answer = gateway.handle_from(&peer, request).await;
                    let ended = answer.extensions_mut().remove::<Ended>();
                    let until = ended.map(|ended| Box::pin(ended.over()) as Until);
                    Given { answer, until }
                }
            }
        };
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
        let address = self.0.gateway_door.open(address, begin, limits).await?;
        // An address that stands for every one of this machine is none that anybody can call.
        let announced = (!address.ip().is_unspecified()).then(|| format!("http://{address}"));
        self.0.authority.announce(announced);
        if let Some(place) = &self.0.place {
            place.take(&self.0.authority, address).await;
        }
        Ok(address)
    }

    /// Says what clients of Phare's API are to call, where that is not the address it listens at: people are told, and links
    /// in answers begin with it.
    pub fn announce_gateway(&self, url: &Uri) {
        let told = url.to_string().trim_end_matches('/').to_owned();
        self.0.authority.announce(Some(told));
        self.0.gateway.lead_to(url);
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
        let begin = move |_, connected: Connected| {
            let router = router.clone();
            let asked = OnAsked::new(move |member| connected.belongs_to(member.0));
            move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(asked.clone());
                let answering = router.clone().oneshot(request);
                answering.map(|Ok(answer)| answer.into())
            }
        };
        self.0.management_door.open(address, begin, limits).await
    }

    /// Tells at `address` (port 0: any free one) what can be watched of it, to anybody: at `/metrics`, as Prometheus reads it.
    ///
    /// # Errors
    /// [`ListenFault`].
    pub async fn listen_metrics(&self, address: SocketAddr) -> Result<SocketAddr, ListenFault> {
        let watched = Arc::new(Watched {
            gateway: self.0.gateway.clone(),
            authority: self.0.authority.clone(),
            leased: self.0.place.as_ref().map(Place::leased),
            on_duty: self.0.on_duty.clone(),
            connections: [
                ("gateway", self.0.gateway_door.connections()),
                ("management", self.0.management_door.connections()),
            ],
        });
        let begin = move |_, _| {
            let watched = watched.clone();
            move |request: Request<Incoming>| ready(watched.answer(&request).into())
        };
        let wording = |status, _: &str, message: &str| metrics::plain(status, message.to_owned());
        let limits = ListenLimits::worded(Arc::new(wording));
        self.0.metrics_door.open(address, begin, limits).await
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
        self.0.metrics_door.close().await;
        tokio::join!(
            self.0.gateway_door.drained(),
            self.0.management_door.drained(),
            self.0.metrics_door.drained()
        );
        if let Some(place) = &self.0.place {
            place.leave().await;
        }
        self.0.gateway.stop().await;
        self.0.authority.stop();
        self.0.store.close().await;
        let synced = self.0.witness.sync();
        // A disk that hangs keeps nobody from ending: the system has what was written.
        let _ = timeout(SYNC, synced).await;
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
