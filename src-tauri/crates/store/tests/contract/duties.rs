//! What only one process may do. Several processes share a database of PostgreSQL only.

use std::time::{Duration, Instant};

use gardien_store::{Duties, Duty};
use tokio::time::sleep;

use crate::cut::{Cut, Proxy};
use crate::postgres::{PostgresDatabase, fresh};
use crate::support::Database;

/// Twice as often as it is to be asked: the machine may be busy.
const PAUSE: Duration = Duration::from_millis(500);
const HOLDERS: &str = "FROM pg_locks WHERE locktype = 'advisory' AND database =
    (SELECT oid FROM pg_database WHERE datname = current_database())";

pub(crate) async fn a_duty_is_held_until_it_is_given_back(database: &dyn Database) {
    let (first, second) = (database.open().await, database.open().await);
    let mut duty = first.duty().await.unwrap().unwrap();
    for _ in 0..3 {
        assert!(duty.is_held().await);
    }
    drop(duty);
    let mut duty = taken(&*second).await;
    assert!(duty.is_held().await);
}

/// The duty, as soon as it is free.
async fn taken<T: Duties + ?Sized>(store: &T) -> Duty {
    let start = Instant::now();
    loop {
        if let Some(duty) = store.duty().await.unwrap() {
            return duty;
        }
        assert!(start.elapsed() < Duration::from_secs(10));
        sleep(PAUSE / 5).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_want_a_duty_one_gets_it() {
    let database = fresh().await;
    let store = database.open().await;
    let wanting: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.duty().await.unwrap() })
        })
        .collect();
    let mut held = vec![];
    for wanted in wanting {
        held.extend(wanted.await.unwrap());
    }
    assert_eq!(held.len(), 1);
    // One of another database is another.
    let elsewhere = fresh().await;
    assert!(elsewhere.open().await.duty().await.unwrap().is_some());
    assert!(held[0].is_held().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_session_is_ended_notices_and_another_gets_the_duty() {
    let database = fresh().await;
    let store = database.open().await;
    let mut duty = store.duty().await.unwrap().unwrap();
    let end = format!("SELECT pg_terminate_backend(pid) {HOLDERS}");
    database.execute(end.leak()).await.unwrap();
    let mut next = taken(&*store).await;
    assert!(!duty.is_held().await);
    assert!(!duty.is_held().await);
    assert!(next.is_held().await);
}

/// The server keeps the session of a client that it does not know to be gone, and ends it by itself.
#[tokio::test(flavor = "multi_thread")]
async fn whose_connection_is_cut_in_silence_notices_before_another_gets_the_duty() {
    let database = fresh().await;
    let store = database.open().await;
    if !ends_the_silent(&database).await {
        return;
    }
    let proxy = Proxy::before(&database).await;
    let mut duty = proxy.open(&database).await.duty().await.unwrap().unwrap();
    // Longer than a silence may last.
    for _ in 0..14 {
        sleep(PAUSE).await;
        assert!(duty.is_held().await);
        assert!(store.duty().await.unwrap().is_none());
    }
    proxy.cut(Cut::Hush);
    let lost = async {
        sleep(PAUSE).await;
        assert!(!duty.is_held().await);
        Instant::now()
    };
    let won = async {
        let mut next = taken(&*store).await;
        let at = Instant::now();
        assert!(next.is_held().await);
        at
    };
    let (lost, won) = tokio::join!(lost, won);
    assert!(lost < won, "two had it for {:?}", lost - won);
}

/// PostgreSQL 13 does not.
async fn ends_the_silent(database: &PostgresDatabase) -> bool {
    let connection = database.connect().await;
    connection.server_version_num() >= Some(140_000)
}
