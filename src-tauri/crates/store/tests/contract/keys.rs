//! Keys, one by one.

use std::collections::HashMap;

use gardien_domain::key::{PreviousSecret, PreviousSecrets, Revocation};
use gardien_domain::share::Share;
use gardien_domain::{
    Key, KeyFilter, KeyOrder, KeyParts, ProductScope, ProductScopes, ProjectId, Scope, SecretDigest,
};
use gardien_store::{Change, StoreError, StoredKey};

use crate::support::{Database, at, commit, enter, key, member, opened, project, some_record};

/// A key with every field set.
pub(crate) fn full(number: u128) -> Key {
    Key::from_parts(KeyParts {
        name: "Déploiement %_'\"".into(),
        note: "two\nlines, 𝕦𝕟𝕚𝕔𝕠𝕕𝕖".into(),
        scope: Scope::Project {
            project_id: ProjectId(3),
        },
        products: ProductScopes {
            platform: ProductScope::None,
            uptime: ProductScope::ReadWrite,
        },
        previous: PreviousSecrets {
            last: Some(PreviousSecret {
                digest: SecretDigest([9; 32]),
                valid_until: at(1_800_000_000_000_001),
            }),
            earlier: Some(PreviousSecret {
                digest: SecretDigest([8; 32]),
                valid_until: at(1_810_000_000_000_001),
            }),
        },
        share: Share {
            at_most: Some(u32::MAX),
            reserved: 12,
            weight: 10,
        },
        expires_at: Some(at(1_900_000_000_000_001)),
        revoked: Some(Revocation {
            at: at(1_750_000_000_000_001),
            by: member(1, "").id,
        }),
        ..key(number).into_parts()
    })
}

pub(crate) async fn every_field_comes_back(database: &dyn Database) {
    let store = opened(database).await;
    let changes = [
        Change::PutProject(project(3, "Boutique")),
        Change::PutKey(full(1)),
        Change::PutKey(key(2)),
    ];
    commit(&*store, &changes).await;
    let first = StoredKey {
        key: full(1),
        project_name: Some("Boutique".into()),
        created_by: "ada@example.com".into(),
        last_use: None,
        previous_used_at: None,
        earlier_used_at: None,
    };
    let second = StoredKey {
        key: key(2),
        project_name: None,
        created_by: "ada@example.com".into(),
        last_use: None,
        previous_used_at: None,
        earlier_used_at: None,
    };
    assert_eq!(store.key(full(1).id()).await.unwrap(), Some(first.clone()));
    assert_eq!(store.key(key(2).id()).await.unwrap(), Some(second.clone()));
    assert_eq!(store.key(key(3).id()).await.unwrap(), None);
    let every = store.every_key().await.unwrap();
    assert!(every.len() == 2 && every.contains(&full(1)) && every.contains(&key(2)));
    let (filter, order) = (KeyFilter::default(), KeyOrder::default());
    let page = store.keys(&filter, at(0), order, None, 9).await;
    assert_eq!(page.unwrap().rows, [second, first]);
}

pub(crate) async fn a_digest_belongs_to_one_key(database: &dyn Database) {
    let store = opened(database).await;
    commit(&*store, &[Change::PutKey(key(1))]).await;
    let twin = Key::from_parts(KeyParts {
        digest: key(1).digest(),
        ..key(2).into_parts()
    });
    let refused = enter(&*store, &[Change::PutKey(twin)], some_record()).await;
    assert!(matches!(refused, Err(StoreError::Taken(_))), "{refused:?}");
    assert_eq!(store.every_key().await.unwrap(), [key(1)]);
}

pub(crate) async fn a_key_is_found_by_its_secret_and_by_the_one_before(database: &dyn Database) {
    let store = opened(database).await;
    let rotated = Key::from_parts(KeyParts {
        previous: PreviousSecrets {
            last: Some(PreviousSecret {
                digest: SecretDigest([5; 32]),
                valid_until: at(1),
            }),
            earlier: None,
        },
        ..key(2).into_parts()
    });
    let changes = [Change::PutKey(full(1)), Change::PutKey(rotated.clone())];
    let claims_anothers = Key::from_parts(KeyParts {
        previous: PreviousSecrets {
            last: Some(PreviousSecret {
                digest: key(1).digest(),
                valid_until: at(1),
            }),
            earlier: None,
        },
        ..key(3).into_parts()
    });
    commit(&*store, &changes).await;
    commit(&*store, &[Change::PutKey(claims_anothers)]).await;
    let asked = [
        SecretDigest([4; 32]),
        key(2).digest(),
        key(1).digest(),
        key(2).digest(),
    ];
    let found = store.keys_by_secret(&asked).await.unwrap();
    let found: Vec<_> = found
        .into_iter()
        .map(|row| row.map(|row| row.key))
        .collect();
    assert_eq!(
        found,
        [None, Some(rotated.clone()), Some(full(1)), Some(rotated)]
    );
    let before = [9, 8, 5].map(|number| SecretDigest([number; 32]));
    let before = store.keys_by_secret(&before).await.unwrap();
    let before = before.iter().flatten().map(|row| row.key.id());
    assert_eq!(
        before.collect::<Vec<_>>(),
        [key(1).id(), key(1).id(), key(2).id()]
    );
    let row = store.key(full(1).id()).await.unwrap();
    let whole = store.keys_by_secret(&[full(1).digest()]).await.unwrap();
    assert_eq!(whole, [row]);
    assert_eq!(store.keys_by_secret(&[]).await.unwrap(), []);

    // After the next rotation it is another secret that was replaced.
    commit(&*store, &[Change::PutKey(key(1)), Change::PutKey(key(2))]).await;
    let before = [9, 8, 5].map(|number| SecretDigest([number; 32]));
    let before = store.keys_by_secret(&before).await;
    assert_eq!(before.unwrap(), [None, None, None]);
}

pub(crate) async fn live_keys_are_counted_by_project(database: &dyn Database) {
    let store = opened(database).await;
    let in_project = |number, project, expires_at: Option<i64>| {
        Key::from_parts(KeyParts {
            scope: Scope::Project {
                project_id: ProjectId(project),
            },
            expires_at: expires_at.map(at),
            ..key(number).into_parts()
        })
    };
    let revoked = Key::from_parts(KeyParts {
        revoked: full(1).revoked(),
        ..in_project(7, 1, None).into_parts()
    });
    let keys = [
        in_project(1, 1, None),
        in_project(2, 1, Some(1_001)),
        in_project(3, 1, Some(1_000)),
        in_project(4, 2, Some(2_000)),
        in_project(5, 3, Some(10)),
        key(6),
        revoked,
    ];
    commit(&*store, &keys.map(Change::PutKey)).await;
    assert_eq!(
        store.live_keys(at(1_000)).await.unwrap(),
        HashMap::from([(ProjectId(1), 2), (ProjectId(2), 1)])
    );
}

pub(crate) async fn what_is_reserved_is_that_of_keys_that_work(database: &dyn Database) {
    let store = opened(database).await;
    let keeping = |parts: KeyParts, reserved| {
        let share = Share {
            reserved,
            ..Share::default()
        };
        Key::from_parts(KeyParts { share, ..parts })
    };
    let within = |number, project| KeyParts {
        scope: Scope::Project {
            project_id: ProjectId(project),
        },
        ..key(number).into_parts()
    };
    let revoked = KeyParts {
        revoked: full(1).revoked(),
        ..key(4).into_parts()
    };
    let ends = KeyParts {
        expires_at: Some(at(1_000)),
        ..key(5).into_parts()
    };
    let keys = [
        keeping(key(1).into_parts(), 1),
        keeping(within(2, 3), 10),
        // No such project, or not at the moment.
        keeping(within(3, 9), 100),
        keeping(revoked, 1_000),
        keeping(ends, 10_000),
        key(6),
    ];
    let project = Change::PutProject(project(3, "Boutique"));
    let changes = keys.map(Change::PutKey).into_iter().chain([project]);
    commit(&*store, &changes.collect::<Vec<_>>()).await;
    assert_eq!(store.reserved(None, at(999)).await.unwrap(), 10_111);
    assert_eq!(store.reserved(None, at(1_000)).await.unwrap(), 111);
    let but_for = Some(key(1).id());
    assert_eq!(store.reserved(but_for, at(1_000)).await.unwrap(), 110);
}

pub(crate) async fn a_key_outlives_its_project(database: &dyn Database) {
    let store = opened(database).await;
    let changes = [
        Change::PutProject(project(3, "Boutique")),
        Change::PutKey(full(1)),
    ];
    commit(&*store, &changes).await;
    commit(&*store, &[Change::DeleteProject(ProjectId(3))]).await;
    let stored = store.key(full(1).id()).await.unwrap().unwrap();
    assert_eq!((stored.key, stored.project_name), (full(1), None));
    assert_eq!(store.projects().await.unwrap(), []);
}
