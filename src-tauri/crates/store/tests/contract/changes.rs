//! Changes go in together with their entry or not at all.

use gardien_domain::{AtLimit, AuditFilter, Key, KeyParts, Organization};
use gardien_store::{Change, Revision, StoreError};

use crate::support::{Database, commit, enter, key, member, opened, project, some_record};

pub(crate) async fn a_failing_change_leaves_neither_change_nor_entry(database: &dyn Database) {
    let store = opened(database).await;
    let taken = member(2, "ada@example.com");
    let orphan = Key::from_parts(KeyParts {
        created_by: member(9, "nobody").id,
        ..key(5).into_parts()
    });
    for failing in [Change::PutMember(taken), Change::PutKey(orphan)] {
        let changes = [Change::PutProject(project(1, "Site")), failing];
        assert!(enter(&*store, &changes, some_record()).await.is_err());
        assert_eq!(store.projects().await.unwrap(), []);
        assert_eq!(store.members().await.unwrap().len(), 1);
        assert_eq!(store.every_key().await.unwrap(), []);
        assert_eq!(
            store
                .audit(&AuditFilter::default(), None, 10)
                .await
                .unwrap()
                .len(),
            1
        );
    }
    let entry = commit(&*store, &[]).await;
    assert_eq!(entry.sequence, 2);
    assert_eq!(store.verify_audit().await.unwrap(), Ok(2));
}

pub(crate) async fn a_failing_entry_leaves_no_change(database: &dyn Database) {
    let store = opened(database).await;
    let away = "ALTER TABLE audit RENAME COLUMN detail TO elsewhere";
    database.execute(away).await.unwrap();
    let changes = [
        Change::PutProject(project(1, "Site")),
        Change::PutKey(key(1)),
    ];
    let refused = enter(&*store, &changes, some_record()).await.unwrap_err();
    assert!(!matches!(refused, StoreError::Conflict), "{refused:?}");
    let back = "ALTER TABLE audit RENAME COLUMN elsewhere TO detail";
    database.execute(back).await.unwrap();
    assert_eq!(store.projects().await.unwrap(), []);
    assert_eq!(store.every_key().await.unwrap(), []);
    assert_eq!(store.verify_audit().await.unwrap(), Ok(1));
}

pub(crate) async fn order_within_a_commit_does_not_matter(database: &dyn Database) {
    let store = database.open().await;
    let maker = Change::PutMember(member(1, "ada@example.com"));
    commit(&*store, &[Change::PutKey(key(1)), maker]).await;
    assert_eq!(store.every_key().await.unwrap(), [key(1)]);
}

pub(crate) async fn everything_is_there_after_it_was_opened_again(database: &dyn Database) {
    let store = opened(database).await;
    let organization = Organization {
        name: "Phare Ouest".into(),
        calls_per_minute: 250,
        at_limit: AtLimit::Pace,
        burst: None,
        longest_wait_seconds: 25,
        cache_seconds: 5,
    };
    let changes = [
        Change::PutOrganization(organization.clone()),
        Change::PutProject(project(1, "Site")),
        Change::PutKey(key(1)),
    ];
    let entry = commit(&*store, &changes).await;
    store.close().await;

    let store = database.open().await;
    assert_eq!(store.organization().await.unwrap(), Some(organization));
    assert_eq!(store.projects().await.unwrap(), [project(1, "Site")]);
    assert_eq!(store.every_key().await.unwrap(), [key(1)]);
    assert_eq!(
        store.audit(&AuditFilter::default(), None, 1).await.unwrap(),
        [entry]
    );
    assert_eq!(store.verify_audit().await.unwrap(), Ok(2));
}

pub(crate) async fn nothing_answers_once_closed(database: &dyn Database) {
    let store = opened(database).await;
    store.close().await;
    let at = Revision(1);
    for refused in [
        store.every_key().await.map(drop),
        store.revision().await.map(drop),
        store.commit(&[], some_record(), at).await.map(drop),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, StoreError::Unreachable(_)), "{error:?}");
    }
}
