//! When keys were last used.

use gardien_domain::key::{PreviousSecret, PreviousSecrets};
use gardien_domain::{Key, KeyId, KeyParts, LastUse, NotedUse, PreviousUse, SecretDigest};
use gardien_store::{Change, StoredKey};
use uuid::Uuid;

use crate::keys::full;
use crate::support::{Database, at, commit, key, opened};

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

/// More than one statement takes, in no order, and some of them twice.
pub(crate) async fn every_use_of_a_large_batch_is_that_of_its_key(database: &dyn Database) {
    const KEYS: u128 = 1_203;
    let digest = |number: u128, of: u8| {
        let mut digest = [of; 32];
        digest[..16].copy_from_slice(&number.to_be_bytes());
        SecretDigest(digest)
    };
    let replaced = |number, of| {
        Some(PreviousSecret {
            digest: digest(number, of),
            valid_until: at(9_000),
        })
    };
    let keys = (1..=KEYS).map(|number| {
        let previous = PreviousSecrets {
            last: replaced(number, 1),
            earlier: replaced(number, 2),
        };
        Key::from_parts(KeyParts {
            previous,
            ..key(number).into_parts()
        })
    });
    let store = opened(database).await;
    commit(&*store, &keys.map(Change::PutKey).collect::<Vec<_>>()).await;

    let micros = |number: u128| 10_000 * i64::try_from(number).unwrap();
    let of = |number: u128, later: i64| {
        let micros = micros(number) + later;
        let previous = |of, before| PreviousUse {
            digest: digest(number, of),
            at: at(micros - before),
        };
        NotedUse {
            previous: vec![previous(1, 1), previous(2, 2), previous(3, 3)],
            ..noted(number, used(micros, &format!("operation{number}")))
        }
    };
    let mixed = (1..KEYS).map(|number| number * 7 % KEYS + 1);
    let uses: Vec<_> = mixed
        .filter(|number| number % 10 > 0)
        .flat_map(|number| match number % 3 {
            0 => vec![of(number, 500), of(number, 0)],
            1 => vec![of(number, 0), of(number, 500)],
            _ => vec![of(number, 500)],
        })
        .collect();
    assert!(uses.len() > 1_500, "{}", uses.len());
    store.record_uses(&uses).await.unwrap();
    let called: Vec<_> = uses.iter().map(|noted| noted.key).collect();
    for number in 1..=KEYS {
        let StoredKey {
            last_use,
            previous_used_at,
            earlier_used_at,
            ..
        } = store.key(key(number).id()).await.unwrap().unwrap();
        let times = (previous_used_at, earlier_used_at);
        if called.contains(&KeyId(Uuid::from_u128(number))) {
            let micros = micros(number) + 500;
            let expected = used(micros, &format!("operation{number}"));
            assert_eq!(last_use, Some(expected), "{number}");
            assert_eq!(times, (Some(at(micros - 1)), Some(at(micros - 2))));
        } else {
            assert_eq!((last_use, times), (None, (None, None)), "{number}");
        }
    }
}

pub(crate) async fn a_batch_is_written_whole_or_not_at_all(database: &dyn Database) {
    const KEYS: u128 = 600;
    let store = opened(database).await;
    let keys: Vec<_> = (1..=KEYS)
        .map(|number| Change::PutKey(key(number)))
        .collect();
    commit(&*store, &keys).await;
    let uses: Vec<_> = (1..=KEYS)
        .map(|number| {
            noted(
                number,
                used(1_000, &format!("operation{}", number % (KEYS - 1))),
            )
        })
        .collect();
    let shown = async |number| store.key(key(number).id()).await.unwrap().unwrap().last_use;
    // So the last one cannot be written.
    let once = "CREATE UNIQUE INDEX operations_once ON key_uses (operation)";
    database.execute(once).await.unwrap();
    assert!(store.record_uses(&uses).await.is_err());
    for number in 1..=KEYS {
        assert_eq!(shown(number).await, None, "{number}");
    }
    let again = "DROP INDEX operations_once";
    database.execute(again).await.unwrap();
    store.record_uses(&uses).await.unwrap();
    for noted in uses {
        let stored = store.key(noted.key).await.unwrap().unwrap();
        assert_eq!(stored.last_use, Some(noted.last));
    }
}
