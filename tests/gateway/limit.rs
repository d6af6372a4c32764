//! Rule 6: never more than the limit in any minute, whatever the keys and restarts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::people::Answer;
use crate::support::server::{Server, WORKERS};
use crate::support::turn;
use crate::support::upstream::Upstream;
use crate::support::world::{Issued, World, new_key};

const CALLS: usize = 130;

/// Answers of one round. All rounds together ask for more than the limit.
const ROUND: usize = 25;

/// How long callers may wait for the first answers of a round.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the server goes away in the middle.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Never,
    InOrder,
    Killed,
}

#[tokio::test]
async fn rule_6_at_most_a_hundred_calls_over_two_keys() {
    at_most_a_hundred(End::Never).await;
}

#[tokio::test]
async fn rule_6_the_limit_outlives_an_orderly_restart() {
    at_most_a_hundred(End::InOrder).await;
}

#[tokio::test]
async fn rule_6_the_limit_outlives_a_kill() {
    at_most_a_hundred(End::Killed).await;
}

async fn at_most_a_hundred(end: End) {
    let upstream = Upstream::start();
    let mut world = World::before(&upstream).await.rejecting().await;
    let keys = [world.reading_key().await, world.organization_key().await];
    let mut granted = 0;
    for call in 0..CALLS {
        if call == CALLS / 2 {
            match end {
                End::Never => {}
                End::InOrder => world.server.terminate(),
                End::Killed => world.server.kill9(),
            }
            if end != End::Never {
                world.restart();
            }
        }
        let key = &keys[call % 2];
        let answer = world
            .holder_in(key, &world.shop)
            .get("/uptime/monitors")
            .await;
        if answer.status == 200 {
            granted += 1;
            continue;
        }
        too_many(answer);
    }
    let calls = upstream.calls().len();
    assert_eq!(
        calls, granted,
        "what was granted was forwarded, and nothing else"
    );
    let everything = upstream.everything().len();
    assert!(
        everything <= 100,
        "{everything} calls in a minute reached Phare"
    );
    // Gardien's own questions count too; a kill may cost what was left of a lease.
    let least = if end == End::Killed { CALLS / 2 } else { 90 };
    assert!(granted >= least, "only {granted} were granted");
}

/// A refusal says when to come again.
fn too_many(answer: Answer) {
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(
        (
            answer.header("x-ratelimit-limit"),
            answer.header("x-ratelimit-remaining")
        ),
        (Some("100"), Some("0"))
    );
    let reset: i64 = answer.header("x-ratelimit-reset").unwrap().parse().unwrap();
    let ahead = reset - jiff::Timestamp::now().as_second();
    assert!((0..=61).contains(&ahead), "{ahead}");
    let unit = if wait == 1 { "second" } else { "seconds" };
    let message = format!("Too Many Attempts. Try again in {wait} {unit}.");
    assert_eq!(
        answer.refusal(429, ""),
        serde_json::json!({ "message": message })
    );
}

/// The hard case: callers never stop, and the server is killed under them again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_6_holds_while_it_is_killed_under_many_callers() {
    let _turn = turn::heavy().await;
    let upstream = Upstream::start();
    let mut world = World::before(&upstream).await.rejecting().await;
    let keys = Arc::new([world.reading_key().await, world.organization_key().await]);
    let tally = Arc::new(Tally::default());
    world.server.terminate();
    // Each number of workers is killed once, and ended in order once.
    for round in 0..2 * WORKERS.len() {
        world.server.has_workers(WORKERS[round % WORKERS.len()]);
        world.restart();
        let before = tally.answered.load(Ordering::SeqCst);
        let callers: Vec<_> = (0..8)
            .map(|number| tokio::spawn(call_on(&world.server, &keys, number, tally.clone())))
            .collect();
        // Each round takes a share of the minute, however slow the machine is.
        tokio::time::timeout(PATIENCE, tally.answers(before + ROUND))
            .await
            .expect("callers are answered");
        if round % 2 == 0 {
            world.server.kill9()
        } else {
            world.server.terminate()
        }
        for caller in callers {
            caller.await.unwrap();
        }
    }
    let told = tally.granted.load(Ordering::SeqCst);
    let reached = upstream.everything().len();
    let answered = tally.answered.load(Ordering::SeqCst);
    assert!(told > 0 && told < answered, "{told} of {answered}");
    assert!(
        told <= reached && reached <= 100,
        "{told} told, {reached} reached Phare"
    );
}

/// What the callers were told, over all rounds.
#[derive(Default)]
struct Tally {
    answered: AtomicUsize,
    granted: AtomicUsize,
}

impl Tally {
    /// Waits until so many were answered.
    async fn answers(&self, least: usize) {
        while self.answered.load(Ordering::SeqCst) < least {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Calls until the server is gone.
fn call_on(
    server: &Server,
    keys: &Arc<[Issued; 2]>,
    number: usize,
    tally: Arc<Tally>,
) -> impl Future<Output = ()> + use<> {
    let keys = keys.clone();
    let base = server.gateway().to_owned();
    async move {
        let key = &keys[number % 2];
        let holder = crate::support::people::Caller::with(&base, &key.secret)
            .header("x-phare-project-id", "1");
        while let Ok(response) = holder
            .request(reqwest::Method::GET, "/uptime/monitors")
            .send()
            .await
        {
            if response.status() == 200 {
                tally.granted.fetch_add(1, Ordering::SeqCst);
            }
            tally.answered.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[tokio::test]
async fn refusals_cost_nothing() {
    let world = World::new().await;
    let key = world
        .issue(new_key("Some", world.shop.scope(), "none", "read"))
        .await;
    let holder = world.holder(&key);
    let before = world.owner.get("/v1/limits").await.expect(200)["used"].clone();
    holder.get("/nothing").await.refusal(404, "");
    holder.get("/users").await.refusal(403, "");
    holder
        .get("/uptime//monitors")
        .await
        .refusal(400, "ambiguous_path");
    holder
        .header("x-phare-project-id", "x")
        .get("/uptime/monitors")
        .await
        .refusal(422, "");
    world
        .server
        .key_holder("nobody")
        .get("/uptime/monitors")
        .await
        .refusal(401, "");
    assert_eq!(
        world.owner.get("/v1/limits").await.expect(200)["used"],
        before
    );
}
