//! Where everything that must last is kept.
//!
//! One interface, and behind it SQLite or PostgreSQL: nothing of either shows in a signature. Every change goes in
//! together with its audit entry or not at all, and only on top of the very state that it was decided in: so changes of
//! several processes cannot overwrite each other.
//!
//! The words of the interface are here, at the root, and what implements them below uses them from here.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

use std::collections::HashMap;
use std::fmt::Debug;

use async_trait::async_trait;
use gardien_domain::audit::{AuditEntry, AuditFault, AuditRecord};
use gardien_domain::share::Share;
use gardien_domain::{
    AdoptedUpstream, AuditFilter, Key, KeyFilter, KeyId, KeyOrder, KeyPlace, KeyRule, KeySort,
    LastUse, Member, MemberId, Organization, PhareKey, PhareKeyId, Project, ProjectId,
    SecretDigest, SessionId,
};
use jiff::Timestamp;

mod columns;
pub mod documents;
mod duty;
pub mod error;
mod folder;
mod gateways;
mod jitter;
mod ledger;
mod notices;
mod phare_slot;
pub mod postgres;
mod revision;
mod rows;
mod sealed;
mod snapshot;
pub mod sqlite;
mod witness;

pub use documents::{Document, Documents};
pub use duty::{Duties, Duty};
pub use error::StoreError;
pub use folder::{FolderLock, lock};
pub use gateways::{Gateway, Gateways, KnownGateway, Renewed};
pub use jitter::sooner;
pub use ledger::{ALONE, Ledger};
pub use notices::Notices;
pub use postgres::{FailoverRisk, Postgres, PostgresOptions};
pub use revision::Revision;
pub use sealed::SealedSecrets;
pub use snapshot::{Changes, Snapshot};
pub use sqlite::Sqlite;
pub use witness::{Head, Witness, Witnessed};

/// One change to what the authority owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Creates or changes the organization.
    PutOrganization(Organization),
    /// Creates or changes a key.
    PutKey(Key),
    /// Creates or changes a member and the projects assigned to them.
    PutMember(Member),
    /// Removes a member at this time, and ends their sessions. The keys that they made stay, with their name.
    RemoveMember(MemberId, Timestamp),
    /// Creates or changes the copy of a project.
    PutProject(Project),
    /// Forgets a project. Its keys stay, orphaned.
    DeleteProject(ProjectId),
    /// Opens a session.
    PutSession(Session),
    /// Ends a session.
    DeleteSession(SessionId),
    /// Forgets the sessions that have expired by this time.
    DeleteExpiredSessions(Timestamp),
    /// Creates or changes what is known of a key of Phare's.
    PutPhareKey(PhareKey),
    /// Forgets a key of Phare's.
    DeletePhareKey(PhareKeyId),
    /// Lets projects and keys belong to this upstream.
    PutUpstream(AdoptedUpstream),
}

/// A key with what is known about it from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The key.
    pub key: Key,
    /// Name of the project it is bound to, while that exists.
    pub project_name: Option<String>,
    /// Mail address of the member who made it.
    pub created_by: String,
    /// When and for what it was last used.
    pub last_use: Option<LastUse>,
    /// When the secret before was last used since it was replaced.
    pub previous_used_at: Option<Timestamp>,
    /// The same of the one before that.
    pub earlier_used_at: Option<Timestamp>,
}

impl StoredKey {
    /// Where a list by `sort` has it.
    #[must_use]
    pub fn place(&self, sort: KeySort) -> KeyPlace {
        KeyPlace::of(
            sort,
            &self.key,
            self.project_name.as_deref(),
            self.last_use.as_ref(),
        )
    }
}

/// One page of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRows {
    /// In the order that was asked for.
    pub rows: Vec<StoredKey>,
    /// Keys that the filter keeps, on all pages.
    pub total: u64,
}

/// A session of a member with the management API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// What it is named by.
    pub id: SessionId,
    /// SHA-256 of its token. The token itself is never stored.
    pub digest: SecretDigest,
    /// Whose it is.
    pub member: MemberId,
    /// When it was opened.
    pub created_at: Timestamp,
    /// From this moment on it is refused.
    pub expires_at: Timestamp,
}

/// All that one database keeps, of the one organization that is in it.
pub trait Database: Store + Ledger + Documents + Gateways + Duties + SealedSecrets {}

impl<T: Store + Ledger + Documents + Gateways + Duties + SealedSecrets> Database for T {}

/// What the authority keeps.
#[async_trait]
pub trait Store: Send + Sync + Debug {
    /// The newest revision. Whatever is read after it is the state of that one, if a commit at it is made.
    async fn revision(&self) -> Result<Revision, StoreError>;

    /// Makes all changes and appends their audit entry, in one transaction. Durable when it returns.
    ///
    /// Only while the newest revision is `at`, of which the changes were decided: else [`StoreError::Conflict`], and
    /// nothing is written.
    async fn commit(
        &self,
        changes: &[Change],
        record: AuditRecord,
        at: Revision,
    ) -> Result<AuditEntry, StoreError>;

    /// All that a gateway enforces, as of the newest revision: of every key, whatever its status, what is enforced is handed
    /// to `each`, in no order. They are not all in memory at any moment.
    async fn snapshot(
        &self,
        each: &mut (dyn FnMut(KeyRule, Share) + Send),
    ) -> Result<Snapshot, StoreError>;

    /// What became of it since a revision that there was.
    async fn changes_since(&self, revision: Revision) -> Result<Changes, StoreError>;

    /// What projects and keys belong to; `None` before anything was attached.
    async fn upstream(&self) -> Result<Option<AdoptedUpstream>, StoreError>;

    /// The organization; `None` before the first start is completed.
    async fn organization(&self) -> Result<Option<Organization>, StoreError>;

    /// One key.
    async fn key(&self, id: KeyId) -> Result<Option<StoredKey>, StoreError>;

    /// The key that has, or had before one of its last rotations, the secret of each digest, in the same order.
    async fn keys_by_secret(
        &self,
        digests: &[SecretDigest],
    ) -> Result<Vec<Option<StoredKey>>, StoreError>;

    /// Keys that `filter` keeps at `now`, in this order, after the place `after`, which is one of that order.
    async fn keys(
        &self,
        filter: &KeyFilter,
        now: Timestamp,
        order: KeyOrder,
        after: Option<&KeyPlace>,
        limit: u32,
    ) -> Result<KeyRows, StoreError>;

    /// How many keys there are.
    async fn key_count(&self) -> Result<usize, StoreError>;

    /// Every key.
    async fn every_key(&self) -> Result<Vec<Key>, StoreError>;

    /// Keys bound to each project that are neither revoked nor expired at `now`.
    async fn live_keys(&self, now: Timestamp) -> Result<HashMap<ProjectId, u32>, StoreError>;

    /// Calls a minute that are kept free for keys that work at `now`, all together but for one of them.
    async fn reserved(&self, but_for: Option<KeyId>, now: Timestamp) -> Result<u64, StoreError>;

    /// Projects, by name.
    async fn projects(&self) -> Result<Vec<Project>, StoreError>;

    /// Phare's own keys, oldest first.
    async fn phare_keys(&self) -> Result<Vec<PhareKey>, StoreError>;

    /// Members, by mail address. Here and below, whoever was removed is none any more.
    async fn members(&self) -> Result<Vec<Member>, StoreError>;

    /// Whoever is or was a member, in any order: for their names.
    async fn every_member(&self) -> Result<Vec<Member>, StoreError>;

    /// One member.
    async fn member(&self, id: MemberId) -> Result<Option<Member>, StoreError>;

    /// The member with this (lower-case) mail address.
    async fn member_by_email(&self, email: &str) -> Result<Option<Member>, StoreError>;

    /// The session whose token has this digest, expired or not.
    async fn session(&self, digest: &SecretDigest) -> Result<Option<Session>, StoreError>;

    /// Sessions, expired or not, newest first.
    async fn sessions(&self) -> Result<Vec<Session>, StoreError>;

    /// Audit entries that `filter` keeps, before sequence number `before`, newest first.
    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError>;

    /// Whether this change is there, with this hash.
    async fn has(&self, head: Head) -> Result<bool, StoreError>;

    /// Walks the whole audit chain: how many entries there are, or how many hold and what is wrong after them.
    async fn verify_audit(&self) -> Result<Result<u64, (u64, AuditFault)>, StoreError>;

    /// Closes the database in order. Later calls fail.
    async fn close(&self);
}
