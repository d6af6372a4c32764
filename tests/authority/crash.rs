//! Killed at any moment: every acknowledged change is there, none is half there, and the chain holds.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::dice::Dice;
use crate::support::people::Caller;
use crate::support::server::WORKERS;
use crate::support::turn;
use crate::support::world::{World, new_key, organization};

use super::audit::trail;

const KILLS: usize = 200;
/// Where a lease has to run out after each.
const KILLS_OF_ONE_OF_SEVERAL: usize = 20;
/// Changes at a time.
const HANDS: usize = 3;
/// The longest that changes go on before a kill.
const LONGEST_MS: u64 = 80;

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// Key id and secret.
    created: Vec<(String, String)>,
    revoked: HashSet<String>,
    /// Asked for and not acknowledged: may have happened or not.
    open: HashSet<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_kills_lose_nothing_that_was_acknowledged() {
    let _turn = turn::heavy().await;
    let begun = Instant::now();
    lose_nothing(World::new().await.rejecting().await, KILLS).await;
    assert!(
        begun.elapsed() < Duration::from_secs(240),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_one_that_shares_its_database_lose_nothing_that_was_acknowledged() {
    let _turn = turn::heavy().await;
    let world = World::leased("1").await.rejecting().await;
    lose_nothing(world, KILLS_OF_ONE_OF_SEVERAL).await;
}

async fn lose_nothing(mut world: World, kills: usize) {
    let mut dice = Dice::announced("kills");
    let acknowledged = Arc::new(Mutex::new(Acknowledged::default()));
    let mut checked = 0;
    for kill in 0..kills {
        let after = Duration::from_millis(dice.within(1..LONGEST_MS));
        let hands: Vec<_> = (0..HANDS)
            .map(|_| tokio::spawn(create_and_revoke(world.owner.clone(), acknowledged.clone())))
            .collect();
        // Most kills come only when something was done: a busy machine may do nothing in so short a time.
        if !dice.once_in(4) {
            let done = acknowledged.lock().unwrap().done();
            let more = async {
                while acknowledged.lock().unwrap().done() <= done {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            let patience = Duration::from_secs(60);
            tokio::time::timeout(patience, more).await.unwrap();
        }
        tokio::time::sleep(after).await;
        // In the middle of what they do.
        world.server.kill9();
        for hand in hands {
            hand.await.unwrap();
        }
        world.server.has_workers(WORKERS[kill % WORKERS.len()]);
        world.restart();
        // What the gateway says of the newest keys, right after each start.
        let newest: Vec<(String, String, Option<bool>)> = {
            let acknowledged = acknowledged.lock().unwrap();
            let newest = acknowledged.created[checked..].iter();
            newest
                .map(|(id, secret)| (id.clone(), secret.clone(), acknowledged.verdict(id)))
                .collect()
        };
        checked += newest.len();
        for (id, secret, revoked) in newest {
            world.server.remember(&secret);
            let answer = world.server.key_holder(&secret).get("/projects").await;
            // Whether the key works is decided before how often it is used.
            let alive = matches!(answer.status.as_u16(), 200 | 429);
            let told = if alive {
                Some(false)
            } else {
                (answer.code() == "key_revoked").then_some(true)
            };
            assert!(
                told.is_some() && (revoked.is_none() || told == revoked),
                "{id}, {revoked:?}: {answer:?}"
            );
        }
        if kill % 20 == 0 {
            assert_eq!(
                world.owner.get("/v1/audit/verify").await.expect(200)["ok"],
                true
            );
        }
    }
    let (keys, trail) = (every_key(&world.owner).await, trail(&world.owner).await);
    assert_eq!(
        world.owner.get("/v1/audit/verify").await.expect(200)["ok"],
        true
    );
    let acknowledged = acknowledged.lock().unwrap();
    assert!(
        acknowledged.created.len() > kills,
        "hardly anything was done: {}",
        acknowledged.created.len()
    );
    assert!(
        acknowledged.revoked.len() > kills / 2,
        "hardly anything was revoked: {}",
        acknowledged.revoked.len()
    );
    agree(&acknowledged, &keys, &trail);
}

impl Acknowledged {
    /// Counts two keys that were made and one of them that was revoked.
    fn done(&self) -> usize {
        (self.created.len() / 2).min(self.revoked.len())
    }

    /// Whether a key must be revoked; nothing when nobody can know.
    fn verdict(&self, id: &str) -> Option<bool> {
        let revoked = self.revoked.contains(id);
        (revoked || !self.open.contains(id)).then_some(revoked)
    }
}

/// Until the server is gone: makes keys, revokes every other.
async fn create_and_revoke(owner: Caller, acknowledged: Arc<Mutex<Acknowledged>>) {
    for number in 0.. {
        let body = new_key(&format!("Key {number}"), organization(), "read", "none");
        let Some(made) = acknowledgement(&owner, "/v1/keys", body).await else {
            return;
        };
        let id = made["key"]["id"].as_str().unwrap().to_owned();
        let secret = made["secret"].as_str().unwrap().to_owned();
        acknowledged
            .lock()
            .unwrap()
            .created
            .push((id.clone(), secret));
        if number % 2 == 0 {
            acknowledged.lock().unwrap().open.insert(id.clone());
            let Some(_) =
                acknowledgement(&owner, &format!("/v1/keys/{id}/revoke"), json!({})).await
            else {
                return;
            };
            acknowledged.lock().unwrap().revoked.insert(id);
        }
    }
}

/// A whole answer of success; nothing when the server went away before.
async fn acknowledgement(owner: &Caller, path: &str, body: Value) -> Option<Value> {
    let response = owner
        .request(reqwest::Method::POST, path)
        .json(&body)
        .send()
        .await
        .ok()?;
    assert!(
        response.status().is_success(),
        "{path}: {}",
        response.status()
    );
    response.json().await.ok()
}

async fn every_key(owner: &Caller) -> HashMap<String, Value> {
    let mut keys = HashMap::new();
    let mut cursor = String::new();
    loop {
        let page = owner
            .get(&format!("/v1/keys?limit=500{cursor}"))
            .await
            .expect(200);
        for key in page["data"].as_array().unwrap() {
            keys.insert(key["id"].as_str().unwrap().to_owned(), key.clone());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return keys,
        }
    }
}

/// Keys, acknowledgements and audit entries tell the same story.
fn agree(acknowledged: &Acknowledged, keys: &HashMap<String, Value>, trail: &[Value]) {
    for (id, _) in &acknowledged.created {
        let key = keys
            .get(id)
            .unwrap_or_else(|| panic!("{id} was acknowledged and is gone"));
        if let Some(revoked) = acknowledged.verdict(id) {
            assert_eq!(
                key["status"],
                if revoked { "revoked" } else { "active" },
                "{id}"
            );
        }
    }
    let subjects = |action: &str| -> Vec<&str> {
        let entries = trail.iter().filter(|entry| entry["action"] == action);
        entries
            .map(|entry| entry["subject"].as_str().unwrap())
            .collect()
    };
    let same = |mut told: Vec<&str>, mut there: Vec<&str>, what: &str| {
        told.sort_unstable();
        there.sort_unstable();
        assert_eq!(
            told, there,
            "{what}: no entry, no change; and no change without its entry"
        );
    };
    let revoked = keys
        .values()
        .filter(|key| key["status"] == "revoked")
        .map(|key| key["id"].as_str().unwrap());
    same(subjects("key.revoked"), revoked.collect(), "revoked");
    same(
        subjects("key.created"),
        keys.keys().map(String::as_str).collect(),
        "created",
    );
}
