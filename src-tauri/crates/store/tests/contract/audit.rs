//! The audit trail: one unbroken chain, and every way to break it is found.

use std::sync::Arc;

use gardien_domain::audit::{
    AuditAction, AuditEntry, AuditFault, AuditFilter, AuditRecord, GENESIS,
};
use gardien_store::StoreError;
use jiff::Timestamp;

use crate::support::{Database, Everything, commit, enter, opened, record, some_record};

/// A chain of six entries, of which the first made the member.
async fn six(database: &dyn Database) -> Arc<dyn Everything> {
    let store = opened(database).await;
    for number in 2..=6 {
        let record = record(AuditAction::KeyUpdated, format!("key-{}", number % 2));
        enter(&*store, &[], record).await.unwrap();
    }
    assert_eq!(store.verify_audit().await.unwrap(), Ok(6));
    store
}

pub(crate) async fn entries_are_linked_and_counted(database: &dyn Database) {
    let store = database.open().await;
    assert_eq!(store.verify_audit().await.unwrap(), Ok(0));
    let mut finer = some_record();
    finer.at = Timestamp::from_nanosecond(1_790_000_000_123_456_789).unwrap();
    let first = enter(&*store, &[], finer).await.unwrap();
    let second = commit(&*store, &[]).await;
    assert_eq!((first.sequence, first.previous), (1, GENESIS));
    assert_eq!((second.sequence, second.previous), (2, first.hash));
    assert_eq!(
        store.audit(&AuditFilter::default(), None, 9).await.unwrap(),
        [second, first],
        "what commit answers is what is read back"
    );
    assert_eq!(store.verify_audit().await.unwrap(), Ok(2));
}

pub(crate) async fn entries_are_paged_newest_first_and_by_subject(database: &dyn Database) {
    let store = six(database).await;
    let numbers = |entries: Vec<AuditEntry>| -> Vec<u64> {
        entries.into_iter().map(|entry| entry.sequence).collect()
    };
    let page = |subject: Option<&str>, before, limit| {
        let filter = subject.map(AuditFilter::about).unwrap_or_default();
        let store = &store;
        async move { numbers(store.audit(&filter, before, limit).await.unwrap()) }
    };
    assert_eq!(page(None, None, 4).await, [6, 5, 4, 3]);
    assert_eq!(page(None, Some(3), 4).await, [2, 1]);
    assert_eq!(page(None, Some(u64::MAX), 1).await, [6]);
    assert_eq!(page(Some("key-0"), None, 2).await, [6, 4]);
    assert_eq!(page(Some("key-0"), Some(4), 2).await, [2]);
    assert_eq!(page(Some("key-9"), None, 2).await, [] as [u64; 0]);
}

pub(crate) async fn entries_are_found_by_who_what_and_when(database: &dyn Database) {
    let store = opened(database).await;
    let words = [
        ("ada", AuditAction::KeyCreated, 20),
        ("bob", AuditAction::KeyRevoked, 30),
        // A clock that was set back.
        ("ada", AuditAction::ProjectCreated, 25),
        ("ada", AuditAction::PhareKeyAdded, 40),
        ("system", AuditAction::KeyRevoked, 50),
    ];
    for (actor, action, second) in words {
        let record = AuditRecord {
            at: Timestamp::from_second(second).unwrap(),
            actor: actor.to_owned(),
            ..record(action, "key-1".to_owned())
        };
        enter(&*store, &[], record).await.unwrap();
    }
    let found = |filter: AuditFilter, before| {
        let store = &store;
        async move {
            let entries = store.audit(&filter, before, 9).await.unwrap();
            let entries = entries.into_iter().map(|entry| entry.sequence);
            // The first entry made the member, later than all of these.
            entries.filter(|sequence| *sequence > 1).collect::<Vec<_>>()
        }
    };
    let all = AuditFilter::default;
    let second = |second| Some(Timestamp::from_second(second).unwrap());
    let (actor, actions) = (Some("ada".to_owned()), Some(AuditAction::named("key")));
    let by_ada = AuditFilter { actor, ..all() };
    assert_eq!(found(by_ada.clone(), None).await, [5, 4, 2]);
    assert_eq!(found(by_ada.clone(), Some(5)).await, [4, 2]);
    let of_keys = AuditFilter { actions, ..all() };
    assert_eq!(found(of_keys.clone(), None).await, [6, 3, 2]);
    let revoked = AuditFilter {
        actions: Some(vec![AuditAction::KeyRevoked]),
        ..all()
    };
    assert_eq!(found(revoked, None).await, [6, 3]);
    let between = AuditFilter {
        since: second(25),
        until: second(40),
        ..all()
    };
    assert_eq!(found(between.clone(), None).await, [4, 3]);
    let everything = AuditFilter {
        subject: Some("key-1".to_owned()),
        actor: by_ada.actor,
        actions: of_keys.actions,
        ..AuditFilter {
            since: second(20),
            ..between
        }
    };
    assert_eq!(found(everything, None).await, [2]);
}

pub(crate) async fn an_entry_cannot_be_changed_removed_or_put_between(database: &dyn Database) {
    let store = six(database).await;
    for sql in [
        "UPDATE audit SET actor = 'eve' WHERE sequence = 3",
        "DELETE FROM audit WHERE sequence = 6",
        "DELETE FROM audit",
        "INSERT INTO audit SELECT 3, at, 'eve', action, subject, detail, previous, hash
         FROM audit WHERE sequence = 4",
    ] {
        let refused = database.execute(sql).await.unwrap_err();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
    assert_eq!(store.verify_audit().await.unwrap(), Ok(6));
}

async fn tampered(database: &dyn Database, sql: &'static str) -> (u64, AuditFault) {
    let store = six(database).await;
    database.disarm_audit().await;
    database.execute(sql).await.unwrap();
    store.verify_audit().await.unwrap().unwrap_err()
}

pub(crate) async fn an_altered_entry_is_found(database: &dyn Database) {
    let found = tampered(database, "UPDATE audit SET at = at + 1 WHERE sequence = 3").await;
    assert_eq!(found, (2, AuditFault::Altered { sequence: 3 }));
}

pub(crate) async fn an_entry_with_an_unknown_word_is_found(database: &dyn Database) {
    let sql = "UPDATE audit SET action = 'key.exploded' WHERE sequence = 3";
    let found = tampered(database, sql).await;
    assert_eq!(found, (2, AuditFault::Altered { sequence: 3 }));
}

pub(crate) async fn a_missing_entry_is_found(database: &dyn Database) {
    let found = tampered(database, "DELETE FROM audit WHERE sequence = 4").await;
    let gap = AuditFault::Gap {
        expected: 4,
        found: 5,
    };
    assert_eq!(found, (3, gap));
}

pub(crate) async fn reordered_entries_are_found(database: &dyn Database) {
    let sql = "UPDATE audit SET sequence = 99 WHERE sequence = 2;
               UPDATE audit SET sequence = 2 WHERE sequence = 3;
               UPDATE audit SET sequence = 3 WHERE sequence = 99";
    let found = tampered(database, sql).await;
    assert_eq!(found, (1, AuditFault::Unlinked { sequence: 2 }));
}

pub(crate) async fn a_missing_end_is_found_and_not_hidden_by_new_entries(database: &dyn Database) {
    let store = six(database).await;
    database.disarm_audit().await;
    let sql = "DELETE FROM audit WHERE sequence > 4";
    database.execute(sql).await.unwrap();
    for found in [4, 5, 6, 7] {
        let truncated = AuditFault::Truncated {
            expected: found + 2,
            found,
        };
        assert_eq!(store.verify_audit().await.unwrap(), Err((found, truncated)));
        commit(&*store, &[]).await;
    }
}

pub(crate) async fn commits_of_two_processes_make_one_chain(database: &dyn Database) {
    let stores = [database.open().await, database.open().await];
    let commits: Vec<_> = (0..100)
        .map(|number| {
            let store = stores[number % 2].clone();
            tokio::spawn(async move {
                loop {
                    match enter(&*store, &[], some_record()).await {
                        Err(StoreError::Conflict) => {}
                        entered => return entered.unwrap().sequence,
                    }
                }
            })
        })
        .collect();
    let mut numbers = Vec::new();
    for commit in commits {
        numbers.push(commit.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
    for store in stores {
        assert_eq!(store.verify_audit().await.unwrap(), Ok(100));
    }
}
