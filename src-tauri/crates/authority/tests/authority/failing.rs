//! A real store whose disk can be filled: then it reads, and refuses every change. And one that others are faster at.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use gardien_domain::audit::{AuditEntry, AuditFault, AuditRecord};
use gardien_domain::share::Share;
use gardien_domain::{
    AdoptedUpstream, AuditFilter, Key, KeyFilter, KeyId, KeyOrder, KeyPlace, KeyRule, Member,
    MemberId, Organization, PhareKey, Project, ProjectId, SecretDigest,
};
use gardien_store::{
    Change, Changes, Head, KeyRows, Revision, Session, Snapshot, Sqlite, Store, StoreError,
    StoredKey,
};
use jiff::Timestamp;

/// What another process does.
pub(crate) type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(crate) struct Failing {
    pub(crate) store: Arc<Sqlite>,
    pub(crate) full: AtomicBool,
    /// The newest entry of the audit trail cannot be read.
    pub(crate) torn: AtomicBool,
    /// How often a key was read.
    pub(crate) reads: AtomicUsize,
    /// Done one by one, each before the next change that was decided already.
    pub(crate) meanwhile: Mutex<VecDeque<Meanwhile>>,
}

impl fmt::Debug for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

#[async_trait]
impl Store for Failing {
    async fn commit(
        &self,
        changes: &[Change],
        record: AuditRecord,
        at: Revision,
    ) -> Result<AuditEntry, StoreError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreError::Full("full".into()));
        }
        let meanwhile = self.meanwhile.lock().unwrap().pop_front();
        if let Some(meanwhile) = meanwhile {
            meanwhile.await;
        }
        self.store.commit(changes, record, at).await
    }
    async fn revision(&self) -> Result<Revision, StoreError> {
        if self.torn.load(Ordering::SeqCst) {
            return Err(StoreError::Damaged("torn".into()));
        }
        self.store.revision().await
    }
    async fn snapshot(
        &self,
        each: &mut (dyn FnMut(KeyRule, Share) + Send),
    ) -> Result<Snapshot, StoreError> {
        self.store.snapshot(each).await
    }
    async fn key_count(&self) -> Result<usize, StoreError> {
        self.store.key_count().await
    }
    async fn changes_since(&self, revision: Revision) -> Result<Changes, StoreError> {
        self.store.changes_since(revision).await
    }
    async fn upstream(&self) -> Result<Option<AdoptedUpstream>, StoreError> {
        self.store.upstream().await
    }
    async fn organization(&self) -> Result<Option<Organization>, StoreError> {
        self.store.organization().await
    }
    async fn reserved(&self, but_for: Option<KeyId>, now: Timestamp) -> Result<u64, StoreError> {
        self.store.reserved(but_for, now).await
    }
    async fn key(&self, id: KeyId) -> Result<Option<StoredKey>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.store.key(id).await
    }
    async fn keys(
        &self,
        filter: &KeyFilter,
        now: Timestamp,
        order: KeyOrder,
        after: Option<&KeyPlace>,
        limit: u32,
    ) -> Result<KeyRows, StoreError> {
        self.store.keys(filter, now, order, after, limit).await
    }
    async fn keys_by_secret(
        &self,
        digests: &[SecretDigest],
    ) -> Result<Vec<Option<StoredKey>>, StoreError> {
        self.store.keys_by_secret(digests).await
    }
    async fn every_key(&self) -> Result<Vec<Key>, StoreError> {
        self.store.every_key().await
    }
    async fn live_keys(&self, now: Timestamp) -> Result<HashMap<ProjectId, u32>, StoreError> {
        self.store.live_keys(now).await
    }
    async fn projects(&self) -> Result<Vec<Project>, StoreError> {
        self.store.projects().await
    }
    async fn phare_keys(&self) -> Result<Vec<PhareKey>, StoreError> {
        self.store.phare_keys().await
    }
    async fn members(&self) -> Result<Vec<Member>, StoreError> {
        self.store.members().await
    }
    async fn every_member(&self) -> Result<Vec<Member>, StoreError> {
        self.store.every_member().await
    }
    async fn member(&self, id: MemberId) -> Result<Option<Member>, StoreError> {
        self.store.member(id).await
    }
    async fn member_by_email(&self, email: &str) -> Result<Option<Member>, StoreError> {
        self.store.member_by_email(email).await
    }
    async fn session(&self, digest: &SecretDigest) -> Result<Option<Session>, StoreError> {
        self.store.session(digest).await
    }
    async fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        self.store.sessions().await
    }
    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.store.audit(filter, before, limit).await
    }
    async fn has(&self, head: Head) -> Result<bool, StoreError> {
        self.store.has(head).await
    }
    async fn verify_audit(&self) -> Result<Result<u64, (u64, AuditFault)>, StoreError> {
        self.store.verify_audit().await
    }
    async fn close(&self) {
        self.store.close().await;
    }
}
