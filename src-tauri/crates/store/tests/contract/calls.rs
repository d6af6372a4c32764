//! The calls of the last minute: what gateways hold of the limit, and what they may take of it.

use gardien_domain::KeyId;
use gardien_domain::lease::GatewayId;
use gardien_domain::limit::{Asking, Known, Leased, OwnCalls, SavedCalls};
use gardien_store::ALONE;
use uuid::Uuid;

use crate::support::{Database, Everything};

fn id(number: u128) -> GatewayId {
    GatewayId(Uuid::from_u128(number))
}

/// Holds so many that finished just now, and so many that are leased or wanted.
fn own(finished: u32, leased: u32) -> OwnCalls {
    OwnCalls {
        at: 1_000_000,
        calls: SavedCalls {
            finished: vec![(1_000_000, finished)],
            by_key: Vec::new(),
            leased,
        },
        under_way: Vec::new(),
    }
}

fn asking(wanted: u32, limit: u32) -> Asking {
    Asking {
        wanted,
        limit,
        ..Asking::default()
    }
}

/// Writes the row of a gateway with this number and asks for calls.
async fn lease(
    store: &dyn Everything,
    number: u128,
    written: u64,
    own: &OwnCalls,
    asking: &Asking,
) -> Leased {
    let leased = store.lease_calls(id(number), written, own, asking).await;
    leased.unwrap()
}

/// `(gateway, number, slots)` of every row.
async fn rows(store: &dyn Everything) -> Vec<(u128, u64, u64)> {
    let rows = store.calls().await.unwrap();
    let rows = rows.into_iter();
    let mut rows: Vec<_> = rows
        .map(|row| (row.gateway.0.as_u128(), row.number, row.own.calls.held()))
        .collect();
    rows.sort_unstable();
    rows
}

pub(crate) async fn the_calls_of_the_last_minute_are_kept_whole(database: &dyn Database) {
    let store = database.open().await;
    assert_eq!(store.calls().await.unwrap(), []);
    let all = [
        SavedCalls {
            finished: vec![(1_790_000_000_000, 3), (u64::MAX, u32::MAX)],
            by_key: vec![(1_790_000_000_000, KeyId(Uuid::from_u128(7)), 2)],
            leased: u32::MAX,
        },
        SavedCalls::default(),
    ];
    for (number, calls) in (1..).zip(all) {
        let own = OwnCalls {
            at: 1_790_000_000_001,
            calls,
            under_way: vec![(KeyId(Uuid::from_u128(8)), 4)],
        };
        let leased = store
            .lease_calls(ALONE, number, &own, &Asking::default())
            .await;
        assert_eq!(leased.unwrap(), Leased::default());
        for store in [store.clone(), database.open().await] {
            let rows = store.calls().await.unwrap();
            assert_eq!(
                (rows.len(), rows[0].gateway, rows[0].number),
                (1, ALONE, number)
            );
            assert_eq!(rows[0].own, own);
        }
    }
}

pub(crate) async fn of_two_that_ask_for_the_last_slot_one_has_it(database: &dyn Database) {
    let stores = [database.open().await, database.open().await];
    lease(&*stores[0], 9, 1, &own(99, 0), &Asking::default()).await;
    for round in 1..20 {
        let (own, asking) = (own(0, 1), asking(1, 100));
        let (one, other) = tokio::join!(
            lease(&*stores[0], 1, round * 2, &own, &asking),
            lease(&*stores[1], 2, round * 2, &own, &asking),
        );
        assert_eq!(one.extra + other.extra, 1);
        // Whoever has none sees why.
        let (refused, by) = if one.extra == 0 { (one, 2) } else { (other, 1) };
        let row = refused.others.iter().find(|row| row.gateway == id(by));
        assert_eq!(row.unwrap().own.calls.leased, 1);
        for number in [1, 2] {
            let nothing = OwnCalls::default();
            lease(
                &*stores[0],
                number,
                round * 2 + 1,
                &nothing,
                &Asking::default(),
            )
            .await;
        }
    }
}

pub(crate) async fn eight_that_ask_at_once_lease_no_more_than_there_is(database: &dyn Database) {
    let mut asking_all = tokio::task::JoinSet::new();
    for gateway in 1..=8 {
        let store = database.open().await;
        asking_all.spawn(async move {
            let mut held = 0;
            for number in 1..=10 {
                let own = own(0, held + 3);
                held += lease(&*store, gateway, number, &own, &asking(3, 100))
                    .await
                    .extra;
            }
            held
        });
    }
    let held: Vec<u32> = asking_all.join_all().await;
    assert_eq!(held.iter().sum::<u32>(), 100, "{held:?}");
    let store = database.open().await;
    let rows = rows(&*store).await;
    assert_eq!(rows.iter().map(|(_, _, held)| held).sum::<u64>(), 100);
}

pub(crate) async fn what_comes_late_changes_nothing(database: &dyn Database) {
    let store = database.open().await;
    lease(&*store, 1, 7, &own(2, 0), &Asking::default()).await;
    for number in [6, 7] {
        let late = lease(&*store, 1, number, &own(0, 5), &asking(5, 100)).await;
        assert_eq!(late.extra, 0);
        assert_eq!(rows(&*store).await, [(1, 7, 2)]);
    }
    let leased = lease(&*store, 1, 8, &own(2, 5), &asking(5, 5)).await;
    assert_eq!((leased.extra, leased.others), (3, Vec::new()));
    assert_eq!(rows(&*store).await, [(1, 8, 5)]);
}

pub(crate) async fn what_is_known_of_others_counts_and_of_nobody_else(database: &dyn Database) {
    let store = database.open().await;
    for number in [1, 2] {
        lease(&*store, number, 3, &own(40, 0), &Asking::default()).await;
    }
    let known = |gateway, number| Known {
        gateway: id(gateway),
        number,
        held: 10,
    };
    for (number, known, extra) in [
        (1, vec![], 20),
        (2, vec![known(1, 3)], 50),
        (3, vec![known(1, 3), known(2, 2), known(3, 3)], 50),
        (4, vec![known(1, 3), known(2, 3)], 80),
    ] {
        let asking = Asking {
            known,
            ..asking(90, 100)
        };
        let leased = lease(&*store, 3, number, &own(0, 90), &asking).await;
        assert_eq!((leased.extra, leased.others.len()), (extra, 2));
    }
}

pub(crate) async fn the_row_of_a_gateway_that_is_gone_is_forgotten_when_it_holds_nothing(
    database: &dyn Database,
) {
    let store = database.open().await;
    for number in [1, 2, 3] {
        lease(&*store, number, 5, &own(1, 0), &Asking::default()).await;
    }
    let asking = Asking {
        // What was written since is of one that is alive.
        spent: vec![(id(1), 5), (id(2), 4)],
        ..Asking::default()
    };
    let late = lease(&*store, 3, 5, &own(1, 0), &asking).await;
    assert_eq!(late.others.len(), 2);
    assert_eq!(rows(&*store).await.len(), 3);
    lease(&*store, 3, 6, &own(1, 0), &asking).await;
    assert_eq!(rows(&*store).await, [(2, 5, 1), (3, 6, 1)]);
    // It may come back.
    lease(&*store, 1, 6, &own(2, 0), &Asking::default()).await;
    assert_eq!(rows(&*store).await, [(1, 6, 2), (2, 5, 1), (3, 6, 1)]);
}

pub(crate) async fn a_row_is_as_old_as_the_clock_of_the_database_says(database: &dyn Database) {
    let store = database.open().await;
    lease(&*store, 1, 1, &own(1, 0), &Asking::default()).await;
    let age = || async { store.calls().await.unwrap()[0].age };
    assert!(age().await < 10_000);
    for (back, expected) in [
        (
            "UPDATE gateway_calls SET written_at = written_at - 100000",
            100_000..110_000,
        ),
        (
            "UPDATE gateway_calls SET written_at = written_at + 200000",
            0..1,
        ),
    ] {
        database.execute(back).await.unwrap();
        let age = age().await;
        assert!(expected.contains(&age), "{age}");
    }
    let written = lease(&*store, 2, 1, &own(1, 0), &Asking::default()).await;
    assert_eq!(written.others[0].age, 0);
}
