//! Changes are made on top of the state that they were decided in, or not at all.

use gardien_domain::{AuditFilter, Key, KeyParts, Organization};
use gardien_store::{Change, Revision, StoreError};

use crate::support::{Database, commit, enter, key, member, opened, project, some_record};

pub(crate) async fn the_newest_is_the_number_of_the_last_entry(database: &dyn Database) {
    let store = database.open().await;
    let other = database.open().await;
    assert_eq!(store.revision().await.unwrap(), Revision(0));
    for number in 1..=3 {
        let entry = commit(&*store, &[]).await;
        assert_eq!(Revision::from(&entry), Revision(number));
        for store in [&store, &other] {
            assert_eq!(store.revision().await.unwrap(), Revision(number));
        }
    }
    store.close().await;
    other.close().await;
    let opened_again = database.open().await.revision().await;
    assert_eq!(opened_again.unwrap(), Revision(3));
}

pub(crate) async fn a_commit_at_an_old_one_is_refused_and_writes_nothing(database: &dyn Database) {
    let store = opened(database).await;
    let other = database.open().await;
    commit(&*store, &[Change::PutKey(key(1))]).await;
    let read = store.revision().await.unwrap();
    let mut revoked = key(1);
    revoked.revoke(gardien_domain::key::Revocation {
        at: key(1).created_at(),
        by: key(1).created_by(),
    });
    commit(&*other, &[Change::PutKey(revoked.clone())]).await;

    let renamed = Key::from_parts(KeyParts {
        name: "Another name".into(),
        ..key(1).into_parts()
    });
    let changes = [
        Change::PutKey(renamed),
        Change::PutProject(project(1, "Site")),
    ];
    // One that is not there yet is none to have decided at, either.
    for at in [Revision(0), read, Revision(read.0 + 2), Revision(u64::MAX)] {
        let refused = store.commit(&changes, some_record(), at).await;
        assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    }
    for store in [&store, &other] {
        assert_eq!(store.every_key().await.unwrap(), [revoked.clone()]);
        assert_eq!(store.projects().await.unwrap(), []);
        let entries = store.audit(&AuditFilter::default(), None, 10).await;
        assert_eq!(entries.unwrap().len(), 3);
        assert_eq!(store.verify_audit().await.unwrap(), Ok(3), "the count");
        assert_eq!(store.revision().await.unwrap(), Revision(3));
    }
    commit(&*store, &changes).await;
    assert_eq!(store.verify_audit().await.unwrap(), Ok(4));
}

pub(crate) async fn of_two_that_were_decided_at_one_revision_one_is_made(database: &dyn Database) {
    let store = database.open().await;
    let other = database.open().await;
    commit(&*store, &[Change::PutProject(project(1, "Site"))]).await;
    for number in 1..=10 {
        let at = store.revision().await.unwrap();
        let renaming = |name: &str| [Change::PutProject(project(1, &format!("{name} {number}")))];
        let (one, two) = (renaming("One"), renaming("Two"));
        let (one, two) = tokio::join!(
            store.commit(&one, some_record(), at),
            other.commit(&two, some_record(), at),
        );
        let name = match (one, two) {
            (Ok(entry), Err(StoreError::Conflict)) if entry.sequence == at.next().0 => "One",
            (Err(StoreError::Conflict), Ok(entry)) if entry.sequence == at.next().0 => "Two",
            both => panic!("{both:?}"),
        };
        let made = [project(1, &format!("{name} {number}"))];
        assert_eq!(other.projects().await.unwrap(), made);
    }
    assert_eq!(store.verify_audit().await.unwrap(), Ok(11));
}

/// As one does whose references turn out to lead nowhere when everything else is written.
pub(crate) async fn a_commit_that_fails_at_its_end_leaves_no_gap(database: &dyn Database) {
    let store = opened(database).await;
    let orphan = Key::from_parts(KeyParts {
        created_by: member(9, "nobody").id,
        ..key(1).into_parts()
    });
    let changes = [
        Change::PutProject(project(1, "Site")),
        Change::PutKey(orphan),
    ];
    for number in 2..=4 {
        let failed = enter(&*store, &changes, some_record()).await;
        assert!(
            matches!(failed, Err(StoreError::Unavailable(_))),
            "{failed:?}"
        );
        assert_eq!(store.projects().await.unwrap(), []);
        let entry = commit(&*store, &[]).await;
        assert_eq!(entry.sequence, number);
    }
    assert_eq!(store.verify_audit().await.unwrap(), Ok(4));
}

pub(crate) async fn eight_that_try_again_lose_nothing_and_leave_no_gap(database: &dyn Database) {
    const EACH: u32 = 25;
    let mut organization = Organization::named("Harbour".into());
    organization.calls_per_minute = 0;
    let store = database.open().await;
    commit(&*store, &[Change::PutOrganization(organization)]).await;
    let mut committers = Vec::new();
    for _ in 0..8 {
        let store = database.open().await;
        committers.push(tokio::spawn(async move {
            let mut made = Vec::new();
            while made.len() < EACH as usize {
                let at = store.revision().await.unwrap();
                let mut counted = store.organization().await.unwrap().unwrap();
                counted.calls_per_minute += 1;
                let changes = [Change::PutOrganization(counted)];
                match store.commit(&changes, some_record(), at).await {
                    // Of eight on a slow disk one may wait longer than a writer does.
                    Err(StoreError::Conflict | StoreError::InUse) => {}
                    committed => made.push(committed.unwrap().sequence),
                }
            }
            made
        }));
    }
    let mut made = Vec::new();
    for committer in committers {
        made.extend(committer.await.unwrap());
    }
    made.sort_unstable();
    let changes = u64::from(8 * EACH);
    assert_eq!(made, (2..=changes + 1).collect::<Vec<_>>());
    let organization = store.organization().await.unwrap().unwrap();
    assert_eq!(organization.calls_per_minute, 8 * EACH, "one was lost");
    assert_eq!(store.verify_audit().await.unwrap(), Ok(changes + 1));
    let next = enter(&*store, &[], some_record()).await.unwrap();
    assert_eq!(next.sequence, changes + 2);
}
