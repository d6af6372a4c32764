//! Rule 7 under fire: sixteen threads use a key while it is revoked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::support::server::WORKERS;
use crate::support::turn;
use crate::support::wire::Wire;
use crate::support::world::World;

const CALLERS: usize = 16;
/// With each number of workers.
const ROUNDS: usize = 100;
/// Calls that each caller still makes once it knows of the revocation.
const AFTERWARDS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(120);

/// One key and what is known about its end.
#[derive(Debug)]
struct Round {
    secret: String,
    /// The revocation was acknowledged.
    over: AtomicBool,
    granted: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_7_no_request_that_starts_after_the_acknowledgement_is_granted() {
    let _turn = turn::heavy().await;
    let mut world = World::new().await.unlimited().await;
    for workers in WORKERS {
        world.work_with(workers);
        race(&world).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_7_holds_for_one_that_shares_its_database() {
    let _turn = turn::heavy().await;
    let mut world = World::shared().await.unlimited().await;
    world.work_with(2);
    race(&world).await;
}

async fn race(world: &World) {
    let mut wires = Vec::new();
    for _ in 0..CALLERS {
        wires.push(Wire::open(world.server.gateway()).await);
    }
    for number in 0..ROUNDS {
        let key = world.reading_key().await;
        let round = Arc::new(Round {
            secret: key.secret.clone(),
            over: AtomicBool::new(false),
            granted: AtomicUsize::new(0),
        });
        let callers: Vec<_> = wires
            .drain(..)
            .map(|wire| {
                let (round, runtime) = (round.clone(), Handle::current());
                thread::spawn(move || runtime.block_on(call_until_over(wire, &round)))
            })
            .collect();
        // A different moment each time, and never before it was in use.
        let begun = Instant::now();
        while round.granted.load(Ordering::SeqCst) < 1 + number % (2 * CALLERS) {
            assert!(begun.elapsed() < PATIENCE, "nothing is granted");
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        world.revoke(&key).await;
        round.over.store(true, Ordering::SeqCst);
        wires.extend(callers.into_iter().map(|caller| caller.join().unwrap()));
    }
}

/// Calls on one connection, a little longer than the key works; hands the connection back.
async fn call_until_over(mut wire: Wire, round: &Round) -> Wire {
    let call = format!(
        "GET /uptime/monitors HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
        round.secret
    );
    let mut afterwards = 0;
    while afterwards < AFTERWARDS {
        let over = round.over.load(Ordering::SeqCst);
        wire.send(&call).await.unwrap();
        let answer = wire.answer().await.unwrap();
        if answer.status == 200 {
            assert!(
                !over,
                "granted although the revocation had been acknowledged"
            );
            round.granted.fetch_add(1, Ordering::SeqCst);
        } else {
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (401, "key_revoked"),
                "{answer:?}"
            );
        }
        afterwards += usize::from(over);
    }
    wire
}
