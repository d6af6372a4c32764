//! The SQLite file itself: made private, never harmed when it is not ours, shared with care.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods
)]

mod older;
mod place;
mod uses;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gardien_domain::audit::{AuditAction, AuditEntry, AuditRecord};
use gardien_domain::limit::{Asking, Leased, OwnCalls, SavedCalls};
use gardien_domain::share::Share;
use gardien_domain::{
    AdoptedUpstream, AtLimit, KeyId, LastUse, Member, MemberId, Organization, Project, ProjectId,
    Role, SessionId, UpstreamIdentity,
};
use gardien_store::{
    ALONE, Change, Documents, Ledger, Revision, Session, Sqlite, Store, StoreError, lock,
};
use jiff::Timestamp;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, SqliteConnection};
use tempfile::TempDir;
use uuid::Uuid;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gardien.db");
    (folder, path)
}

fn record() -> AuditRecord {
    AuditRecord {
        at: Timestamp::UNIX_EPOCH,
        actor: "system".into(),
        action: AuditAction::ProjectsSynchronized,
        subject: String::new(),
        detail: "{}".into(),
    }
}

/// Commits at the newest revision.
async fn enter(store: &Sqlite, changes: &[Change]) -> Result<AuditEntry, StoreError> {
    let at = store.revision().await?;
    store.commit(changes, record(), at).await
}

/// Saves them as the gateway that is alone.
async fn save_calls(store: &Sqlite, calls: &SavedCalls) -> Result<Leased, StoreError> {
    let own = OwnCalls {
        calls: calls.clone(),
        ..OwnCalls::default()
    };
    let asking = Asking::default();
    store.lease_calls(ALONE, 1, &own, &asking).await
}

/// Something in every table that fills pages.
async fn fill(store: &Sqlite) {
    let mut changes: Vec<_> = (1..=200)
        .map(|id| {
            Change::PutProject(Project {
                id: ProjectId(id),
                slug: format!("project-{id}"),
                name: "A project with a name that takes its room".into(),
                created_at: Timestamp::UNIX_EPOCH,
            })
        })
        .collect();
    changes.push(Change::PutMember(Member {
        id: MemberId(Uuid::from_u128(1)),
        email: "ada@example.com".into(),
        role: Role::Owner,
        projects: (1..=200).map(ProjectId).collect(),
        created_at: Timestamp::UNIX_EPOCH,
    }));
    enter(store, &changes).await.unwrap();
}

async fn filled(path: &Path) {
    let store = Sqlite::open(path).await.unwrap();
    fill(&store).await;
    store.close().await;
}

async fn raw(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    options.connect().await.unwrap()
}

async fn execute(path: &Path, sql: &'static str) {
    let mut connection = raw(path).await;
    connection.execute(sql).await.unwrap();
    connection.close().await.unwrap();
}

/// Opening fails as damaged and changes nothing in the file.
async fn refused_as_damaged(path: &Path) {
    let before = fs::read(path).unwrap();
    let error = Sqlite::open(path).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
    assert!(fs::read(path).unwrap() == before, "the file was changed");
}

#[cfg(unix)]
#[tokio::test]
async fn file_and_folder_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let (folder, _) = folder();
    let data = folder.path().join("made/data");
    let held = lock(&data).unwrap();
    let store = Sqlite::open(&data.join("gardien.db")).await.unwrap();
    fill(&store).await;
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(data.parent().unwrap()), 0o700);
    let files: Vec<_> = fs::read_dir(&data)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(
        files.len(),
        4,
        "database, its log and index, the lock: {files:?}"
    );
    for file in files {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
    drop(held);
}

#[tokio::test]
async fn a_folder_is_held_by_one() {
    let (folder, _) = folder();
    let held = lock(folder.path()).unwrap();
    assert!(matches!(lock(folder.path()), Err(StoreError::InUse)));
    drop(held);
    assert!(lock(folder.path()).is_ok());
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_unchanged() {
    let (_folder, path) = folder();
    let contents = [
        b"xy".to_vec(),
        b"{\"theme\":\"dark\"}".to_vec(),
        vec![0; 5_000],
        vec![0xa5; 100_000],
        b"SQLite format 3\0".to_vec(),
    ];
    for content in contents {
        fs::write(&path, content).unwrap();
        refused_as_damaged(&path).await;
    }
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_unchanged() {
    let (_folder, path) = folder();
    execute(&path, "CREATE TABLE notes (text)").await;
    refused_as_damaged(&path).await;
}

#[tokio::test]
async fn damage_to_any_page_is_refused_and_unchanged() {
    const PAGE: usize = 4096;
    let (_folder, path) = folder();
    filled(&path).await;
    let whole = fs::read(&path).unwrap();
    for page in 0..whole.len() / PAGE {
        let mut damaged = whole.clone();
        damaged[page * PAGE..][..PAGE].fill(0x5a);
        fs::write(&path, damaged).unwrap();
        refused_as_damaged(&path).await;
    }
    fs::write(&path, &whole[..whole.len() - 3 * PAGE]).unwrap();
    refused_as_damaged(&path).await;
    fs::write(&path, &whole).unwrap();
    assert!(Sqlite::open(&path).await.is_ok());
}

/// Whatever is damaged, and however early somebody writes.
#[tokio::test]
async fn a_damaged_file_is_not_written_while_it_is_looked_through() {
    const PAGE: usize = 4096;
    let (_folder, path) = folder();
    filled(&path).await;
    let whole = fs::read(&path).unwrap();
    let mut was_read = false;
    for page in 0..whole.len() / PAGE {
        let mut damaged = whole.clone();
        damaged[page * PAGE..][..PAGE].fill(0x5a);
        fs::write(&path, &damaged).unwrap();
        let refused = match Sqlite::open_early(&path).await {
            Err(refused) => refused,
            Ok(store) => {
                was_read = true;
                let calls = SavedCalls::default();
                let mut each = |_, _| ();
                let (written, saved, read) = tokio::join!(
                    enter(&store, &[]),
                    save_calls(&store, &calls),
                    store.snapshot(&mut each)
                );
                assert!(written.is_err() && saved.is_err(), "{written:?} {saved:?}");
                assert!(enter(&store, &[]).await.is_err());
                store.close().await;
                read.unwrap_err()
            }
        };
        assert!(matches!(refused, StoreError::Damaged(_)), "{refused:?}");
        assert!(fs::read(&path).unwrap() == damaged, "the file was changed");
    }
    assert!(was_read);
    fs::write(&path, &whole).unwrap();
    let store = Sqlite::open_early(&path).await.unwrap();
    let mut each = |_, _| ();
    let (written, read) = tokio::join!(enter(&store, &[]), store.snapshot(&mut each));
    assert!(written.is_ok() && read.is_ok(), "{written:?} {read:?}");
}

/// Copies what a killed process leaves: the file, and the log that holds its last commits.
async fn left_by_a_crash(to: &Path) {
    let (_folder, path) = folder();
    filled(&path).await;
    let store = Sqlite::open(&path).await.unwrap();
    enter(&store, &[]).await.unwrap();
    for end in ["", "-wal"] {
        fs::copy(with(&path, end), with(to, end)).unwrap();
    }
}

fn with(path: &Path, end: &str) -> PathBuf {
    format!("{}{end}", path.display()).into()
}

#[tokio::test]
async fn what_was_committed_before_a_crash_is_there() {
    let (_folder, path) = folder();
    left_by_a_crash(&path).await;
    let store = Sqlite::open(&path).await.unwrap();
    assert_eq!(store.verify_audit().await.unwrap(), Ok(2));
}

#[tokio::test]
async fn a_damaged_file_with_a_log_beside_it_is_left_alone() {
    let (_folder, path) = folder();
    left_by_a_crash(&path).await;
    let log = fs::read(with(&path, "-wal")).unwrap();
    assert!(!log.is_empty());
    let damaged = vec![0x5a; fs::read(&path).unwrap().len()];
    fs::write(&path, damaged).unwrap();
    refused_as_damaged(&path).await;
    assert!(fs::read(with(&path, "-wal")).unwrap() == log);
}

#[tokio::test]
async fn a_crash_at_the_very_first_start_is_undone() {
    let (_from, half) = folder();
    let (_to, path) = folder();
    let mut connection = raw(&half).await;
    let much = "PRAGMA cache_size = 1; BEGIN; CREATE TABLE half (text);
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                INSERT INTO half SELECT hex(zeroblob(100)) FROM n";
    connection.execute(much).await.unwrap();
    for end in ["", "-journal"] {
        fs::copy(with(&half, end), with(&path, end)).unwrap();
    }
    assert!(path.metadata().unwrap().len() > 0);
    let store = Sqlite::open(&path).await.unwrap();
    assert_eq!(store.verify_audit().await.unwrap(), Ok(0));
}

#[tokio::test]
async fn an_audit_entry_cannot_be_replaced() {
    let (_folder, path) = folder();
    filled(&path).await;
    let mut connection = raw(&path).await;
    let replace = "INSERT OR REPLACE INTO audit
                   SELECT 1, at, 'eve', action, subject, detail, previous, hash FROM audit";
    let error = connection.execute(replace).await.unwrap_err();
    assert!(error.to_string().contains("append-only"), "{error}");
}

#[tokio::test]
async fn a_word_that_does_not_exist_is_damage() {
    let (_folder, path) = folder();
    filled(&path).await;
    execute(
        &path,
        "PRAGMA ignore_check_constraints = on; UPDATE members SET role = 'king'",
    )
    .await;
    let store = Sqlite::open(&path).await.unwrap();
    let error = store.members().await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn many_may_open_a_new_file_at_once() {
    for _ in 0..10 {
        let (_folder, path) = folder();
        let path = Arc::new(path);
        let opened: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                tokio::spawn(async move {
                    let store = Sqlite::open(&path).await.unwrap();
                    while let Err(error) = enter(&store, &[]).await {
                        assert!(matches!(error, StoreError::Conflict), "{error:?}");
                    }
                    store
                })
            })
            .collect();
        for store in opened {
            let store = store.await.unwrap();
            store.close().await;
        }
        let store = Sqlite::open(&path).await.unwrap();
        assert_eq!(store.verify_audit().await.unwrap(), Ok(8));
    }
}

#[tokio::test]
async fn a_busy_file_is_waited_for_but_not_for_ever() {
    let (_folder, path) = folder();
    let store = Arc::new(Sqlite::open(&path).await.unwrap());
    let mut other = raw(&path).await;

    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { enter(&store, &[]).await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().sequence, 1);

    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let start = Instant::now();
    let error = enter(&store, &[]).await.unwrap_err();
    assert!(matches!(error, StoreError::InUse), "{error:?}");
    assert!((4..10).contains(&start.elapsed().as_secs()));
    assert_eq!(
        store.verify_audit().await.unwrap(),
        Ok(1),
        "reading goes on"
    );
}

#[tokio::test]
async fn a_write_that_sqlite_itself_took_back_does_not_spoil_the_next() {
    let (_folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    // As a full disk does: the transaction is gone before anybody says so.
    execute(
        &path,
        "CREATE TRIGGER full BEFORE INSERT ON projects BEGIN SELECT raise(ROLLBACK, 'full'); END",
    )
    .await;
    let project = Change::PutProject(Project {
        id: ProjectId(1),
        slug: "shop".into(),
        name: "Shop".into(),
        created_at: Timestamp::UNIX_EPOCH,
    });
    let changes = std::slice::from_ref(&project);
    assert!(enter(&store, changes).await.is_err());
    assert!(enter(&store, changes).await.is_err());
    execute(&path, "DROP TRIGGER full").await;
    enter(&store, changes).await.unwrap();
    assert_eq!(store.verify_audit().await.unwrap(), Ok(1));
}
