//! Sessions and members ended with `gardien-server` over the data folder, while a server runs on it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::people::Caller;
use crate::support::world::{Issued, World, new_key};

const PATIENCE: Duration = Duration::from_secs(60);

async fn issue(world: &World, by: &Caller, name: &str) -> Issued {
    let new = new_key(name, json!({ "type": "organization" }), "read", "read");
    let created = by.post("/v1/keys", new).await.expect(201);
    world.take(created)
}

async fn newest(world: &World, count: usize) -> Vec<Value> {
    let path = format!("/v1/audit?limit={count}");
    let page = world.owner.get(&path).await.expect(200);
    page["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_session_is_listed_and_ended_beside_a_running_server() {
    let world = World::new().await;
    let ada = world.server.member("ada@lighthouse.test", "admin");
    ada.get("/v1/session").await.expect(200);
    let listed = world.server.say(&["sessions"]).unwrap();
    let line = listed.lines().find(|line| line.contains("ada@"));
    let id = line.unwrap().split('\t').next().unwrap();
    world.server.say(&["sessions", "--end", id]).unwrap();
    let refused = ada.get("/v1/session").await;
    refused.problem(401, "unauthenticated");
    assert!(!world.server.say(&["sessions"]).unwrap().contains("ada@"));
    let again = world.server.say(&["sessions", "--end", id]).unwrap_err();
    assert!(again.contains("There is no such session"), "{again}");

    let [entry] = newest(&world, 1).await.try_into().unwrap();
    assert_eq!(entry["action"], "session.ended");
    assert_eq!(entry["actor"], "system");
    assert_eq!(entry["detail"]["name"], "ada@lighthouse.test");
    assert_eq!(entry["detail"]["session"], id);
}

#[tokio::test]
async fn a_member_is_removed_and_their_keys_if_asked_for() {
    let mut world = World::new().await;
    let ada = world.server.member("ada@lighthouse.test", "admin");
    let kept = issue(&world, &ada, "Kept").await;
    let remove = ["member", "remove", "--email", "ada@lighthouse.test"];
    world.server.say(&remove).unwrap();
    let refused = ada.get("/v1/session").await;
    refused.problem(401, "unauthenticated");
    world.holder(&kept).get("/projects").await.expect(200);
    assert!(world.server.say(&remove).is_err(), "nobody is left");

    let again = world.server.member("ada@lighthouse.test", "admin");
    let revoked = issue(&world, &again, "Revoked").await;
    world
        .server
        .say(&[&remove[..], &["--revoke-keys"]].concat())
        .unwrap();
    // The server follows what another process records.
    let end = Instant::now() + PATIENCE;
    while world.holder(&revoked).get("/projects").await.status == 200 {
        assert!(Instant::now() < end, "{}", world.server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let refusal = world.holder(&revoked).get("/projects").await;
    refusal.refusal(401, "key_revoked");
    world.holder(&kept).get("/projects").await.expect(200);
    let [removal, revocation] = newest(&world, 2).await.try_into().unwrap();
    assert_eq!(removal["action"], "member.removed");
    assert_eq!(removal["detail"]["revoked_keys"], json!(["Revoked"]));
    assert_eq!(revocation["action"], "key.revoked");
    assert_eq!(revocation["subject"], revoked.id.as_str());
    let verified = world.owner.get("/v1/audit/verify").await.expect(200);
    assert_eq!(verified["ok"], true);

    // Somebody has to stay who owns it, and a misspelled folder is not made.
    let session = world.owner.get("/v1/session").await.expect(200);
    let owner = session["member"]["email"].as_str().unwrap();
    let refused = world.server.say(&["member", "remove", "--email", owner]);
    assert!(refused.unwrap_err().contains("needs an Owner"));
    world.server.terminate();
    std::fs::remove_dir_all(world.server.data()).unwrap();
    let refused = world.server.say(&["sessions"]).unwrap_err();
    assert!(
        refused.contains("there is no data of a server"),
        "{refused}"
    );
    assert!(!world.server.data().exists());
}
