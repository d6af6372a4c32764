//! The database under test, and things to put into it.

use std::sync::Arc;

use async_trait::async_trait;
use gardien_domain::audit::{AuditAction, AuditEntry, AuditRecord};
use gardien_domain::key::PreviousSecrets;
use gardien_domain::share::Share;
use gardien_domain::{
    Key, KeyId, KeyParts, Member, MemberId, ProductScope, ProductScopes, Project, ProjectId, Role,
    Scope, SecretDigest,
};
pub(crate) use gardien_store::Database as Everything;
use gardien_store::{Change, StoreError};
use jiff::Timestamp;
use uuid::Uuid;

/// An empty database of its own for one test.
#[async_trait]
pub(crate) trait Database: Sync {
    /// Opens it once more, as another process would.
    async fn open(&self) -> Arc<dyn Everything>;
    /// Runs SQL past the store.
    async fn execute(&self, sql: &'static str) -> Result<(), String>;
    /// Removes what keeps the audit trail from being changed, as an intruder would.
    async fn disarm_audit(&self);
}

/// Microseconds since 1970.
pub(crate) fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap()
}

pub(crate) fn record(action: AuditAction, subject: impl Into<String>) -> AuditRecord {
    AuditRecord {
        at: at(1_790_000_000_000_000),
        actor: "ada@example.com".into(),
        action,
        subject: subject.into(),
        detail: r#"{"name":"dépôt"}"#.into(),
    }
}

pub(crate) fn some_record() -> AuditRecord {
    record(AuditAction::OrganizationUpdated, "")
}

pub(crate) fn member(number: u128, email: &str) -> Member {
    Member {
        id: MemberId(Uuid::from_u128(number)),
        email: email.into(),
        role: Role::Admin,
        projects: [].into(),
        created_at: at(1_700_000_000_000_001),
    }
}

pub(crate) fn project(id: i64, name: &str) -> Project {
    Project {
        id: ProjectId(id),
        slug: format!("project-{id}"),
        name: name.into(),
        created_at: at(1_700_000_000_000_002),
    }
}

/// An organization key made by the member with number 1.
pub(crate) fn key(number: u128) -> Key {
    let mut digest = [7; 32];
    digest[..16].copy_from_slice(&number.to_be_bytes());
    Key::from_parts(KeyParts {
        id: KeyId(Uuid::from_u128(number)),
        name: format!("Key {number}"),
        note: String::new(),
        scope: Scope::Organization {},
        products: ProductScopes {
            platform: ProductScope::Read,
            uptime: ProductScope::None,
        },
        digest: SecretDigest(digest),
        display: format!("pha_org_gdn_{number:04}…zzzz"),
        previous: PreviousSecrets::default(),
        share: Share::default(),
        created_at: at(1_700_000_000_000_003),
        created_by: MemberId(Uuid::from_u128(1)),
        expires_at: None,
        revoked: None,
    })
}

pub(crate) async fn commit(store: &dyn Everything, changes: &[Change]) -> AuditEntry {
    enter(store, changes, some_record()).await.unwrap()
}

/// Commits at the newest revision.
pub(crate) async fn enter(
    store: &dyn Everything,
    changes: &[Change],
    record: AuditRecord,
) -> Result<AuditEntry, StoreError> {
    let at = store.revision().await?;
    store.commit(changes, record, at).await
}

/// A store with the member who makes every key.
pub(crate) async fn opened(database: &dyn Database) -> Arc<dyn Everything> {
    let store = database.open().await;
    let ada = member(1, "ada@example.com");
    commit(&*store, &[Change::PutMember(ada)]).await;
    store
}
