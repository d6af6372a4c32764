//! An authority over a real store, with an enforcer that writes down what it is told.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gardien_authority::api::NewKey;
use gardien_authority::{
    Actor, Authority, Clock, Elsewhere, Enforcement, LimitReading, Reached, SYSTEM, System,
    issue_session,
};
use gardien_domain::audit::{AuditAction, AuditRecord};
use gardien_domain::key::Revocation;
use gardien_domain::schedule::Part;
use gardien_domain::share::Share;
use gardien_domain::what_if::{CouldMake, WhatIf};
use gardien_domain::{
    AuditFilter, Key, KeyId, KeyParts, KeyRule, MemberId, Organization, ProductScope,
    ProductScopes, Project, ProjectId, Role, Scope, Secret,
};
use gardien_store::{Change, Sqlite, Store, Witness};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::behind::{Building, Chain, Upstreams};
use crate::failing::Failing;

const NOBODY: MemberId = MemberId(Uuid::nil());

#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) keys: Mutex<Vec<Key>>,
    pub(crate) limit: Mutex<Option<u32>>,
    pub(crate) revoked: Notify,
    /// How often it was to answer nothing from memory any more.
    pub(crate) forgotten: AtomicUsize,
}

impl Told {
    pub(crate) fn last(&self, id: KeyId) -> Key {
        let keys = self.keys.lock().unwrap();
        keys.iter().rfind(|key| key.id() == id).unwrap().clone()
    }
}

impl Enforcement for Told {
    fn revoke(&self, id: KeyId, revocation: Revocation) {
        let known = self
            .keys
            .lock()
            .unwrap()
            .iter()
            .rfind(|key| key.id() == id)
            .cloned();
        if let Some(mut key) = known {
            key.revoke(revocation);
            self.put_key(&key);
        }
    }
    fn expect_keys(&self, _: usize) {}
    /// Whoever begins hears nothing that people read.
    fn begin_key(&self, rule: KeyRule, share: Share) {
        let revoked = rule.revoked_at.map(|at| Revocation { at, by: NOBODY });
        self.put_key(&Key::from_parts(KeyParts {
            id: rule.id,
            name: String::new(),
            note: String::new(),
            scope: rule.scope,
            products: rule.products,
            digest: rule.digest,
            display: String::new(),
            previous: rule.previous,
            share,
            created_at: Timestamp::UNIX_EPOCH,
            created_by: NOBODY,
            expires_at: rule.expires_at,
            revoked,
        }));
    }
    fn put_key(&self, key: &Key) {
        self.keys.lock().unwrap().push(key.clone());
        if key.revoked().is_some() {
            self.revoked.notify_one();
        }
    }
    fn put_projects(&self, _: &[Project]) {}
    fn remove_project(&self, _: ProjectId) {}
    fn set_limit(&self, organization: &Organization) {
        *self.limit.lock().unwrap() = Some(organization.calls_per_minute);
    }
    fn forget_reads(&self) {
        self.forgotten.fetch_add(1, Ordering::Relaxed);
    }
    fn limits(&self, most: usize, seen: &dyn Fn(Scope) -> bool) -> LimitReading {
        let keys = self.keys.lock().unwrap();
        let seen = keys.iter().filter(|key| seen(key.scope()));
        LimitReading {
            pace: None,
            used: 90,
            remaining: 10,
            waiting: 0,
            saved: 0,
            reset_seconds: 7,
            hold: None,
            direct: None,
            reached: Some(Reached {
                at: Timestamp::UNIX_EPOCH,
                most: seen.clone().next().map(part),
            }),
            by_key: seen.take(most).map(part).collect(),
        }
    }
    /// Whoever asks could have made half, and the newest key a fifth.
    fn what_if(&self, key: Option<KeyId>, _: Share) -> WhatIf {
        let could = |made| CouldMake {
            wanted: 10,
            made,
            began: 1_799_999_940_000,
        };
        let keys = self.keys.lock().unwrap();
        let other = keys.last();
        WhatIf {
            known_minutes: 7,
            key: key.map(|_| could(5)),
            other: other.map(|key| (key.id(), could(2))),
        }
    }
}

/// Each has made one call.
fn part(key: &Key) -> Part {
    Part {
        calls: 1,
        share: key.share(),
        ..Part::of(key.id())
    }
}

pub(crate) struct World {
    pub(crate) authority: Authority,
    pub(crate) owner: Actor,
    pub(crate) told: Arc<Told>,
    pub(crate) store: Arc<Failing>,
    pub(crate) witness: Arc<Witness>,
    pub(crate) now: Arc<Mutex<Timestamp>>,
    /// What stands behind the gateway.
    pub(crate) upstreams: Arc<Upstreams>,
    /// Where secrets lie.
    pub(crate) chain: Arc<Chain>,
    folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&folder.path().join("gardien.db"))
            .await
            .unwrap();
        let store = Arc::new(Failing {
            store: Arc::new(store),
            full: AtomicBool::new(false),
            torn: AtomicBool::new(false),
            reads: AtomicUsize::new(0),
            meanwhile: Mutex::default(),
        });
        let told = Arc::new(Told::default());
        let now = Arc::new(Mutex::new(Timestamp::from_second(1_800_000_000).unwrap()));
        let clock = now.clone();
        let clock = Arc::new(move || *clock.lock().unwrap());
        let witness = Arc::new(Witness::open(&folder.path().join("gardien.witness")).unwrap());
        let (upstreams, chain) = (Arc::<Upstreams>::default(), Arc::<Chain>::default());
        let authority = Authority::open(
            store.clone(),
            told.clone(),
            Arc::new(Building(upstreams.clone())),
            chain.clone(),
            witness.clone(),
            None,
            clock,
        );
        let authority = authority.await.unwrap();
        let owner = authority
            .found(system(), "Harbour", "Ada@Example.com")
            .await
            .unwrap();
        let owner = authority.actor(owner).await.unwrap();
        Self {
            authority,
            owner,
            told,
            store,
            witness,
            now,
            upstreams,
            chain,
            folder,
        }
    }

    /// The same after a restart, before anything stands behind its gateway. The Owner acts in it.
    pub(crate) async fn again(&self) -> (Authority, Actor) {
        let now = self.now.clone();
        let clock = Arc::new(move || *now.lock().unwrap());
        let authority = self.opened(self.told.clone(), clock).await;
        let owner = authority.actor(self.owner.member().id).await.unwrap();
        (authority, owner)
    }

    /// Somebody with a session of their own, and its token.
    pub(crate) async fn someone(&self, email: &str, role: Role) -> (Actor, String) {
        let now = *self.now.lock().unwrap();
        let token = issue_session(system(), self.store.as_ref(), email, role, now).await;
        let token = token.unwrap().expose_secret().to_owned();
        let actor = self.authority.identify(&token).await.unwrap();
        (actor, token)
    }

    /// An authority over the same, for this enforcer.
    pub(crate) async fn opened(&self, told: Arc<Told>, clock: Clock) -> Authority {
        let building = Arc::new(Building(self.upstreams.clone()));
        let (store, chain, witness) =
            (self.store.clone(), self.chain.clone(), self.witness.clone());
        let authority = Authority::open(store, told, building, chain, witness, None, clock);
        authority.await.unwrap()
    }

    /// An authority that shares the database with others, and what its steady clock shows.
    pub(crate) async fn sharing(&self) -> (Authority, Arc<AtomicU64>) {
        let (steady, now) = (Arc::new(AtomicU64::new(1_000)), self.now.clone());
        let clock = steady.clone();
        let clock = Arc::new(move || clock.load(Ordering::SeqCst));
        let elsewhere = Elsewhere::new(self.store.store.clone(), None, clock);
        let authority = Authority::open(
            self.store.clone(),
            self.told.clone(),
            Arc::new(Building(self.upstreams.clone())),
            self.chain.clone(),
            self.witness.clone(),
            Some(Arc::new(elsewhere)),
            Arc::new(move || *now.lock().unwrap()),
        );
        (authority.await.unwrap(), steady)
    }

    /// Another process over the same database, in which the Owner acts as well.
    pub(crate) async fn beside(&self) -> (Authority, Actor, Arc<Told>) {
        let store = Sqlite::open(&self.folder.path().join("gardien.db")).await;
        // Of a folder of its own: one process has the one beside the database.
        let witness = tempfile::tempdir().unwrap();
        let witness = Arc::new(Witness::open(&witness.path().join("gardien.witness")).unwrap());
        let (told, now) = (Arc::new(Told::default()), self.now.clone());
        let clock = Arc::new(move || *now.lock().unwrap());
        let building = Arc::new(Building(Arc::default()));
        let (store, chain) = (Arc::new(store.unwrap()), Arc::<Chain>::default());
        let authority = Authority::open(store, told.clone(), building, chain, witness, None, clock);
        let authority = authority.await.unwrap();
        let owner = authority.actor(self.owner.member().id).await.unwrap();
        (authority, owner, told)
    }

    /// Commits past the authority, as another process would.
    pub(crate) async fn commit(&self, changes: &[Change], record: AuditRecord) {
        let store = &self.store.store;
        let at = store.revision().await.unwrap();
        store.commit(changes, record, at).await.unwrap();
    }

    /// Lets another process do this before the next change that was decided already.
    pub(crate) fn meanwhile(&self, done: impl Future<Output = ()> + Send + 'static) {
        let mut queue = self.store.meanwhile.lock().unwrap();
        queue.push_back(Box::pin(done));
    }

    /// Lets another process be faster at so many changes.
    pub(crate) fn outrun(&self, times: usize) {
        for _ in 0..times {
            let (store, record) = (self.store.store.clone(), system_record(self));
            self.meanwhile(async move {
                let at = store.revision().await.unwrap();
                store.commit(&[], record, at).await.unwrap();
            });
        }
    }

    /// Waits until a revocation that is in force is written.
    pub(crate) async fn written(&self, id: KeyId) {
        for _ in 0..600 {
            let stored = self.store.key(id).await.unwrap().unwrap();
            if stored.key.revoked() == self.told.last(id).revoked() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("the revocation was never written");
    }

    pub(crate) fn later(&self, seconds: i64) {
        let mut now = self.now.lock().unwrap();
        *now += SignedDuration::from_secs(seconds);
    }

    pub(crate) async fn key(&self) -> (KeyId, Secret) {
        let manager = self.owner.manage_keys().unwrap();
        let created = self.authority.create_key(manager, new_key()).await.unwrap();
        let secret = Secret::parse(created.secret.expose_secret()).unwrap();
        (created.key.id, secret)
    }

    pub(crate) async fn actions(&self) -> Vec<String> {
        let entries = self
            .store
            .audit(&AuditFilter::default(), None, 100)
            .await
            .unwrap();
        entries
            .iter()
            .rev()
            .map(|entry| entry.record.action.to_string())
            .collect()
    }
}

/// Nobody acts.
pub(crate) fn system() -> System {
    System::because("a test")
}

/// An entry about nothing in particular.
pub(crate) fn system_record(world: &World) -> AuditRecord {
    AuditRecord {
        at: *world.now.lock().unwrap(),
        actor: SYSTEM.to_owned(),
        action: AuditAction::ProjectsSynchronized,
        subject: String::new(),
        detail: "{}".to_owned(),
    }
}

pub(crate) fn new_key() -> NewKey {
    NewKey {
        name: "Grafana".to_owned(),
        note: String::new(),
        scope: Scope::Organization {},
        products: ProductScopes {
            platform: ProductScope::None,
            uptime: ProductScope::Read,
        },
        share: None,
        expires_at: None,
    }
}
