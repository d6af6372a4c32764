//! Reads that are answered from memory, where the organization wants that.

use serde_json::json;

use crate::support::people::Caller;
use crate::support::upstream::Upstream;
use crate::support::world::{World, new_key, organization};

async fn keep_for(world: &World, seconds: u32) {
    world
        .owner
        .patch("/v1/organization", json!({ "cache_seconds": seconds }))
        .await
        .expect(200);
}

/// The age of an answer from memory; nothing if it is one of the upstream's.
async fn age(holder: &Caller) -> Option<u64> {
    let answer = holder.get("/uptime/monitors").await;
    assert_eq!(answer.status, 200);
    answer.header("age").map(|age| age.parse().unwrap())
}

#[tokio::test]
async fn a_read_is_answered_from_memory_to_its_own_key_until_somebody_writes() {
    let upstream = Upstream::start();
    let world = World::before(&upstream).await;
    let everywhere = |name| new_key(name, organization(), "read_write", "read_write");
    let bot = world.issue(everywhere("Bot")).await;
    let other = world.issue(everywhere("Terraform")).await;
    let in_shop = world.holder_in(&bot, &world.shop);
    let in_blog = world.holder_in(&bot, &world.blog);
    let writer = world.holder_in(&other, &world.shop);
    let calls = || upstream.calls().len();

    // Off, as it is at first.
    for made in 1..=2 {
        assert_eq!(age(&in_shop).await, None);
        assert_eq!(calls(), made);
    }
    keep_for(&world, 60).await;
    assert_eq!(age(&in_shop).await, None);
    assert!(age(&in_shop).await.is_some_and(|age| age < 60));
    assert_eq!(age(&in_blog).await, None, "another project");
    assert_eq!(age(&writer).await, None, "another key");
    assert_eq!(calls(), 5);
    let limits = world.owner.get("/v1/limits").await.expect(200);
    assert_eq!(limits["saved"], 1, "{limits}");

    let body = json!({ "name": "Front page" });
    writer.post("/uptime/monitors/1", body).await.expect(200);
    assert_eq!(age(&in_shop).await, None, "somebody wrote");
    assert!(age(&in_blog).await.is_some(), "elsewhere");
    assert_eq!(calls(), 7);

    world.revoke(&bot).await;
    in_shop
        .get("/uptime/monitors")
        .await
        .refusal(401, "key_revoked");
    keep_for(&world, 0).await;
    assert_eq!(age(&writer).await, None);
}

/// The sandbox answers like any upstream, and who belongs to the organization shows in it.
#[tokio::test]
async fn what_changes_in_gardien_itself_is_read_anew() {
    let world = World::new().await;
    keep_for(&world, 60).await;
    let key = world.organization_key().await;
    let holder = world.holder(&key);
    let users = async || holder.get("/users").await.expect(200)["data"].clone();
    let before = users().await;
    assert_eq!(users().await, before);
    world.server.member("eve@lighthouse.test", "admin");
    let waiting = async {
        while users().await == before {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), waiting)
        .await
        .expect("the new one never shows");
    let projects = async || holder.get("/projects").await.expect(200)["data"].clone();
    let before = projects().await;
    let name = json!({ "name": "Third" });
    world.owner.post("/v1/projects", name).await.expect(201);
    assert_ne!(projects().await, before);
}
