//! Calls that come too early wait for their turn, so that what repeats nothing comes to its end.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream;
use serde_json::json;
use tokio::time::timeout;

use crate::support::upstream::Upstream;
use crate::support::world::{World, new_key, organization};

/// As the official Terraform provider calls for 120 monitors: a plan reads each, an apply reads and writes.
const CALLS: usize = 260;
const AT_ONCE: usize = 10;
/// The provider gives up after so long, and repeats nothing.
const GIVES_UP: Duration = Duration::from_secs(30);

/// A minute of Phare's in a few seconds: so many calls for so much less than they need.
async fn scaled_down(at_limit: &str) -> (Upstream, World) {
    let upstream = Upstream::start();
    let world = World::before(&upstream).await;
    let limit = json!({ "calls_per_minute": 1_200, "burst": 40, "at_limit": at_limit });
    world
        .owner
        .patch("/v1/organization", limit)
        .await
        .expect(200);
    (upstream, world)
}

/// The statuses of a whole run.
async fn provider(world: &World) -> Vec<u16> {
    let key = world
        .issue(new_key(
            "Terraform",
            organization(),
            "read_write",
            "read_write",
        ))
        .await;
    let holder = world.holder_in(&key, &world.shop);
    let calls = stream::iter(0..CALLS).map(|call| {
        let holder = &holder;
        async move {
            let path = format!("/uptime/monitors/{call}");
            let answer = timeout(GIVES_UP, holder.get(&path)).await;
            answer.map_or(0, |answer| answer.status.as_u16())
        }
    });
    calls.buffer_unordered(AT_ONCE).collect().await
}

#[tokio::test]
async fn a_provider_that_repeats_nothing_comes_to_its_end_and_starves_nobody() {
    let (upstream, world) = scaled_down("pace").await;
    let bot = world.reading_key().await;
    let share = json!({ "share": { "reserved": 10 } });
    world.owner.patch(&bot.path(""), share).await.expect(200);
    let bot = world.holder(&bot);
    let asks = async {
        let mut longest = 0;
        for _ in 0..5 {
            let answer = bot.get("/uptime/monitors").await;
            assert_eq!(answer.status, 200);
            let waited = answer.header("server-timing");
            let waited = waited.and_then(|timing| timing.strip_prefix("wait;dur="));
            longest = longest.max(waited.map_or(0, |waited| waited.parse::<u64>().unwrap()));
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        longest
    };
    let (statuses, longest) = tokio::join!(provider(&world), asks);
    assert_eq!(statuses, vec![200; CALLS]);
    assert!(longest < 1_000, "the bot waited for {longest} ms");
    assert_eq!(upstream.calls().len(), CALLS + 5);
}

#[tokio::test]
async fn the_pace_that_is_in_force_is_told_and_for_how_long_somebody_waits() {
    let (_upstream, world) = scaled_down("pace").await;
    let reader = world.reading_key().await;
    let share = json!({ "share": { "reserved": 600 } });
    world.owner.patch(&reader.path(""), share).await.expect(200);
    let limits = world.owner.get("/v1/limits").await.expect(200);
    assert_eq!(limits["pace"], json!({ "burst": 40, "per_minute": 560 }));

    let slow = json!({ "calls_per_minute": 623, "burst": 20 });
    world
        .owner
        .patch("/v1/organization", slow)
        .await
        .expect(200);
    let key = new_key("Terraform", organization(), "read", "read");
    let key = world.issue(key).await;
    let holder = world.holder_in(&key, &world.shop);
    // Three a minute after the first: one waits, and the next could not go in time.
    let calls = join_all((0..24).map(|_| holder.get("/uptime/monitors")));
    let told = async {
        loop {
            let limits = world.owner.get("/v1/limits").await.expect(200);
            let uses = limits["by_key"].as_array().unwrap();
            let own = uses.iter().find(|of| of["name"] == "Terraform");
            if let Some(own) = own.filter(|own| own["waited_seconds"].as_u64().unwrap() >= 2) {
                break own["waiting"].clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        _ = calls => panic!("nobody waits"),
        waiting = told => assert_eq!(waiting, 1),
    }
    let reject = json!({ "at_limit": "reject" });
    world
        .owner
        .patch("/v1/organization", reject)
        .await
        .expect(200);
    let limits = world.owner.get("/v1/limits").await.expect(200);
    assert_eq!(limits["pace"], json!(null));
}

#[tokio::test]
async fn the_same_is_refused_where_calls_beyond_the_limit_are() {
    let (upstream, world) = scaled_down("reject").await;
    let limit = json!({ "calls_per_minute": 100 });
    world
        .owner
        .patch("/v1/organization", limit)
        .await
        .expect(200);
    let statuses = provider(&world).await;
    assert!(statuses.contains(&429), "{statuses:?}");
    assert!(upstream.everything().len() <= 100);
}
