//! Keys, one by one.

use std::collections::HashMap;

use gardien_domain::key::{PreviousSecret, PreviousSecrets, Revocation};
use gardien_domain::share::Share;
use gardien_domain::{
    Key, KeyFilter, KeyOrder, KeyParts, LastUse, NotedUse, PreviousUse, ProductScope,
    ProductScopes, ProjectId, Scope, SecretDigest,
};
use gardien_store::{Change, StoreError, StoredKey};

use crate::support::{Database, at, commit, enter, key, member, opened, project, some_record};

/// A key with every field set.
fn full(number: u128) -> Key {
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

fn used(micros: i64, operation: &str) -> LastUse {
    LastUse {
        at: at(micros),
        operation: operation.into(),
        client: Some("terraform-provider-phare".into()),
        address: Some([192, 0, 2, 7].into()),
    }
}

fn noted(number: u128, last: LastUse) -> NotedUse {
    NotedUse {
        key: key(number).id(),
        last,
        previous: Vec::new(),
    }
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

pub(crate) async fn a_change_replaces_the_key_and_keeps_its_last_use(database: &dyn Database) {
    let store = opened(database).await;
    commit(&*store, &[Change::PutKey(full(1))]).await;
    let last_use = used(1_780_000_000_000_000, "listMonitors");
    let uses = [noted(1, last_use.clone())];
    store.record_uses(&uses).await.unwrap();
    for changed in [key(1), full(1)] {
        commit(&*store, &[Change::PutKey(changed.clone())]).await;
        let stored = store.key(changed.id()).await.unwrap().unwrap();
        assert_eq!(stored.key, changed);
        assert_eq!(stored.last_use, Some(last_use.clone()));
    }
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

pub(crate) async fn a_use_never_gives_way_to_an_older_one(database: &dyn Database) {
    let store = opened(database).await;
    commit(&*store, &[Change::PutKey(key(1)), Change::PutKey(key(2))]).await;
    let later = used(2_000, "createMonitor");
    let uses = [
        noted(1, used(1_000, "listMonitors")),
        noted(1, later.clone()),
        noted(99, later.clone()),
    ];
    store.record_uses(&uses).await.unwrap();
    let silent = LastUse {
        client: None,
        address: None,
        ..used(1_500, "listMonitors")
    };
    let older = [noted(1, silent.clone())];
    store.record_uses(&older).await.unwrap();
    let stored = |number| store.key(key(number).id());
    assert_eq!(stored(1).await.unwrap().unwrap().last_use, Some(later));
    assert_eq!(stored(2).await.unwrap().unwrap().last_use, None);
    assert_eq!(stored(99).await.unwrap(), None);
    // What the newest call does not say is not what the one before it said.
    let newer = LastUse {
        at: at(3_000),
        address: Some("2001:db8::1".parse().unwrap()),
        ..silent
    };
    store.record_uses(&[noted(1, newer.clone())]).await.unwrap();
    assert_eq!(stored(1).await.unwrap().unwrap().last_use, Some(newer));
}

/// A key whose secrets were replaced: the last one, and one before that; 0 is none.
fn rotated([last, earlier]: [u8; 2]) -> Key {
    let replaced = |number| PreviousSecret {
        digest: SecretDigest([number; 32]),
        valid_until: at(9_000),
    };
    Key::from_parts(KeyParts {
        previous: PreviousSecrets {
            last: Some(last).filter(|number| *number > 0).map(replaced),
            earlier: Some(earlier).filter(|number| *number > 0).map(replaced),
        },
        ..key(1).into_parts()
    })
}

pub(crate) async fn the_use_of_a_replaced_secret_goes_with_it(database: &dyn Database) {
    let store = opened(database).await;
    let note = async |uses: &[(u8, i64)]| {
        let last = uses.iter().map(|(_, micros)| *micros).max().unwrap();
        let of = |(secret, micros): &(u8, i64)| PreviousUse {
            digest: SecretDigest([*secret; 32]),
            at: at(*micros),
        };
        let noted = NotedUse {
            previous: uses.iter().map(of).collect(),
            ..noted(1, used(last, "listMonitors"))
        };
        store.record_uses(&[noted]).await.unwrap();
    };
    let shown = async || {
        let stored = store.key(key(1).id()).await.unwrap().unwrap();
        (stored.previous_used_at, stored.earlier_used_at)
    };
    commit(&*store, &[Change::PutKey(rotated([7, 0]))]).await;
    note(&[(7, 1_000)]).await;
    assert_eq!(shown().await, (Some(at(1_000)), None));
    note(&[(7, 900)]).await;
    let renamed = Key::from_parts(KeyParts {
        name: "Other".into(),
        ..rotated([7, 0]).into_parts()
    });
    commit(&*store, &[Change::PutKey(renamed)]).await;
    assert_eq!(shown().await, (Some(at(1_000)), None));

    commit(&*store, &[Change::PutKey(rotated([6, 7]))]).await;
    assert_eq!(shown().await, (None, Some(at(1_000))));
    note(&[(6, 1_100), (7, 1_200)]).await;
    assert_eq!(shown().await, (Some(at(1_100)), Some(at(1_200))));
    commit(&*store, &[Change::PutKey(rotated([5, 7]))]).await;
    assert_eq!(shown().await, (None, Some(at(1_200))));

    commit(&*store, &[Change::PutKey(rotated([8, 0]))]).await;
    assert_eq!(shown().await, (None, None));
    // Noted before the rotation, written after it.
    note(&[(7, 2_000)]).await;
    assert_eq!(shown().await, (None, None));
    note(&[(8, 3_000)]).await;
    assert_eq!(shown().await, (Some(at(3_000)), None));
    commit(&*store, &[Change::PutKey(key(1))]).await;
    assert_eq!(shown().await, (None, None));
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
