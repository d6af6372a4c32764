//! One limit over several gateways: never more than it, and all of it.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use gardien_test_postgres::Cluster;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::breaking::break_things;
use super::faults::report;
use super::team::Team;
use crate::support::database::Database;
use crate::support::dice::Dice;
use crate::support::people::Caller;
use crate::support::world::Issued;

const GATEWAYS: usize = 3;
const CLIENTS: usize = 20;
/// Calls a minute.
const LIMIT: u32 = 300;
const MINUTE: Duration = Duration::from_secs(60);
/// Whoever was refused, or has an answer, calls again after this.
const PAUSE: Duration = Duration::from_millis(500);
/// A slot is used so soon after it is free, on a machine that something else keeps busy.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn rule_6_all_gateways_take_their_calls_from_one_limit() {
    const CALLS: usize = 150;
    let team = Team::of(GATEWAYS).await;
    limit_to(&team, LIMIT).await;
    let key = team.issue().await;
    let callers = team.gateways.iter().map(|gateway| async {
        let holder = gateway.key_holder(&key.secret);
        let mut granted = 0;
        for _ in 0..CALLS {
            match holder.get("/uptime/monitors").await.status.as_u16() {
                200 => granted += 1,
                // A key that was just made may come a moment later.
                status => assert!([401, 429].contains(&status), "{status}"),
            }
        }
        granted
    });
    let granted: usize = join_all(callers).await.iter().sum();
    // What Gardien itself asked counts, too.
    let made = came(&team).len();
    assert!(made <= LIMIT as usize, "{made}");
    assert!(
        (LIMIT as usize - 20..=made).contains(&granted),
        "{granted} of {made}"
    );

    // Whoever manages sees what all of them hold.
    let is_seen = async {
        while team.owner.get("/v1/limits").await.expect(200)["remaining"] != 0 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(50), is_seen).await.unwrap();
}

#[tokio::test]
async fn all_of_the_limit_is_used_by_whoever_wants_it_and_no_more() {
    let team = Team::on(Database::new(), GATEWAYS).await;
    let over = clients(&team, Duration::from_secs(75)).await;
    over.await;
    let came = came(&team);
    is_kept(&came);
    assert!(
        came.len() > LIMIT as usize,
        "only {} calls were made",
        came.len()
    );
    let late = came.windows(LIMIT as usize + 1).map(|calls| {
        let (first, next) = (calls[0], calls[LIMIT as usize]);
        (next - first).saturating_sub(MINUTE)
    });
    let late = late.max().unwrap_or_default();
    report(&format!(
        "{} calls, a slot was used after {late:?} at the latest",
        came.len()
    ));
    assert!(late < SOON, "a slot was free for {late:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_more_than_the_limit_reaches_phare_whatever_breaks() {
    let seconds = env::var("GARDIEN_TEST_LIMIT_SECONDS");
    let seconds = seconds.ok().and_then(|seconds| seconds.parse().ok());
    let time = Duration::from_secs(seconds.unwrap_or(130));
    let mut dice = Dice::announced("limit");
    let cluster = Cluster::start().unwrap();
    let team = Team::on(Database::on(cluster.url()), GATEWAYS).await;
    let over = clients(&team, time).await;
    let team = Arc::new(tokio::sync::Mutex::new(team));
    let end = Instant::now() + time;
    let goes_on = move |_| Instant::now() < end;
    let cluster = tokio::spawn(break_things(team.clone(), cluster, dice.fork(), goes_on));
    over.await;
    let cluster = cluster.await.unwrap();
    let team = Arc::into_inner(team).unwrap().into_inner();
    let came = came(&team);
    is_kept(&came);
    report(&format!("{} calls in {time:?}", came.len()));
    assert!(
        came.len() > LIMIT as usize,
        "only {} calls were made",
        came.len()
    );
    drop(team);
    drop(cluster);
}

async fn limit_to(team: &Team, calls: u32) {
    let limit = json!({ "calls_per_minute": calls, "at_limit": "reject" });
    let changed = team.owner.patch("/v1/organization", limit).await;
    changed.expect(200);
}

/// Lets clients call at all gateways for so long. What it answers with comes back when they have ended.
async fn clients(team: &Team, time: Duration) -> impl Future<Output = ()> + use<> {
    limit_to(team, LIMIT).await;
    let key = team.issue().await;
    let over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let gateway = team.gateways[number % GATEWAYS].gateway();
            tokio::spawn(call(gateway.to_owned(), key.clone(), over.clone()))
        })
        .collect();
    async move {
        sleep(time).await;
        over.store(true, Ordering::SeqCst);
        for client in clients {
            client.await.unwrap();
        }
    }
}

async fn call(gateway: String, key: Issued, over: Arc<AtomicBool>) {
    let holder = Caller::with(&gateway, &key.secret);
    while !over.load(Ordering::SeqCst) {
        let asking = holder.request(reqwest::Method::GET, "/uptime/monitors");
        let answer = asking.timeout(Duration::from_secs(5)).send().await;
        if let Ok(answer) = answer {
            let status = answer.status().as_u16();
            // 401: a key that was just made may come a moment later.
            assert!([200, 401, 429, 503].contains(&status), "{status}");
        }
        sleep(PAUSE).await;
    }
}

/// When each call came, whoever made it.
fn came(team: &Team) -> Vec<Instant> {
    let mut came: Vec<_> = team
        .upstream
        .everything()
        .iter()
        .map(|seen| seen.at)
        .collect();
    came.sort_unstable();
    came
}

fn is_kept(came: &[Instant]) {
    for calls in came.windows(LIMIT as usize + 1) {
        let took = calls[LIMIT as usize] - calls[0];
        assert!(took >= MINUTE, "{} calls came in {took:?}", calls.len());
    }
}
