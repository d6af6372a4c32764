//! Somebody calls Phare with a key of its own, past the gateway: `/v1/limits` names those calls.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::people::Caller;
use crate::support::upstream::Upstream;
use crate::support::world::World;

const LIMIT: u32 = 100;

async fn limits(world: &World) -> Value {
    world.owner.get("/v1/limits").await.expect(200)
}

#[tokio::test]
async fn calls_past_the_gateway_are_named_and_leave_fewer() {
    let upstream = Upstream::counting(LIMIT);
    let world = World::before(&upstream).await.rejecting().await;
    let key = world.organization_key().await;
    let holder = world.holder(&key);
    for _ in 0..5 {
        holder.get("/projects").await.expect(200);
    }
    assert_eq!(limits(&world).await["direct"], Value::Null);

    let begun = Timestamp::now();
    let somebody = Caller::with(&upstream.url(), "pha_org_AnotherKeyOfTheSameOrganization");
    for _ in 0..12 {
        somebody.get("/users").await.expect(200);
    }
    // Beside a call of Gardien's own they are not told apart at once.
    let mut direct = Value::Null;
    for _ in 0..20 {
        holder.get("/projects").await.expect(200);
        direct = limits(&world).await["direct"].clone();
        assert!(
            direct["calls"].as_u64().is_none_or(|calls| calls <= 12),
            "{direct}"
        );
        if direct["calls"] == 12 {
            break;
        }
    }
    assert_eq!(direct["calls"], 12);
    for name in ["since", "last"] {
        let moment: Timestamp = direct[name].as_str().unwrap().parse().unwrap();
        let after = moment.duration_since(begun);
        assert!(after >= SignedDuration::from_secs(-1), "{direct}");
    }

    // What is left is what Phare has left, and Phare refuses none of it.
    let all = usize::try_from(LIMIT).unwrap();
    while upstream.everything().len() < all {
        holder.get("/projects").await.expect(200);
    }
    holder.get("/projects").await.refusal(429, "");
    assert_eq!(upstream.everything().len(), all);
    let limits = limits(&world).await;
    assert_eq!(
        (&limits["remaining"], &limits["hold"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(limits["direct"]["calls"], 12);
}

/// However many come at once, and with what Gardien asks of its own accord beside: none is taken for somebody else's.
#[tokio::test]
async fn many_at_once_are_nobody_elses() {
    let upstream = Upstream::counting(LIMIT);
    let world = World::before(&upstream).await.rejecting().await;
    let key = world.organization_key().await;
    let holder = world.holder(&key);
    let calls: Vec<_> = (0..80)
        .map(|_| {
            let holder = holder.clone();
            tokio::spawn(async move { holder.get("/projects").await.status })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), 200);
    }
    // Gardien may still ask: until it is done, one is older than the other.
    let agree = async {
        loop {
            let told = limits(&world).await;
            assert_eq!(told["direct"], Value::Null);
            if told["used"] == upstream.everything().len() {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(20), agree)
        .await
        .expect("some are counted that were not made, or the other way round");
}

/// The sandbox counts nothing, so nothing is said of it.
#[tokio::test]
async fn before_the_sandbox_nobody_calls_directly() {
    let world = World::new().await;
    let key = world.organization_key().await;
    for _ in 0..10 {
        world.holder(&key).get("/projects").await.expect(200);
    }
    assert_eq!(limits(&world).await["direct"], Value::Null);
}
