//! The organization and its shared limit.

use serde_json::json;

use crate::support::world::World;

#[tokio::test]
async fn a_new_limit_holds_from_the_next_call_on() {
    let world = World::new().await;
    let fresh = world.owner.get("/v1/organization").await.expect(200);
    assert_eq!(
        (&fresh["calls_per_minute"], &fresh["at_limit"]),
        (&json!(100), &json!("pace"))
    );
    assert_eq!(
        (&fresh["burst"], &fresh["longest_wait_seconds"]),
        (&json!(null), &json!(25))
    );
    assert_eq!(fresh["cache_seconds"], 0);
    let world = world.rejecting().await;
    let key = world.reading_key().await;
    let holder = world.holder(&key);
    holder.get("/uptime/monitors").await.expect(200);
    let limits = world.owner.get("/v1/limits").await.expect(200);
    let used = limits["used"].as_u64().unwrap();
    assert!(used >= 1, "{limits}");
    assert_eq!(limits["remaining"], 100 - used);
    assert!(
        (1..=60).contains(&limits["reset_seconds"].as_u64().unwrap()),
        "{limits}"
    );

    let calls = used + 2;
    let changed = world
        .owner
        .patch("/v1/organization", json!({ "calls_per_minute": calls }))
        .await
        .expect(200);
    assert_eq!(changed["calls_per_minute"], calls);
    for remaining in [1, 0] {
        let answer = holder.get("/uptime/monitors").await;
        assert_eq!(
            answer.header("x-ratelimit-limit"),
            Some(calls.to_string().as_str())
        );
        assert_eq!(
            answer.header("x-ratelimit-remaining"),
            Some(remaining.to_string().as_str())
        );
        answer.expect(200);
    }
    let refused = holder.get("/uptime/monitors").await;
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let unit = if wait == 1 { "second" } else { "seconds" };
    let message = format!("Too Many Attempts. Try again in {wait} {unit}.");
    assert_eq!(refused.refusal(429, ""), json!({ "message": message }));

    world
        .owner
        .patch("/v1/organization", json!({ "calls_per_minute": calls + 1 }))
        .await
        .expect(200);
    holder.get("/uptime/monitors").await.expect(200);
    holder.get("/uptime/monitors").await.refusal(429, "");
}

#[tokio::test]
async fn what_an_organization_cannot_be_is_refused() {
    let world = World::new().await;
    for (field, value) in [
        ("calls_per_minute", json!(0)),
        ("calls_per_minute", json!(1_000_001)),
        ("name", json!("  ")),
        ("burst", json!(0)),
        ("burst", json!(100)),
        ("longest_wait_seconds", json!(0)),
        ("longest_wait_seconds", json!(26)),
        ("cache_seconds", json!(61)),
    ] {
        let refused = world
            .owner
            .patch("/v1/organization", json!({ field: value }))
            .await
            .problem(422, "invalid");
        assert!(refused["errors"][field][0].is_string(), "{refused:#}");
    }
    for body in [
        json!({ "calls_per_minute": -1 }),
        json!({ "calls": 7 }),
        json!({ "at_limit": "explode" }),
    ] {
        let answer = world.owner.patch("/v1/organization", body).await;
        assert!(matches!(answer.status.as_u16(), 400 | 422), "{answer:?}");
    }
    let same = world.owner.get("/v1/organization").await.expect(200);
    assert_eq!(
        (&same["calls_per_minute"], &same["at_limit"]),
        (&json!(100), &json!("pace"))
    );
}

#[tokio::test]
async fn name_and_limit_outlive_a_restart() {
    let mut world = World::new().await;
    let body = json!({ "name": "Phare de Cordouan", "calls_per_minute": 250, "burst": 7, "longest_wait_seconds": 9, "cache_seconds": 30 });
    let changed = world
        .owner
        .patch("/v1/organization", body)
        .await
        .expect(200);
    world.server.kill9();
    world.restart();
    assert_eq!(
        world.owner.get("/v1/organization").await.expect(200),
        changed
    );
    let key = world.organization_key().await;
    let answer = world.holder(&key).get("/projects").await;
    assert_eq!(answer.header("x-ratelimit-limit"), Some("250"));
}
