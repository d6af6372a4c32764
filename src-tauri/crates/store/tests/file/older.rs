//! What an older or a newer version wrote.

use super::*;

#[tokio::test]
async fn documents_of_an_older_version_are_counted_when_it_is_opened() {
    let (_folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    let bodies = vec![serde_json::json!({}); 1_500];
    for project in [Some(1), None] {
        store
            .insert_all("monitors", project, &bodies)
            .await
            .unwrap();
    }
    store.close().await;
    let back = "DROP TRIGGER documents_count_insert; DROP TRIGGER documents_count_delete;
                DROP TABLE document_blocks; DELETE FROM _sqlx_migrations WHERE version = 3";
    execute(&path, back).await;

    let store = Sqlite::open(&path).await.unwrap();
    for (project, offset, id) in [(Some(1), 1_499, 1_500), (None, 2_999, 3_000), (None, 1, 2)] {
        let found = store.list("monitors", project, offset, 1).await.unwrap();
        assert_eq!(found[0].id, id, "{project:?}");
    }
    assert!(store.delete("monitors", 1_500).await.unwrap());
    let found = store.list("monitors", Some(1), 1_498, 1).await.unwrap();
    assert_eq!(found[0].id, 1_499);
}

#[tokio::test]
async fn what_an_older_version_had_in_its_trail_stands_behind_the_gateway() {
    let (_folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    fill(&store).await;
    for (micros, kind) in [
        (5, r#"{"kind":"sandbox"}"#),
        (7, r#"{"kind":"phare","url":"https://api.phare.io"}"#),
    ] {
        let moved = AuditRecord {
            at: Timestamp::from_microsecond(micros).unwrap(),
            action: AuditAction::UpstreamChanged,
            subject: "upstream".into(),
            detail: kind.into(),
            ..record()
        };
        let at = store.revision().await.unwrap();
        store.commit(&[], moved, at).await.unwrap();
    }
    store.close().await;
    let back = "DROP INDEX keys_by_revision; ALTER TABLE organization DROP COLUMN revision;
                ALTER TABLE projects DROP COLUMN revision; ALTER TABLE keys DROP COLUMN revision;
                ALTER TABLE phare_keys DROP COLUMN revision; DROP TABLE deleted_projects;
                DROP TABLE deleted_phare_keys; DROP TABLE upstream;
                DELETE FROM _sqlx_migrations WHERE version = 6";
    execute(&path, back).await;

    let store = Sqlite::open(&path).await.unwrap();
    let url = "https://api.phare.io".into();
    let adopted = AdoptedUpstream {
        identity: UpstreamIdentity::Phare { url },
        since: Timestamp::from_microsecond(7).unwrap(),
    };
    assert_eq!(store.upstream().await.unwrap(), Some(adopted));
    let snapshot = store.snapshot(&mut |_, _| ()).await.unwrap();
    assert_eq!(
        (snapshot.revision, snapshot.projects.len()),
        (Revision(3), 200)
    );
    let changes = store.changes_since(Revision(2)).await.unwrap();
    assert_eq!(changes.put.projects, snapshot.projects);
    let changes = store.changes_since(Revision(3)).await.unwrap();
    assert_eq!(changes.put.projects, []);
}

#[tokio::test]
async fn what_an_older_version_knew_of_a_use_is_kept() {
    let (_folder, path) = folder();
    filled(&path).await;
    let back = "DROP TABLE key_uses; ALTER TABLE keys ADD COLUMN last_used_at INTEGER;
                ALTER TABLE keys ADD COLUMN last_operation TEXT; ALTER TABLE keys DROP COLUMN previous_used_at;
                DROP INDEX audit_by_actor; DROP INDEX audit_by_action; DROP INDEX audit_by_time;
                DELETE FROM _sqlx_migrations WHERE version IN (5, 12);
                INSERT INTO keys (id, name, note, display, search, scope, platform, uptime, digest, created_at,
                    created_by, last_used_at, last_operation)
                SELECT zeroblob(16), 'Grafana', '', '', '', 'organization', 'read', 'none', zeroblob(32), 0, id, 7,
                    'getProjects' FROM members";
    execute(&path, back).await;

    let store = Sqlite::open(&path).await.unwrap();
    let stored = store.key(KeyId(Uuid::nil())).await.unwrap().unwrap();
    let known = LastUse {
        at: Timestamp::from_microsecond(7).unwrap(),
        operation: "getProjects".into(),
        client: None,
        address: None,
    };
    assert_eq!(stored.last_use, Some(known));
    assert_eq!(stored.previous_used_at, None);
}

#[tokio::test]
async fn what_an_older_version_promised_of_a_replaced_secret_ends_with_the_key() {
    let (_folder, path) = folder();
    filled(&path).await;
    execute(&path, uses::OF_KEYS).await;
    let back = "DROP INDEX keys_by_earlier_digest; DROP INDEX keys_by_project; DROP INDEX keys_by_age;
                ALTER TABLE keys DROP COLUMN earlier_used_at; ALTER TABLE keys DROP COLUMN earlier_valid_until;
                ALTER TABLE keys DROP COLUMN earlier_digest;
                CREATE INDEX keys_by_project ON keys (project_id); CREATE INDEX keys_by_age ON keys (id);
                DELETE FROM _sqlx_migrations WHERE version = 8;
                INSERT INTO keys (id, name, note, display, search, scope, platform, uptime, digest, created_at,
                    created_by, previous_digest, previous_valid_until, expires_at)
                SELECT zeroblob(16), 'Grafana', '', '', '', 'organization', 'read', 'none', zeroblob(32), 0, id,
                    randomblob(32), 9, 7 FROM members";
    execute(&path, back).await;

    let store = Sqlite::open(&path).await.unwrap();
    let stored = store.key(KeyId(Uuid::nil())).await.unwrap().unwrap();
    let previous = stored.key.previous();
    let until = previous.last.unwrap().valid_until;
    assert_eq!(until, Timestamp::from_microsecond(7).unwrap());
    assert_eq!(previous.earlier, None);
}

/// Who never heard of pace, shares or answers from memory goes on as before.
#[tokio::test]
async fn what_an_older_version_limited_stays_as_it_was() {
    let (_folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    fill(&store).await;
    let made = SavedCalls {
        finished: vec![(1_000, 3)],
        by_key: vec![(1_000, KeyId(Uuid::nil()), 3)],
        leased: 10,
    };
    save_calls(&store, &made).await.unwrap();
    store.close().await;
    let back = "ALTER TABLE organization DROP COLUMN cache_seconds;
                ALTER TABLE organization DROP COLUMN longest_wait_seconds; ALTER TABLE organization DROP COLUMN burst;
                DROP INDEX keys_reserved; ALTER TABLE keys DROP COLUMN at_most; ALTER TABLE keys DROP COLUMN reserved;
                ALTER TABLE keys DROP COLUMN weight; 
                CREATE TABLE limit_window (
                    one      INTEGER PRIMARY KEY CHECK (one = 1),
                    finished TEXT    NOT NULL,
                    leased   INTEGER NOT NULL CHECK (leased >= 0)
                ) STRICT;
                INSERT INTO limit_window SELECT 1, finished, leased FROM gateway_calls; DROP TABLE gateway_calls;
                DELETE FROM _sqlx_migrations WHERE version IN (9, 10, 11, 14);
                INSERT INTO organization (one, name, calls_per_minute, at_limit) VALUES (1, 'Harbour', 70, 'reject');
                INSERT INTO keys (id, name, note, display, search, scope, platform, uptime, digest, created_at, created_by)
                SELECT zeroblob(16), 'Grafana', '', '', '', 'organization', 'read', 'none', zeroblob(32), 0, id
                FROM members";
    execute(&path, back).await;

    let store = Sqlite::open(&path).await.unwrap();
    let organization = Organization {
        name: "Harbour".into(),
        calls_per_minute: 70,
        at_limit: AtLimit::Reject,
        burst: None,
        longest_wait_seconds: 25,
        cache_seconds: 0,
    };
    assert_eq!(store.organization().await.unwrap(), Some(organization));
    let stored = store.key(KeyId(Uuid::nil())).await.unwrap().unwrap();
    assert_eq!(stored.key.share(), Share::default());
    let now = Timestamp::from_microsecond(1).unwrap();
    assert_eq!(store.reserved(None, now).await.unwrap(), 0);
    // That they were made is known, by whom is not.
    let by_key = Vec::new();
    let rows = store.calls().await.unwrap();
    assert_eq!((rows.len(), rows[0].gateway), (1, ALONE));
    assert_eq!(rows[0].own.calls, SavedCalls { by_key, ..made });
}

#[tokio::test]
async fn members_keys_and_sessions_of_an_older_version_stay_together() {
    let (_folder, path) = folder();
    filled(&path).await;
    let back = "PRAGMA foreign_keys = off;
                DROP TABLE sessions; DROP INDEX keys_by_creator; DROP INDEX members_by_email;
                ALTER TABLE members DROP COLUMN removed_at;
                CREATE TABLE sessions (
                    digest     BLOB    PRIMARY KEY NOT NULL,
                    member_id  BLOB    NOT NULL REFERENCES members (id) DEFERRABLE INITIALLY DEFERRED,
                    created_at INTEGER NOT NULL,
                    expires_at INTEGER NOT NULL
                ) STRICT;
                INSERT INTO sessions SELECT randomblob(32), id, 1790000000000000, 1800000000000000 FROM members;
                INSERT INTO sessions SELECT randomblob(32), id, 1790000000001000, 1800000000000000 FROM members;
                INSERT INTO keys (id, name, note, display, search, scope, platform, uptime, digest, created_at,
                    created_by)
                SELECT zeroblob(16), 'Grafana', '', '', '', 'organization', 'read', 'none', zeroblob(32), 0, id
                FROM members;
                DELETE FROM _sqlx_migrations WHERE version = 7";
    execute(&path, back).await;

    let store = Sqlite::open(&path).await.unwrap();
    let [ada] = store.members().await.unwrap().try_into().unwrap();
    assert_eq!(ada.projects.len(), 200);
    let [second, first] = store.sessions().await.unwrap().try_into().unwrap();
    assert_eq!((first.member, second.member), (ada.id, ada.id));
    assert_eq!(first.id.0.get_version_num(), 7);
    assert_eq!(first.id.0.get_variant(), uuid::Variant::RFC4122);
    assert!(first.id < second.id, "in the order of their opening");
    let stored = store.key(KeyId(Uuid::nil())).await.unwrap().unwrap();
    assert_eq!(stored.created_by, ada.email);
    // What refers to a member still does.
    let nobody = MemberId(Uuid::from_u128(9));
    let of_nobody = Change::PutSession(Session {
        id: SessionId(Uuid::from_u128(1)),
        member: nobody,
        ..first
    });
    assert!(enter(&store, &[of_nobody]).await.is_err());
}

#[tokio::test]
async fn a_newer_version_is_refused_and_unchanged() {
    let (_folder, path) = folder();
    filled(&path).await;
    let newer = "INSERT INTO _sqlx_migrations SELECT 99, 'later', installed_on, true, checksum, 0
                 FROM _sqlx_migrations WHERE version = 1";
    execute(&path, newer).await;
    let before = fs::read(&path).unwrap();
    let error = Sqlite::open(&path).await.unwrap_err();
    assert!(
        matches!(error, StoreError::NewerVersion { found: 99, .. }),
        "{error:?}"
    );
    assert!(fs::read(&path).unwrap() == before);
}

#[tokio::test]
async fn a_layout_that_is_not_that_of_its_version_is_refused() {
    let (_folder, path) = folder();
    filled(&path).await;
    execute(&path, "UPDATE _sqlx_migrations SET checksum = x'00'").await;
    refused_as_damaged(&path).await;
}
