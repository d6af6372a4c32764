//! Everything in one SQLite file: what the desktop app and a single server use.
//!
//! One connection writes, several read. A second process may open the same file for short work.

mod audit;
mod blame;
mod calls;
mod clean;
mod documents;
mod examine;
mod fault;
mod gateways;
mod key_filter;
mod key_order;
mod keys;
mod members;
mod open;
mod organization;
mod phare_keys;
mod place;
mod projects;
mod rules;
mod sealed;
mod sessions;
mod snapshot;
mod upstream;
mod uses;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use gardien_domain::audit::{AuditEntry, AuditFault, AuditHash, AuditRecord};
use gardien_domain::lease::{GatewayId, Held, Renewal};
use gardien_domain::limit::{Asking, GatewayCalls, Leased, OwnCalls};
use gardien_domain::share::Share;
use gardien_domain::{
    AdoptedUpstream, AuditFilter, Key, KeyFilter, KeyId, KeyOrder, KeyPlace, KeyRule, Member,
    MemberId, NotedUse, Organization, PhareKey, Project, ProjectId, SecretDigest,
};
use jiff::Timestamp;
use sqlx::sqlite::SqlitePool;
use sqlx::{SqliteConnection, SqliteTransaction};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::columns;
use crate::{
    Change, Changes, Duties, Duty, Gateway, Gateways, Head, KeyRows, KnownGateway, Ledger, Notices,
    Renewed, Revision, Session, Snapshot, Store, StoreError, StoredKey,
};
use fault::store_error;
use place::Place;

/// Whoever waits for a write is told after this, whatever it does: it may hang in the disk. Long enough for a machine that
/// is busy with something else.
const BOUND: Duration = Duration::from_secs(15);

/// A store in one SQLite file. Cheap to clone; all clones are one store.
#[derive(Debug, Clone)]
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Held over every change, and over what a gateway counts.
    place: Arc<Mutex<Place>>,
    /// Looks through the whole file; none once that is known to hold.
    proving: Arc<Mutex<Option<Proving>>>,
}

/// Whether the whole file holds.
type Proving = JoinHandle<Result<(), StoreError>>;

impl Sqlite {
    /// A transaction that holds the right to write from its start: it can wait for its turn, but never find later
    /// that another process changed what it has read.
    async fn write(&self) -> sqlx::Result<SqliteTransaction<'_>> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// Waits until the whole file is known to hold.
    async fn whole(&self) -> Result<(), StoreError> {
        let mut proving = self.proving.lock().await;
        let Some(task) = &mut *proving else {
            return Ok(());
        };
        let proven = task.await;
        *proving = None;
        proven.map_err(|error| StoreError::Unavailable(error.into()))?
    }

    /// Writes what is no change, in one transaction.
    async fn note<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut SqliteConnection) -> BoxFuture<'_, sqlx::Result<T>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        bounded(async move {
            let mut place = store.place.lock().await;
            let noting = async {
                let mut transaction = store.write().await?;
                let noted = write(&mut transaction).await?;
                transaction.commit().await?;
                Ok(noted)
            };
            let noted = noting.await.map_err(store_error)?;
            place.fold(&store.writer).await;
            Ok(noted)
        })
        .await
    }

    /// What could not be read may be a file that is not there any more.
    async fn answer<T>(&self, answer: sqlx::Result<T>) -> Result<T, StoreError> {
        let error = match answer {
            Ok(answer) => return Ok(answer),
            Err(error) => store_error(error),
        };
        // Not while somebody writes: whoever hangs in the disk would be waited for.
        if let Ok(mut place) = self.place.try_lock()
            && !self.writer.is_closed()
            && matches!(place.check().await, Err(StoreError::Displaced))
        {
            return Err(StoreError::Displaced);
        }
        Err(error)
    }

    /// No success for what is not in the file of that name, before and after.
    async fn record(
        self,
        changes: Vec<Change>,
        record: AuditRecord,
        at: Revision,
    ) -> Result<AuditEntry, StoreError> {
        let mut place = self.place.lock().await;
        if self.writer.is_closed() {
            // By closing, the log was folded into the file.
            return Err(store_error(sqlx::Error::PoolClosed));
        }
        place.check().await?;
        let recorded = self.record_there(&changes, record, at).await;
        let entry = recorded.map_err(store_error)?.ok_or(StoreError::Conflict)?;
        if !self.writer.is_closed() {
            place.check().await?;
        }
        place.note(&entry);
        place.fold(&self.writer).await;
        Ok(entry)
    }

    /// `None`, and nothing written, when the newest revision is not `at`.
    async fn record_there(
        &self,
        changes: &[Change],
        record: AuditRecord,
        at: Revision,
    ) -> sqlx::Result<Option<AuditEntry>> {
        let mut transaction = self.write().await?;
        let last = audit::last(&mut *transaction).await?;
        if revision(last) != at {
            transaction.rollback().await?;
            return Ok(None);
        }
        for change in changes {
            apply(&mut transaction, change, at.next()).await?;
        }
        let entry = audit::append(&mut transaction, record, last).await?;
        transaction.commit().await?;
        Ok(Some(entry))
    }
}

/// Does it to its end, also when whoever waits for it has gone or was told that it takes too long.
async fn bounded<T: Send + 'static>(
    write: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    match timeout(BOUND, tokio::spawn(write)).await {
        Ok(Ok(done)) => done,
        Ok(Err(error)) => Err(StoreError::Unavailable(error.into())),
        Err(late) => Err(StoreError::Unreachable(late.into())),
    }
}

/// What the newest entry of the audit trail numbers.
fn revision(last: Option<(u64, AuditHash)>) -> Revision {
    last.map_or(Revision::default(), |(sequence, _)| Revision(sequence))
}

async fn apply(
    connection: &mut SqliteConnection,
    change: &Change,
    at: Revision,
) -> sqlx::Result<()> {
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
impl Store for Sqlite {
    async fn commit(
        &self,
        changes: &[Change],
        record: AuditRecord,
        at: Revision,
    ) -> Result<AuditEntry, StoreError> {
        bounded(self.clone().record(changes.to_vec(), record, at)).await
    }

    async fn revision(&self) -> Result<Revision, StoreError> {
        let last = audit::last(&self.readers).await;
        self.answer(last.map(revision)).await
    }

    async fn snapshot(
        &self,
        each: &mut (dyn FnMut(KeyRule, Share) + Send),
    ) -> Result<Snapshot, StoreError> {
        let snapshot = snapshot::get(&self.readers, each).await;
        // First: of a file that does not hold it says more.
        self.whole().await?;
        self.answer(snapshot).await
    }

    async fn changes_since(&self, revision: Revision) -> Result<Changes, StoreError> {
        let changes = snapshot::changes(&self.readers, revision).await;
        self.answer(changes).await
    }

    async fn upstream(&self) -> Result<Option<AdoptedUpstream>, StoreError> {
        self.answer(upstream::get(&self.readers).await).await
    }

    async fn organization(&self) -> Result<Option<Organization>, StoreError> {
        self.answer(organization::get(&self.readers).await).await
    }

    async fn key(&self, id: KeyId) -> Result<Option<StoredKey>, StoreError> {
        self.answer(keys::get(&self.readers, id).await).await
    }

    async fn keys_by_secret(
        &self,
        digests: &[SecretDigest],
    ) -> Result<Vec<Option<StoredKey>>, StoreError> {
        let keys = keys::by_secret(&self.readers, digests).await;
        self.answer(keys).await
    }

    async fn keys(
        &self,
        filter: &KeyFilter,
        now: Timestamp,
        order: KeyOrder,
        after: Option<&KeyPlace>,
        limit: u32,
    ) -> Result<KeyRows, StoreError> {
        let page = keys::page(&self.readers, filter, now, order, after, limit).await;
        self.answer(page).await
    }

    async fn key_count(&self) -> Result<usize, StoreError> {
        self.answer(keys::count(&self.readers).await).await
    }

    async fn every_key(&self) -> Result<Vec<Key>, StoreError> {
        let mut every = Vec::new();
        let each = keys::every(&self.readers, &mut |key| every.push(key)).await;
        self.answer(each.map(|()| every)).await
    }

    async fn live_keys(&self, now: Timestamp) -> Result<HashMap<ProjectId, u32>, StoreError> {
        self.answer(keys::live(&self.readers, now).await).await
    }

    async fn reserved(&self, but_for: Option<KeyId>, now: Timestamp) -> Result<u64, StoreError> {
        let reserved = keys::reserved(&self.readers, but_for, now).await;
        self.answer(reserved).await
    }

    async fn projects(&self) -> Result<Vec<Project>, StoreError> {
        self.answer(projects::all(&self.readers).await).await
    }

    async fn phare_keys(&self) -> Result<Vec<PhareKey>, StoreError> {
        self.answer(phare_keys::all(&self.readers).await).await
    }

    async fn members(&self) -> Result<Vec<Member>, StoreError> {
        self.answer(members::all(&self.readers).await).await
    }

    async fn every_member(&self) -> Result<Vec<Member>, StoreError> {
        members::every(&self.readers).await.map_err(store_error)
    }

    async fn member(&self, id: MemberId) -> Result<Option<Member>, StoreError> {
        self.answer(members::get(&self.readers, id).await).await
    }

    async fn member_by_email(&self, email: &str) -> Result<Option<Member>, StoreError> {
        let member = members::by_email(&self.readers, email).await;
        self.answer(member).await
    }

    async fn session(&self, digest: &SecretDigest) -> Result<Option<Session>, StoreError> {
        let session = sessions::get(&self.readers, digest).await;
        self.answer(session).await
    }

    async fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        sessions::all(&self.readers).await.map_err(store_error)
    }

    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let entries = audit::page(&self.readers, filter, before, limit).await;
        self.answer(entries).await
    }

    async fn has(&self, head: Head) -> Result<bool, StoreError> {
        let hash = audit::hash_of(&self.readers, head.revision.0).await;
        Ok(self.answer(hash).await? == Some(head.hash))
    }

    async fn verify_audit(&self) -> Result<Result<u64, (u64, AuditFault)>, StoreError> {
        // What can still be read of a file that is gone is no trail.
        let place = timeout(BOUND, self.place.lock()).await;
        let mut place = place.map_err(|late| StoreError::Unreachable(late.into()))?;
        place.check().await?;
        drop(place);
        self.answer(audit::verify(&self.readers).await).await
    }

    /// Readers first: the last to go is then the writer, which folds the write-ahead log into the file.
    async fn close(&self) {
        let closed = async {
            // Held by whoever writes, or looks through the file still.
            let mut place = self.place.try_lock().ok();
            let whole = match &mut place {
                Some(place) if !self.writer.is_closed() => place.check().await.is_ok(),
                _ => false,
            };
            self.readers.close().await;
            self.writer.close().await;
            if let Some(place) = place.filter(|_| whole) {
                place.mark_clean();
            }
        };
        // Where a write hangs in the disk, the log tells the next start what came of it.
        let _ = timeout(BOUND, closed).await;
    }
}

#[async_trait]
impl Ledger for Sqlite {
    async fn calls(&self) -> Result<Vec<GatewayCalls>, StoreError> {
        calls::all(&self.readers).await.map_err(store_error)
    }

    async fn lease_calls(
        &self,
        gateway: GatewayId,
        number: u64,
        own: &OwnCalls,
        asking: &Asking,
    ) -> Result<Leased, StoreError> {
        let (own, asking) = (own.clone(), asking.clone());
        self.note(move |connection| {
            Box::pin(async move { calls::lease(connection, gateway, number, &own, &asking).await })
        })
        .await
    }

    async fn record_uses(&self, uses: &[NotedUse]) -> Result<(), StoreError> {
        let uses = uses.to_vec();
        self.note(|connection| Box::pin(async move { uses::record(connection, &uses).await }))
            .await
    }
}

#[async_trait]
impl Gateways for Sqlite {
    async fn renew(
        &self,
        gateway: &Gateway,
        renewal: &Renewal,
        at: Timestamp,
    ) -> Result<Renewed, StoreError> {
        let (gateway, renewal) = (gateway.clone(), *renewal);
        let renewing = self.note(move |connection| {
            Box::pin(async move { gateways::renew(connection, &gateway, &renewal, at).await })
        });
        let in_time = renewing.await?;
        // Of a transaction of its own: it sees every change that whoever saw no lease may have committed.
        let newest = self.revision().await?;
        Ok(Renewed { in_time, newest })
    }

    async fn held_below(&self, revision: Revision) -> Result<Vec<Held<GatewayId>>, StoreError> {
        let held = gateways::held_below(&self.readers, revision).await;
        self.answer(held).await
    }

    async fn let_go(&self, gateway: GatewayId, renewals: u64) -> Result<bool, StoreError> {
        self.note(move |connection| Box::pin(gateways::let_go(connection, gateway, renewals)))
            .await
    }

    async fn give_back(&self, gateway: GatewayId) -> Result<(), StoreError> {
        self.note(move |connection| Box::pin(gateways::give_back(connection, gateway)))
            .await
    }

    async fn gateways(&self) -> Result<Vec<KnownGateway>, StoreError> {
        self.answer(gateways::all(&self.readers).await).await
    }

    fn notices(&self) -> Notices {
        Notices::none()
    }
}

/// One process has the folder.
#[async_trait]
impl Duties for Sqlite {
    async fn duty(&self) -> Result<Option<Duty>, StoreError> {
        Ok(Some(Duty::sole()))
    }
}
