//! When, for what, by what and from where a key was last used, and who used what of the limit.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::people::Caller;
use crate::support::world::{Issued, World};

/// How long whoever waits for something to be written has patience.
const PATIENCE: Duration = Duration::from_secs(20);

/// The key, once this field of it is this.
async fn shown(world: &World, key: &Issued, field: &str, value: &str) -> Value {
    let start = Instant::now();
    loop {
        let shown = world.owner.get(&key.path("")).await.expect(200);
        if shown[field] == value {
            return shown;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "{field} never {value}: {shown:#}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn as_client(holder: Caller, agent: &str) -> Caller {
    holder.header("user-agent", agent)
}

#[tokio::test]
async fn the_last_use_says_what_made_it_and_from_where() {
    let world = World::new().await;
    let key = world.reading_key().await;
    let holder = world
        .holder(&key)
        .header("x-forwarded-for", "198.51.100.1")
        .header("forwarded", "for=198.51.100.1");
    let terraform = as_client(holder.clone(), "terraform-provider-phare/0.0.12 (linux)");
    terraform
        .post("/uptime/monitors", json!({}))
        .await
        .refusal(403, "");
    terraform.get("/uptime/monitors").await.expect(200);
    let used = shown(&world, &key, "last_client", "terraform-provider-phare").await;
    assert_eq!(used["last_operation"], "getUptimeMonitors");
    assert_eq!(used["last_address"], "127.0.0.1");
    assert!(used["last_used_at"].is_string());
    assert_eq!(used["previous_used_at"], Value::Null);

    // A secret in the wrong setting, and no name at all, are no name.
    let before = &used["last_used_at"];
    as_client(holder.clone(), &key.secret)
        .get("/uptime/monitors/1/report")
        .await;
    let used = shown(&world, &key, "last_operation", "getUptimeMonitorReport").await;
    assert_eq!(used["last_client"], Value::Null);
    assert!(used["last_used_at"].as_str() > before.as_str());
    holder.get("/uptime/incidents").await.expect(200);
    let used = shown(&world, &key, "last_operation", "getUptimeIncidents").await;
    assert_eq!(used["last_client"], Value::Null);
}

#[tokio::test]
async fn the_use_of_a_replaced_secret_is_shown_and_goes_with_it_at_the_next_rotation() {
    let world = World::new().await;
    let old = world.reading_key().await;
    let rotate = async || {
        let grace = json!({ "grace_seconds": 600 });
        let rotated = world.owner.post(&old.path("/rotate"), grace).await;
        world.take(rotated.expect(200))
    };
    let new = rotate().await;
    as_client(world.holder(&old), "forgotten/1")
        .get("/uptime/monitors")
        .await
        .expect(200);
    let used = shown(&world, &old, "last_client", "forgotten").await;
    assert_eq!(used["previous_used_at"], used["last_used_at"]);
    as_client(world.holder(&new), "updated/1")
        .get("/uptime/monitors")
        .await
        .expect(200);
    let later = shown(&world, &old, "last_client", "updated").await;
    assert_eq!(later["previous_used_at"], used["previous_used_at"]);
    assert_ne!(later["last_used_at"], used["last_used_at"]);
    let newest = rotate().await.key;
    assert_eq!(newest["previous_used_at"], Value::Null);
    assert_eq!(newest["earlier_used_at"], used["previous_used_at"]);
}

#[tokio::test]
async fn the_limit_says_when_it_was_reached_and_by_whom_to_whoever_sees_that_key() {
    let world = World::new().await.rejecting().await;
    world.limit_to(4).await;
    let reached = async |who: &Caller| {
        let limits = who.get("/v1/limits").await.expect(200);
        limits["reached"].clone()
    };
    let (reader, everything) = (world.reading_key().await, world.organization_key().await);
    for _ in 0..3 {
        let call = world.holder(&reader).get("/uptime/monitors").await;
        call.expect(200);
    }
    world.holder(&everything).get("/projects").await.expect(200);
    assert_eq!(reached(&world.owner).await, Value::Null);
    let refused = async || world.holder(&everything).get("/projects").await.expect(429);
    let begun = Timestamp::now();
    refused().await;
    let told = reached(&world.owner).await;
    let at = told["at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    assert!((begun..=Timestamp::now()).contains(&at), "{told}");
    let most = json!({ "id": reader.id, "name": "Reader", "calls": 3 });
    assert_eq!(told["most"], most);
    refused().await;
    assert_eq!(reached(&world.owner).await, told, "it was told");

    let member = world.server.member("member@lighthouse.test", "member");
    let unnamed = json!({ "at": told["at"], "most": null });
    assert_eq!(reached(&member).await, unnamed);
    let session = member.get("/v1/session").await.expect(200);
    let path = format!("/v1/members/{}", session["member"]["id"].as_str().unwrap());
    let assigned = json!({ "projects": [world.shop.id] });
    world.owner.patch(&path, assigned).await.expect(200);
    assert_eq!(reached(&member).await, told);
}

#[tokio::test]
async fn the_limit_says_who_used_what_of_it() {
    let mut world = World::new().await;
    let (reader, everything) = (world.reading_key().await, world.organization_key().await);
    for _ in 0..3 {
        world
            .holder(&reader)
            .get("/uptime/monitors")
            .await
            .expect(200);
    }
    world.holder(&everything).get("/projects").await.expect(200);
    world.holder(&everything).get("/nothing").await.expect(404);
    let limits = world.owner.get("/v1/limits").await.expect(200);
    let usual = json!({ "at_most": null, "reserved": null, "weight": 1 });
    let of = |id: &str, name: &str, calls: u32| json!({ "id": id, "name": name, "calls": calls, "waiting": 0, "waited_seconds": 0, "refused": 0, "share": usual });
    let by_key = json!([
        of(&reader.id, "Reader", 3),
        of(&everything.id, "Everything", 1)
    ]);
    assert_eq!((&limits["used"], &limits["by_key"]), (&json!(4), &by_key));
    let again = world.owner.get("/v1/limits").await.expect(200);
    assert_eq!((&again["used"], &again["by_key"]), (&json!(4), &by_key));

    let member = world.server.member("member@lighthouse.test", "member");
    let seen = member.get("/v1/limits").await.expect(200);
    assert_eq!((&seen["used"], &seen["by_key"]), (&json!(4), &json!([])));
    let session = member.get("/v1/session").await.expect(200);
    let path = format!("/v1/members/{}", session["member"]["id"].as_str().unwrap());
    let assigned = json!({ "projects": [world.shop.id] });
    world.owner.patch(&path, assigned).await.expect(200);
    let seen = member.get("/v1/limits").await.expect(200);
    assert_eq!(seen["by_key"], json!([by_key[0]]));

    world.server.terminate();
    world.restart();
    let limits = world.owner.get("/v1/limits").await.expect(200);
    // A restart knows whose they were, too.
    assert_eq!((&limits["used"], &limits["by_key"]), (&json!(4), &by_key));
}
