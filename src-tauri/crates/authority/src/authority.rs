//! The authority as a whole: what it holds, and how it starts.
//!
//! What changes, follows and revokes has files of its own with its part of that state: they extend [`Authority`], which
//! holds them, and so know each other.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use gardien_domain::audit::AuditAction;
use gardien_domain::member::first_owner;
use gardien_domain::{Member, MemberId, Organization, Role};
use gardien_phare::PhareClient;
use gardien_store::{Change, Store, Witness};
use jiff::{Timestamp, TimestampRound, Unit};
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard, broadcast};
use tokio::time::timeout;
use uuid::Uuid;

use crate::api::Event;
use crate::behind::Behind;
use crate::changing::repeat;
use crate::elsewhere::Waited;
use crate::following::Followed;
use crate::in_force::InForce;
use crate::synchronizing::Reading;
use crate::waits::Waits;
use crate::{Attaching, Elsewhere, Enforcement, Fault, Secrets, System, check};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Events that a listener may be behind.
const EVENTS: usize = 256;

/// A store that takes longer to say where it stands cannot be worked with.
const READY: Duration = Duration::from_secs(2);

/// Who acts when no member does.
pub const SYSTEM: &str = "system";

/// Owns the organization, its keys and their audit trail. Cheap to clone; all clones are one authority.
#[derive(Clone)]
pub struct Authority {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) enforcement: Arc<dyn Enforcement>,
    pub(crate) behind: Arc<Behind>,
    gateway: Arc<RwLock<Option<String>>>,
    /// Held by whoever reads in order to change, so that changes of this process wait for each other.
    pub(crate) changing: Arc<Mutex<()>>,
    /// Held over a change of projects at Phare and here, so that they happen in the same order. It remembers the last
    /// reading.
    changing_projects: Arc<Mutex<Option<Reading>>>,
    pub(crate) in_force: Arc<InForce>,
    /// Nothing is tried again from here on.
    pub(crate) stopped: Arc<AtomicBool>,
    pub(crate) witness: Arc<Witness>,
    pub(crate) followed: Arc<Followed>,
    pub(crate) elsewhere: Option<Arc<Elsewhere>>,
    events: broadcast::Sender<Event>,
    clock: Clock,
}

impl Authority {
    /// Opens the authority over `store` and tells `enforcement` everything it has to know. Nothing stands behind the
    /// gateway yet. Where other gateways follow the same database, they are `elsewhere`.
    ///
    /// # Errors
    /// [`Fault::Store`] when the store cannot be read.
    pub async fn open(
        store: Arc<dyn Store>,
        enforcement: Arc<dyn Enforcement>,
        attaching: Arc<dyn Attaching>,
        secrets: Arc<dyn Secrets>,
        witness: Arc<Witness>,
        elsewhere: Option<Arc<Elsewhere>>,
        clock: Clock,
    ) -> Result<Self, Fault> {
        let authority = Self {
            store,
            in_force: Arc::new(InForce::new(enforcement.clone(), witness.clone())),
            enforcement,
            behind: Arc::new(Behind::new(attaching, secrets)),
            gateway: Arc::default(),
            changing: Arc::default(),
            changing_projects: Arc::default(),
            stopped: Arc::default(),
            witness,
            followed: Arc::default(),
            elsewhere,
            events: broadcast::Sender::new(EVENTS),
            clock,
        };
        authority.begin().await?;
        authority.recall().await?;
        Ok(authority)
    }

    /// Hears what changes, from here on, each change once it is in force. Whoever lags behind has missed some, and has
    /// to ask for everything again. It tells more than a member may see: see [`Event`].
    #[must_use]
    pub fn events(&self, _: System) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Whether anybody hears what changes.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.events.receiver_count() > 0
    }

    /// Tells whoever listens.
    pub fn publish(&self, event: Event) {
        // That nobody does is no error.
        let _ = self.events.send(event);
    }

    /// Comes back when everything is in force on every gateway that was taken away by now. `None` where nothing had to be
    /// waited for.
    pub async fn everywhere(&self) -> Option<Waited> {
        self.elsewhere.as_ref()?.everywhere().await
    }

    /// How long changes waited until they were in force on every gateway; `None` where there is only the one here.
    #[must_use]
    pub fn waits(&self) -> Option<&Waits> {
        self.elsewhere.as_ref().map(|elsewhere| elsewhere.waits())
    }

    /// Whether it can read what it keeps.
    pub async fn is_ready(&self) -> bool {
        matches!(timeout(READY, self.store.revision()).await, Ok(Ok(_)))
    }

    /// Ends what goes on behind, before the store is closed. What could not be written yet, the witness has.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// Tells people this base URL of the gateway from here on; `None`: nobody listens.
    pub fn announce(&self, gateway: Option<String>) {
        *self.gateway.write().unwrap_or_else(PoisonError::into_inner) = gateway;
    }

    pub(crate) fn announced(&self) -> Option<String> {
        let gateway = self.gateway.read();
        gateway.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Completes the first start: the organization and its Owner.
    ///
    /// # Errors
    /// [`Fault::AlreadyFounded`], [`Fault::Invalid`] by field, or [`Fault::Store`].
    pub async fn found(
        &self,
        _: System,
        organization: &str,
        email: &str,
    ) -> Result<MemberId, Fault> {
        let name = check::name("organization", organization)?;
        let email = check::email(email)?;
        let changing = &mut self.changing().await;
        repeat!(changing, {
            if first_owner(&self.store.members().await?).is_some() {
                return Err(Fault::AlreadyFounded);
            }
            // A server may have used the folder before: its limit stays.
            let organization = match self.store.organization().await? {
                Some(organization) => Organization {
                    name: name.clone(),
                    ..organization
                },
                None => Organization::named(name.clone()),
            };
            let owner = new_member(email.clone(), Role::Owner, self.now());
            let detail = json!({ "name": organization.name, "owner": owner.email });
            self.commit(
                changing,
                &[
                    Change::PutOrganization(organization),
                    Change::PutMember(owner.clone()),
                ],
                &owner.email,
                AuditAction::OrganizationCreated,
                String::new(),
                &detail,
            )
            .await?;
            Ok(owner.id)
        })
    }

    /// Makes an organization where there is none, for a server that nobody sits in front of.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn ensure_organization(&self, _: System) -> Result<(), Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            if self.store.organization().await?.is_some() {
                return Ok(());
            }
            let organization = Organization::named("Organization".to_owned());
            let detail = json!({ "name": organization.name });
            self.commit(
                changing,
                &[Change::PutOrganization(organization)],
                SYSTEM,
                AuditAction::OrganizationCreated,
                String::new(),
                &detail,
            )
            .await
        })
    }

    /// The member who has been Owner for longest; `None` before the first start is completed.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn owner(&self, _: System) -> Result<Option<MemberId>, Fault> {
        self.installation().await
    }

    /// Whose installation it is: what its secrets are kept under.
    pub(crate) async fn installation(&self) -> Result<Option<MemberId>, Fault> {
        let members = self.store.members().await?;
        Ok(first_owner(&members).map(|owner| owner.id))
    }

    /// The time, to the microsecond: what the store keeps.
    pub(crate) fn now(&self) -> Timestamp {
        let now = (self.clock)();
        now.round(
            TimestampRound::new()
                .smallest(Unit::Microsecond)
                .mode(jiff::RoundMode::Trunc),
        )
        .unwrap_or(now)
    }

    pub(crate) fn phare(&self) -> Result<PhareClient, Fault> {
        let attached = self.attached().ok_or(Fault::UpstreamMissing)?;
        Ok(attached.phare().clone())
    }

    pub(crate) async fn changing_projects(&self) -> MutexGuard<'_, Option<Reading>> {
        self.changing_projects.lock().await
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("store", &self.store)
            .field("enforcement", &self.enforcement)
            .finish_non_exhaustive()
    }
}

/// A member who joins now, assigned to nothing.
pub(crate) fn new_member(email: String, role: Role, now: Timestamp) -> Member {
    Member {
        id: MemberId(Uuid::now_v7()),
        email,
        role,
        projects: std::collections::BTreeSet::new(),
        created_at: now,
    }
}
