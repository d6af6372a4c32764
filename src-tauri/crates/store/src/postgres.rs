//! Everything in a PostgreSQL database: what a team's server uses, and gateways on several machines.
//!
//! A change locks one row first, so that changes come one after the other, whichever process makes them.

mod audit;
mod calls;
mod documents;
mod duty;
mod failover;
mod fault;
mod gateways;
mod key_filter;
mod key_order;
mod keys;
mod listen;
mod members;
mod open;
mod organization;
mod phare_keys;
mod pooler;
mod projects;
mod rules;
mod sealed;
mod sessions;
mod snapshot;
mod upstream;
mod uses;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join;
use gardien_domain::audit::{AuditEntry, AuditFault, AuditHash, AuditRecord};
use gardien_domain::lease::{GatewayId, Held, Renewal};
use gardien_domain::limit::{Asking, GatewayCalls, Leased, OwnCalls};
use gardien_domain::share::Share;
use gardien_domain::{
    AdoptedUpstream, AuditFilter, Key, KeyFilter, KeyId, KeyOrder, KeyPlace, KeyRule, Member,
    MemberId, NotedUse, Organization, PhareKey, Project, ProjectId, SecretDigest,
};
use jiff::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::{Connection, PgConnection};
use tokio::time::{sleep, timeout};

use crate::notices::Telling;
use crate::{
    Change, Changes, Gateway, Gateways, Head, KeyRows, KnownGateway, Ledger, Notices, Renewed,
    Revision, Session, Snapshot, Store, StoreError, StoredKey,
};
pub use failover::FailoverRisk;
use fault::{Fault, is_refusal, store_error};
pub use open::{AddressFault, PostgresOptions};

/// Nobody waits longer for anything, whatever the database or the way to it does.
const BOUND: Duration = Duration::from_secs(15);
/// After this it is looked up on another connection whether a change was made.
const COMMIT: Duration = Duration::from_secs(5);
/// For so long it is tried to be looked up: longer than the database keeps a transaction whose client is gone.
const LOOKING: Duration = Duration::from_secs(8);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(200);

/// Each statement sees what was committed before it, whatever is usual for this database: so what is read once the lock is
/// had is the newest.
const WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
/// All of one moment. It ends as its connection goes back.
const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A store in a PostgreSQL database. Cheap to clone; all clones are one store.
#[derive(Debug, Clone)]
pub struct Postgres {
    pool: PgPool,
    /// Of one connection, that listens.
    listening: PgPool,
    telling: Arc<Telling>,
}

/// A connection of the pool. Unless it was given back, nobody knows what is still under way on it, and it is closed.
struct Lent {
    connection: PoolConnection<sqlx::Postgres>,
    back: bool,
}

impl Lent {
    fn back(mut self) {
        self.back = true;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.back {
            self.connection.close_on_drop();
        }
    }
}

/// Asks the question on a connection, within the bound.
macro_rules! ask {
    ($store:expr, $connection:ident => $question:expr) => {{
        let asking = async {
            let mut lent = $store.lend().await?;
            let $connection: &mut PgConnection = &mut lent.connection;
            let answer = $question.await;
            lent.back();
            answer
        };
        bounded(asking).await.map_err(store_error)
    }};
}
use ask;

/// What became of a change.
enum Outcome {
    Made(AuditEntry),
    /// The newest revision is another.
    Conflict,
    /// The connection ended before the answer came.
    Unknown(AuditEntry, sqlx::Error),
}

impl Postgres {
    async fn lend(&self) -> sqlx::Result<Lent> {
        Ok(Lent {
            connection: self.pool.acquire().await?,
            back: false,
        })
    }

    async fn record(
        self,
        changes: Vec<Change>,
        record: AuditRecord,
        at: Revision,
    ) -> Result<AuditEntry, StoreError> {
        let made = self.record_there(&changes, record, at).await;
        let (entry, error) = match made.map_err(store_error)? {
            Outcome::Made(entry) => return Ok(entry),
            Outcome::Conflict => return Err(StoreError::Conflict),
            Outcome::Unknown(entry, error) => (entry, error),
        };
        match timeout(LOOKING, self.look_up(&entry)).await {
            Ok(true) => Ok(entry),
            Ok(false) => Err(store_error(error)),
            Err(_) => Err(StoreError::Unreachable(Fault::Unknown(error).into())),
        }
    }

    async fn record_there(
        &self,
        changes: &[Change],
        record: AuditRecord,
        at: Revision,
    ) -> sqlx::Result<Outcome> {
        let mut lent = self.lend().await?;
        let mut transaction = bounded(lent.connection.begin_with(WRITE)).await?;
        let entry = match bounded(write(&mut transaction, changes, record, at)).await {
            Ok(Some(entry)) => entry,
            unwritten => {
                // One that broke is not used again.
                if unwritten.as_ref().err().is_none_or(is_refusal) {
                    bounded(transaction.rollback()).await?;
                    lent.back();
                }
                return unwritten.map(|_| Outcome::Conflict);
            }
        };
        match within(COMMIT, transaction.commit()).await {
            Ok(()) => {
                lent.back();
                Ok(Outcome::Made(entry))
            }
            Err(error) if is_refusal(&error) => {
                lent.back();
                Err(error)
            }
            Err(error) => Ok(Outcome::Unknown(entry, error)),
        }
    }

    /// Whether the change with this entry was made, asked until the database says so.
    async fn look_up(&self, entry: &AuditEntry) -> bool {
        loop {
            let looked = ask!(self, connection => was_made(connection, entry));
            match looked {
                Ok(made) => return made,
                Err(error) => {
                    tracing::warn!(%error, "whether a change was made is not known yet");
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

/// `None`, and nothing to be committed, when the newest revision is not `at`.
async fn write(
    connection: &mut PgConnection,
    changes: &[Change],
    record: AuditRecord,
    at: Revision,
) -> sqlx::Result<Option<AuditEntry>> {
    audit::lock(connection).await?;
    let last = audit::last(connection).await?;
    if revision(last) != at {
        return Ok(None);
    }
    for change in changes {
        apply(connection, change, at.next()).await?;
    }
    audit::append(connection, record, last).await.map(Some)
}

/// Its transaction holds the lock until it has ended, one way or the other.
async fn was_made(connection: &mut PgConnection, entry: &AuditEntry) -> sqlx::Result<bool> {
    let mut transaction = connection.begin_with(WRITE).await?;
    audit::lock(&mut transaction).await?;
    let hash = audit::hash_of(&mut transaction, entry.sequence).await?;
    transaction.rollback().await?;
    Ok(hash == Some(entry.hash))
}

/// What takes longer has failed like a connection that broke.
async fn within<T>(
    time: Duration,
    asking: impl Future<Output = sqlx::Result<T>>,
) -> sqlx::Result<T> {
    timeout(time, asking)
        .await
        .unwrap_or_else(|late| Err(io::Error::new(io::ErrorKind::TimedOut, late).into()))
}

async fn bounded<T>(asking: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    within(BOUND, asking).await
}

/// What the newest entry of the audit trail numbers.
fn revision(last: Option<(u64, AuditHash)>) -> Revision {
    last.map_or(Revision::default(), |(sequence, _)| Revision(sequence))
}

async fn apply(connection: &mut PgConnection, change: &Change, at: Revision) -> sqlx::Result<()> {
    match change {
        Change::PutOrganization(organization) => {
            organization::put(connection, organization, at).await
        }
        Change::PutKey(key) => keys::put(connection, key, at).await,
        Change::PutMember(member) => members::put(connection, member).await,
        Change::RemoveMember(id, at) => members::remove(connection, *id, *at).await,
        Change::PutProject(project) => projects::put(connection, project, at).await,
        Change::DeleteProject(id) => projects::delete(connection, *id, at).await,
        Change::PutSession(session) => sessions::put(connection, session).await,
        Change::DeleteSession(id) => sessions::delete(connection, *id).await,
        Change::DeleteExpiredSessions(now) => sessions::delete_expired(connection, *now).await,
        Change::PutPhareKey(key) => phare_keys::put(connection, key, at).await,
        Change::DeletePhareKey(id) => phare_keys::delete(connection, *id, at).await,
        Change::PutUpstream(upstream) => upstream::put(connection, upstream).await,
    }
}

#[async_trait]
impl Store for Postgres {
    /// Goes on to its end, also when whoever waits for it has gone or was told that it takes too long.
    async fn commit(
        &self,
        changes: &[Change],
        record: AuditRecord,
        at: Revision,
    ) -> Result<AuditEntry, StoreError> {
        let recording = self.clone().record(changes.to_vec(), record, at);
        match timeout(BOUND, tokio::spawn(recording)).await {
            Ok(Ok(recorded)) => recorded,
            Ok(Err(error)) => Err(StoreError::Unavailable(error.into())),
            Err(late) => Err(StoreError::Unreachable(late.into())),
        }
    }

    async fn revision(&self) -> Result<Revision, StoreError> {
        ask!(self, connection => audit::last(connection)).map(revision)
    }

    async fn snapshot(
        &self,
        each: &mut (dyn FnMut(KeyRule, Share) + Send),
    ) -> Result<Snapshot, StoreError> {
        let mut lent = self.lend().await.map_err(store_error)?;
        // Bounded piece by piece: it may be of a million keys.
        let snapshot = snapshot::get(&mut lent.connection, each).await;
        let snapshot = snapshot.map_err(store_error)?;
        lent.back();
        Ok(snapshot)
    }

    async fn changes_since(&self, revision: Revision) -> Result<Changes, StoreError> {
        let mut lent = self.lend().await.map_err(store_error)?;
        let changes = snapshot::changes(&mut lent.connection, revision).await;
        let changes = changes.map_err(store_error)?;
        lent.back();
        Ok(changes)
    }

    async fn upstream(&self) -> Result<Option<AdoptedUpstream>, StoreError> {
        ask!(self, connection => upstream::get(connection))
    }

    async fn organization(&self) -> Result<Option<Organization>, StoreError> {
        ask!(self, connection => organization::get(connection))
    }

    async fn key(&self, id: KeyId) -> Result<Option<StoredKey>, StoreError> {
        ask!(self, connection => keys::get(connection, id))
    }

    async fn keys_by_secret(
        &self,
        digests: &[SecretDigest],
    ) -> Result<Vec<Option<StoredKey>>, StoreError> {
        ask!(self, connection => keys::by_secret(connection, digests))
    }

    async fn keys(
        &self,
        filter: &KeyFilter,
        now: Timestamp,
        order: KeyOrder,
        after: Option<&KeyPlace>,
        limit: u32,
    ) -> Result<KeyRows, StoreError> {
        ask!(self, connection => keys::page(connection, filter, now, order, after, limit))
    }

    async fn key_count(&self) -> Result<usize, StoreError> {
        ask!(self, connection => keys::count(connection))
    }

    async fn every_key(&self) -> Result<Vec<Key>, StoreError> {
        let mut lent = self.lend().await.map_err(store_error)?;
        let every = keys::every(&mut lent.connection).await;
        let every = every.map_err(store_error)?;
        lent.back();
        Ok(every)
    }

    async fn live_keys(&self, now: Timestamp) -> Result<HashMap<ProjectId, u32>, StoreError> {
        ask!(self, connection => keys::live(connection, now))
    }

    async fn reserved(&self, but_for: Option<KeyId>, now: Timestamp) -> Result<u64, StoreError> {
        ask!(self, connection => keys::reserved(connection, but_for, now))
    }

    async fn projects(&self) -> Result<Vec<Project>, StoreError> {
        ask!(self, connection => projects::all(connection))
    }

    async fn phare_keys(&self) -> Result<Vec<PhareKey>, StoreError> {
        ask!(self, connection => phare_keys::all(connection))
    }

    async fn members(&self) -> Result<Vec<Member>, StoreError> {
        ask!(self, connection => members::all(connection))
    }

    async fn every_member(&self) -> Result<Vec<Member>, StoreError> {
        ask!(self, connection => members::every(connection))
    }

    async fn member(&self, id: MemberId) -> Result<Option<Member>, StoreError> {
        ask!(self, connection => members::get(connection, id))
    }

    async fn member_by_email(&self, email: &str) -> Result<Option<Member>, StoreError> {
        ask!(self, connection => members::by_email(connection, email))
    }

    async fn session(&self, digest: &SecretDigest) -> Result<Option<Session>, StoreError> {
        ask!(self, connection => sessions::get(connection, digest))
    }

    async fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        ask!(self, connection => sessions::all(connection))
    }

    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        ask!(self, connection => audit::page(connection, filter, before, limit))
    }

    async fn has(&self, head: Head) -> Result<bool, StoreError> {
        let hash = ask!(self, connection => audit::hash_of(connection, head.revision.0))?;
        Ok(hash == Some(head.hash))
    }

    async fn verify_audit(&self) -> Result<Result<u64, (u64, AuditFault)>, StoreError> {
        let mut lent = self.lend().await.map_err(store_error)?;
        let verified = audit::verify(&mut lent.connection).await;
        let verified = verified.map_err(store_error)?;
        lent.back();
        Ok(verified)
    }

    async fn close(&self) {
        // What is under way ends by its own bounds.
        let _ = timeout(BOUND, join(self.pool.close(), self.listening.close())).await;
    }
}

#[async_trait]
impl Ledger for Postgres {
    async fn calls(&self) -> Result<Vec<GatewayCalls>, StoreError> {
        ask!(self, connection => calls::all(connection))
    }

    async fn lease_calls(
        &self,
        gateway: GatewayId,
        number: u64,
        own: &OwnCalls,
        asking: &Asking,
    ) -> Result<Leased, StoreError> {
        ask!(self, connection => calls::lease(connection, gateway, number, own, asking))
    }

    async fn record_uses(&self, uses: &[NotedUse]) -> Result<(), StoreError> {
        ask!(self, connection => uses::record(connection, uses))
    }
}

#[async_trait]
impl Gateways for Postgres {
    async fn renew(
        &self,
        gateway: &Gateway,
        renewal: &Renewal,
        at: Timestamp,
    ) -> Result<Renewed, StoreError> {
        ask!(self, connection => gateways::renew(connection, gateway, renewal, at))
    }

    async fn held_below(&self, revision: Revision) -> Result<Vec<Held<GatewayId>>, StoreError> {
        ask!(self, connection => gateways::held_below(connection, revision))
    }

    async fn let_go(&self, gateway: GatewayId, renewals: u64) -> Result<bool, StoreError> {
        ask!(self, connection => gateways::let_go(connection, gateway, renewals))
    }

    async fn give_back(&self, gateway: GatewayId) -> Result<(), StoreError> {
        ask!(self, connection => gateways::give_back(connection, gateway))
    }

    async fn gateways(&self) -> Result<Vec<KnownGateway>, StoreError> {
        ask!(self, connection => gateways::all(connection))
    }

    fn notices(&self) -> Notices {
        self.telling.hear()
    }
}
