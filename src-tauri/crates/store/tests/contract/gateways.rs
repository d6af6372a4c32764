//! Leases of gateways: what is in force where.

use std::sync::Arc;
use std::time::Duration;

use gardien_domain::lease::{GatewayId, Held, Lease, Renewal, Terms};
use gardien_store::{Gateway, KnownGateway, Renewed, Revision};
use sqlx::{Connection, Executor, PgConnection, Row};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::postgres::{PostgresDatabase, fresh};
use crate::support::{Database, Everything, at, commit};

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

fn id(number: u128) -> GatewayId {
    GatewayId(Uuid::from_u128(number))
}

fn gateway(number: u128) -> Gateway {
    Gateway {
        id: id(number),
        name: format!("Gateway {number}"),
        address: format!("192.0.2.{number}:7420"),
        version: "0.1.0".into(),
        term: 2_000,
    }
}

/// The renewal with this number of a gateway that has applied so much.
fn renewal(number: usize, applied: u64) -> Renewal {
    let mut lease = Lease::new(Terms::default(), applied);
    let renewals = std::iter::from_fn(|| lease.renew(0));
    renewals.take(number).last().unwrap()
}

async fn renew(store: &dyn Everything, number: u128, renewal: Renewal) -> Renewed {
    let renewed = store.renew(&gateway(number), &renewal, at(1)).await;
    renewed.unwrap()
}

fn held(number: u128, renewals: u64) -> Held<GatewayId> {
    Held {
        gateway: id(number),
        renewals,
        term: 2_000,
    }
}

/// Those who lack the revision, by id.
async fn lacking(store: &dyn Everything, revision: u64) -> Vec<Held<GatewayId>> {
    let mut held = store.held_below(Revision(revision)).await.unwrap();
    held.sort_by_key(|held| held.gateway);
    held
}

pub(crate) async fn a_lease_is_held_from_its_first_renewal_on_and_then_renewed_in_time(
    database: &dyn Database,
) {
    let store = database.open().await;
    let other = database.open().await;
    commit(&*other, &[]).await;
    assert_eq!(store.gateways().await.unwrap(), []);
    for number in 1..4 {
        let renewed = renew(&*store, 1, renewal(number, 0)).await;
        let expected = Renewed {
            in_time: number > 1,
            newest: Revision(number as u64),
        };
        assert_eq!(renewed, expected);
        assert_eq!(lacking(&*other, 1).await, [held(1, number as u64)]);
        commit(&*other, &[]).await;
    }
    let seen = other.renew(&gateway(2), &renewal(1, 4), at(7)).await;
    seen.unwrap();
    let known = |number, revision, seen_at| KnownGateway {
        gateway: gateway(number),
        revision: Revision(revision),
        held: true,
        seen_at: at(seen_at),
    };
    let listed = store.gateways().await.unwrap();
    assert_eq!(listed, [known(1, 0, 1), known(2, 4, 7)]);
}

pub(crate) async fn those_who_lack_a_revision_are_found_until_they_show_it(
    database: &dyn Database,
) {
    let store = database.open().await;
    for number in 1..4 {
        renew(&*store, number, renewal(1, number as u64)).await;
    }
    let one_and_two = [held(1, 1), held(2, 1)];
    assert_eq!(lacking(&*store, 3).await, one_and_two);
    assert_eq!(lacking(&*store, 1).await, []);
    renew(&*store, 1, renewal(2, 3)).await;
    assert_eq!(lacking(&*store, 3).await, [held(2, 1)]);
    renew(&*store, 2, renewal(2, 5)).await;
    assert_eq!(lacking(&*store, 3).await, []);
    let last = lacking(&*store, u64::MAX).await;
    assert_eq!(last, [held(1, 2), held(2, 2), held(3, 1)]);
}

pub(crate) async fn a_lease_that_was_let_go_of_or_given_back_is_renewed_anew(
    database: &dyn Database,
) {
    let store = database.open().await;
    renew(&*store, 1, renewal(1, 0)).await;
    assert!(store.let_go(id(1), 1).await.unwrap());
    assert!(!store.let_go(id(1), 1).await.unwrap());
    assert!(!store.let_go(id(2), 1).await.unwrap());
    assert_eq!(lacking(&*store, 1).await, []);
    assert!(!store.gateways().await.unwrap()[0].held);
    for number in 2..4 {
        assert!(!renew(&*store, 1, renewal(number, 0)).await.in_time);
        assert_eq!(lacking(&*store, 1).await, [held(1, number as u64)]);
        store.give_back(id(1)).await.unwrap();
        assert_eq!(lacking(&*store, 1).await, []);
    }
    store.give_back(id(2)).await.unwrap();
    assert_eq!(store.gateways().await.unwrap().len(), 1);
}

pub(crate) async fn a_lease_that_was_renewed_since_is_not_let_go_of(database: &dyn Database) {
    let store = database.open().await;
    let other = database.open().await;
    renew(&*store, 1, renewal(1, 0)).await;
    let seen = lacking(&*other, 1).await[0].renewals;
    renew(&*store, 1, renewal(2, 0)).await;
    assert!(!other.let_go(id(1), seen).await.unwrap());
    assert_eq!(lacking(&*other, 1).await, [held(1, 2)]);
    assert!(other.let_go(id(1), 2).await.unwrap());
    // Nor after it came back.
    renew(&*store, 1, renewal(3, 0)).await;
    assert!(!other.let_go(id(1), 2).await.unwrap());
    assert_eq!(lacking(&*other, 1).await, [held(1, 3)]);
}

pub(crate) async fn a_renewal_that_comes_late_takes_nothing_back(database: &dyn Database) {
    let store = database.open().await;
    renew(&*store, 1, renewal(1, 0)).await;
    renew(&*store, 1, renewal(3, 5)).await;
    assert!(renew(&*store, 1, renewal(2, 4)).await.in_time);
    assert_eq!(lacking(&*store, 5).await, []);
    assert_eq!(lacking(&*store, 6).await, [held(1, 3)]);
    store.give_back(id(1)).await.unwrap();
    assert!(!renew(&*store, 1, renewal(2, 4)).await.in_time);
    assert_eq!(lacking(&*store, 6).await, [held(1, 3)]);
}

pub(crate) async fn those_without_a_lease_are_forgotten_after_a_day(database: &dyn Database) {
    let store = database.open().await;
    let names = async || -> Vec<String> {
        let known = store.gateways().await.unwrap().into_iter();
        known.map(|known| known.gateway.name).collect()
    };
    for number in 1..4 {
        let renewal = renewal(1, 0);
        let seen = at(number as i64);
        store.renew(&gateway(number), &renewal, seen).await.unwrap();
    }
    for number in [1, 2] {
        store.let_go(id(number), 1).await.unwrap();
    }
    let later = at(DAY + 2);
    let renewing = store.renew(&gateway(3), &renewal(2, 0), later).await;
    assert!(renewing.unwrap().in_time);
    assert_eq!(names().await, ["Gateway 1", "Gateway 2", "Gateway 3"]);
    store
        .renew(&gateway(4), &renewal(1, 0), later)
        .await
        .unwrap();
    assert_eq!(names().await, ["Gateway 2", "Gateway 3", "Gateway 4"]);
}

/// Runs it on a connection of its own, in a transaction that is left open.
async fn begin(database: &PostgresDatabase, sql: &'static str) -> PgConnection {
    let mut connection = database.connect().await;
    connection.execute("BEGIN").await.unwrap();
    connection.execute(sql).await.unwrap();
    connection
}

/// Waits until somebody waits for the transaction.
async fn waited_for(transaction: &mut PgConnection) {
    let waiting = "SELECT count(*) AS waiting FROM pg_locks
         WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))";
    let wait = async {
        loop {
            let row = transaction.fetch_one(waiting).await.unwrap();
            if row.get::<i64, _>("waiting") > 0 {
                break;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), wait).await.unwrap();
}

/// Commits the transaction that this waits for.
async fn end<T>(mut transaction: PgConnection, waiting: JoinHandle<T>) -> T {
    waited_for(&mut transaction).await;
    transaction.execute("COMMIT").await.unwrap();
    transaction.close().await.unwrap();
    waiting.await.unwrap()
}

fn start_renewing(store: &Arc<dyn Everything>, renewal: Renewal) -> JoinHandle<Renewed> {
    let store = store.clone();
    tokio::spawn(async move { renew(&*store, 1, renewal).await })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_comes_while_its_lease_is_let_go_of_is_one_anew() {
    let database = fresh().await;
    let store = database.open().await;
    renew(&*store, 1, renewal(1, 0)).await;
    let letting_go = begin(&database, "UPDATE gateways SET held = false WHERE held").await;
    let renewing = start_renewing(&store, renewal(2, 0));
    assert!(!end(letting_go, renewing).await.in_time);
    assert_eq!(lacking(&*store, 1).await, [held(1, 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_not_let_go_of_while_it_is_renewed() {
    let database = fresh().await;
    let store = database.open().await;
    renew(&*store, 1, renewal(1, 0)).await;
    let renewing = begin(&database, "UPDATE gateways SET renewals = 2").await;
    let letting_go = {
        let store = store.clone();
        tokio::spawn(async move { store.let_go(id(1), 1).await.unwrap() })
    };
    assert!(!end(renewing, letting_go).await);
    assert_eq!(lacking(&*store, 1).await, [held(1, 2)]);
}

/// Whoever commits while a row is being written may have found no lease in it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_while_a_row_is_written_is_the_newest() {
    let database = fresh().await;
    let store = database.open().await;
    let new = "INSERT INTO gateways VALUES ('00000000-0000-0000-0000-000000000001', '', '', '', 1, 0, 1, false, 0)";
    for (number, writes) in [(1, new), (2, "SELECT FROM gateways FOR UPDATE")] {
        let mut writing = begin(&database, writes).await;
        let renewing = start_renewing(&store, renewal(number, 0));
        waited_for(&mut writing).await;
        commit(&*store, &[]).await;
        let expected = Renewed {
            in_time: number > 1,
            newest: Revision(number as u64),
        };
        assert_eq!(end(writing, renewing).await, expected);
    }
}
