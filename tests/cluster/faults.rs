//! Rule 7 on its worst days: keys are revoked while gateways, ways and the database are cut, killed and stopped.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gardien_test_postgres::Cluster;
use reqwest::Method;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::breaking::break_things;
use super::team::Team;
use crate::support::database::Database;
use crate::support::dice::Dice;
use crate::support::people::Caller;
use crate::support::turn;

const REVOCATIONS: usize = 1_000;
const GATEWAYS: usize = 3;
/// Callers of each gateway.
const CALLERS: usize = 2;
const FAULTS: usize = 40;
/// Keys that were revoked before are tried, too.
const REMEMBERED: usize = 50;
const PATIENCE: Duration = Duration::from_secs(180);

/// One key and what is known about its end.
struct Round {
    secret: String,
    /// The revocation was acknowledged.
    over: AtomicBool,
    granted: AtomicUsize,
    refused: AtomicUsize,
}

/// What the callers have in common.
struct Calls {
    round: watch::Receiver<Arc<Round>>,
    revoked: Mutex<Vec<String>>,
    number: AtomicUsize,
    /// Numbers of the calls that began after an acknowledgement.
    late: Mutex<HashSet<usize>>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_7_no_gateway_grants_what_was_acknowledged_as_revoked_whatever_breaks() {
    let _turn = turn::heavy().await;
    let mut dice = Dice::announced("faults");
    let cluster = Cluster::start().unwrap();
    let team = Team::on(Database::on(cluster.url()), GATEWAYS).await;
    let (owner, begun) = (team.owner.clone(), Instant::now());
    let first = Arc::new(Round::of(String::from("none")));
    let (rounds, round) = watch::channel(first);
    let calls = Arc::new(Calls {
        round,
        revoked: Mutex::default(),
        number: AtomicUsize::default(),
        late: Mutex::default(),
    });
    let callers: Vec<_> = team
        .gateways
        .iter()
        .flat_map(|gateway| [gateway.gateway(); CALLERS])
        .map(|gateway| {
            let calling = call(gateway.to_owned(), calls.clone(), dice.fork());
            tokio::spawn(calling)
        })
        .collect();

    let team = Arc::new(tokio::sync::Mutex::new(team));
    let breaking = tokio::spawn(break_things(team.clone(), cluster, dice.fork(), |done| {
        done < FAULTS
    }));
    let mut longest = Duration::ZERO;
    for _ in 0..REVOCATIONS {
        let (id, secret) = create(&owner).await;
        let round = Arc::new(Round::of(secret.clone()));
        rounds.send_replace(round.clone());
        until(&round.granted, 1).await;
        longest = longest.max(revoke(&owner, &id).await);
        round.over.store(true, Ordering::SeqCst);
        until(&round.refused, 1).await;
        let mut revoked = calls.revoked.lock().unwrap();
        revoked.push(secret);
        if revoked.len() > REMEMBERED {
            revoked.remove(0);
        }
    }
    let cluster = breaking.await.unwrap();
    drop(rounds);
    for caller in callers {
        caller.await.unwrap();
    }
    let team = Arc::into_inner(team).unwrap().into_inner();
    let granted = team.upstream.calls();
    let numbers = granted.iter().filter_map(|seen| {
        let agent = seen.header("user-agent")?;
        agent.strip_prefix("caller/")?.parse::<usize>().ok()
    });
    let numbers: Vec<_> = numbers.collect();
    assert!(numbers.len() >= REVOCATIONS, "{}", numbers.len());
    let late = calls.late.lock().unwrap();
    assert!(late.len() >= REVOCATIONS, "{}", late.len());
    let wrong: Vec<_> = numbers
        .iter()
        .filter(|number| late.contains(number))
        .collect();
    assert_eq!(wrong, [&0; 0], "they reached Phare");
    report(&format!(
        "{} calls granted, {} after an acknowledgement refused, longest wait {longest:?}, {:?}",
        numbers.len(),
        late.len(),
        begun.elapsed()
    ));
    drop(team);
    drop(cluster);
}

#[expect(
    clippy::print_stderr,
    reason = "the test harness shows it with a failure"
)]
pub(super) fn report(text: &str) {
    eprintln!("{text}");
}

impl Round {
    fn of(secret: String) -> Self {
        Self {
            secret,
            over: AtomicBool::new(false),
            granted: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        }
    }
}

async fn until(counted: &AtomicUsize, count: usize) {
    let waiting = async {
        while counted.load(Ordering::SeqCst) < count {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("nothing happens");
}

/// Calls one gateway until there are no more rounds.
async fn call(gateway: String, calls: Arc<Calls>, mut dice: Dice) {
    let caller = Caller::anonymous(&gateway);
    let mut rounds = calls.round.clone();
    while rounds.has_changed().is_ok() {
        let round = rounds.borrow_and_update().clone();
        let old = {
            let revoked = calls.revoked.lock().unwrap();
            let is_old = dice.once_in(4) && !revoked.is_empty();
            is_old.then(|| dice.pick(&revoked).clone())
        };
        let is_late = old.is_some() || round.over.load(Ordering::SeqCst);
        let number = calls.number.fetch_add(1, Ordering::SeqCst);
        if is_late {
            calls.late.lock().unwrap().insert(number);
        }
        let is_of_round = old.is_none();
        let secret = old.unwrap_or_else(|| round.secret.clone());
        let asking = caller
            .request(Method::GET, "/uptime/monitors")
            .bearer_auth(secret)
            .header("user-agent", format!("caller/{number}"))
            .timeout(Duration::from_secs(5))
            .send();
        // One that is killed, or stands still, answers nothing: what reached Phare is counted there.
        let Ok(answer) = asking.await else {
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        let status = answer.status().as_u16();
        assert!(
            !(is_late && status == 200),
            "granted although the revocation was acknowledged"
        );
        if is_of_round && status == 200 {
            round.granted.fetch_add(1, Ordering::SeqCst);
        }
        if is_of_round && is_late && status == 401 {
            round.refused.fetch_add(1, Ordering::SeqCst);
        }
        // The processors are for those who are called.
        let pause = if status == 503 { 10 } else { 2 };
        sleep(Duration::from_millis(pause)).await;
    }
}

/// Makes a key, as often as it takes.
async fn create(owner: &Caller) -> (String, String) {
    let creating = async {
        loop {
            let body = owner
                .request(Method::POST, "/v1/keys")
                .json(&Team::reader());
            if let Ok(answer) = body.send().await
                && answer.status() == 201
                && let Ok(made) = answer.json::<serde_json::Value>().await
            {
                let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
                return (text(&made["key"]["id"]), text(&made["secret"]));
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, creating)
        .await
        .expect("no key can be made")
}

/// Revokes a key, as often as it takes until that is acknowledged; answers with how long the last one took.
async fn revoke(owner: &Caller, id: &str) -> Duration {
    let revoking = async {
        loop {
            let begun = Instant::now();
            let path = format!("/v1/keys/{id}/revoke");
            let answer = owner.request(Method::POST, &path).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return begun.elapsed();
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, revoking)
        .await
        .expect("no key can be revoked")
}
