//! Rule 6 through the whole gateway.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gardien_domain::phare_key::Need;
use gardien_domain::{AtLimit, Organization};
use gardien_gateway::Timing;
use serde_json::json;

use crate::support::*;

async fn granted(world: &World, calls: usize) -> usize {
    let mut granted = 0;
    for _ in 0..calls {
        granted += usize::from(world.get(&world.owner, "/projects").await.status == 200);
    }
    granted
}

#[tokio::test]
async fn rule_6_a_hundred_a_minute_and_then_429() {
    let world = World::new().await;
    let mut granted = 0;
    for call in 0..130 {
        let (owned, path) = match call % 2 {
            0 => (&world.owner, "/projects"),
            _ => (&world.reader, "/uptime/monitors"),
        };
        let answer = world.get(owned, path).await;
        if answer.status == 200 {
            granted += 1;
            assert_eq!(
                answer.header("x-ratelimit-remaining"),
                (100 - granted).to_string()
            );
            continue;
        }
        assert_eq!(answer.status, 429);
        let retry: u64 = answer.header("retry-after").parse().unwrap();
        let message = format!("Too Many Attempts. Try again in {retry} seconds.");
        assert_eq!(answer.json(), json!({ "message": message }));
        assert!((55..=60).contains(&retry), "{retry}");
        assert_eq!(answer.header("x-ratelimit-remaining"), "0");
        let reset: i64 = answer.header("x-ratelimit-reset").parse().unwrap();
        let ahead = reset - now().as_second();
        assert!((54..=61).contains(&ahead), "{ahead}");
    }
    assert_eq!(granted, 100);
    assert_eq!(world.upstream.seen().len(), 100);
}

/// In the fields of the IETF's draft, beside Phare's own.
#[tokio::test]
async fn every_answer_tells_the_policy_and_what_is_left() {
    let world = World::with(2, Upstream::answering(ok("{}")).await).await;
    world.gateway.set_limit(&Organization {
        calls_per_minute: 2,
        at_limit: AtLimit::Reject,
        ..Organization::named(String::new())
    });
    let unknown = world.get(&world.owner, "/nothing").await;
    assert_eq!(unknown.header("ratelimit"), "\"organization\";r=2;t=0");
    for left in [1, 0] {
        let answer = world.get(&world.owner, "/projects").await;
        assert_eq!(
            answer.header("ratelimit-policy"),
            "\"organization\";q=2;w=60"
        );
        let told = answer.header("ratelimit");
        let seconds = told.strip_prefix(&format!("\"organization\";r={left};t="));
        assert!(seconds.is_some_and(|seconds| (55..=60).contains(&seconds.parse().unwrap())));
    }
    let refused = world.get(&world.owner, "/projects").await;
    let retry = refused.header("retry-after");
    assert_eq!(
        refused.header("ratelimit"),
        format!("\"organization\";r=0;t={retry}")
    );
}

#[tokio::test]
async fn refusals_cost_nothing() {
    let world = World::new().await;
    world.get(&world.owner, "/nothing").await;
    world.get(&world.owner, "/uptime/monitors").await;
    assert_eq!(world.gateway.limits().used, 0);
    let none = Organization {
        calls_per_minute: 0,
        at_limit: AtLimit::Reject,
        ..Organization::named(String::new())
    };
    world.gateway.set_limit(&none);
    assert_eq!(
        world.get(&world.owner, "/nothing").await.status,
        404,
        "what before how often"
    );
    assert_eq!(world.get(&world.owner, "/projects").await.status, 429);
    assert_eq!(
        world
            .get(&world.owner, "/projects")
            .await
            .header("retry-after"),
        "1"
    );
}

#[tokio::test]
async fn the_limit_outlives_an_orderly_stop_exactly() {
    let mut world = World::new().await;
    assert_eq!(granted(&world, 30).await, 30);
    world.gateway.stop().await;
    assert_eq!(world.ledger.saved.lock().unwrap().leased, 0);
    world.gateway = start(100, &world.ledger, &[&world.owner]).await;
    world.gateway.attach(Some(world.upstream.transport()));
    assert_eq!(granted(&world, 130).await, 70);
}

#[tokio::test]
async fn the_limit_outlives_being_killed() {
    let mut world = World::new().await;
    let mut total = 0;
    for _ in 0..6 {
        total += granted(&world, 30).await;
        // Dropped without a stop: nothing is saved on the way out.
        world.gateway = start(100, &world.ledger, &[&world.owner]).await;
        world.gateway.attach(Some(world.upstream.transport()));
    }
    // Each kill may cost what was left of a lease, and never gives anything.
    assert!((60..=100).contains(&total), "{total}");
    assert_eq!(world.upstream.seen().len(), total);
}

#[tokio::test]
async fn a_gateway_killed_at_rest_loses_nothing() {
    let mut world = World::new().await;
    assert_eq!(granted(&world, 10).await, 10);
    pass(Duration::from_millis(4_500)).await;
    world.gateway = start(100, &world.ledger, &[&world.owner]).await;
    assert_eq!(world.gateway.limits().used, 10);
}

#[tokio::test]
async fn the_first_call_after_a_rest_does_not_wait_for_the_ledger() {
    let mut world = World::with(10_000, Upstream::answering(ok("{}")).await).await;
    for round in 0..2 {
        pass(Duration::from_millis(4_500)).await;
        world.ledger.hangs.store(true, Ordering::Relaxed);
        let answer = world.get(&world.owner, "/projects");
        let answer = tokio::time::timeout(Duration::from_secs(2), answer).await;
        assert_eq!(answer.expect("it waits").status, 200, "{round}");
        world.ledger.hangs.store(false, Ordering::Relaxed);
        pass(Duration::from_secs(10)).await;
    }
    // What a kill costs then is half a per cent of the limit.
    world.gateway = start(10_000, &world.ledger, &[&world.owner]).await;
    assert_eq!(world.gateway.limits().used, 2 + 50);
}

#[tokio::test]
async fn a_full_disk_neither_stops_nor_loosens() {
    let world = World::new().await;
    world.ledger.broken.store(true, Ordering::Relaxed);
    assert_eq!(granted(&world, 130).await, 100);
}

fn too_many(headers: &str) -> Script {
    Script::Answer(format!(
        "HTTP/1.1 429 Too Many Requests\r\n{headers}content-length: 5\r\n\r\nPhare"
    ))
}

#[tokio::test]
async fn once_phare_takes_no_more_calls_none_reaches_it() {
    let world = World::with(
        100,
        Upstream::answering(too_many("retry-after: 0\r\n")).await,
    )
    .await;
    let told = world.get(&world.owner, "/projects").await;
    assert_eq!((told.status, &told.body[..]), (429, &b"Phare"[..]));
    assert_eq!(told.header("retry-after"), "0", "as Phare has it");
    assert_eq!(told.header("x-ratelimit-remaining"), "0");
    for owned in [&world.owner, &world.reader] {
        let refused = world.get(owned, "/projects").await;
        assert_eq!(refused.status, 429);
        let message = "Too Many Attempts. Try again in 1 second.";
        assert_eq!(refused.json(), json!({ "message": message }));
        assert_eq!(refused.header("retry-after"), "1", "Phare rounds down");
        assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    }
    assert_eq!(world.upstream.seen().len(), 1);
    assert!(world.gateway.limits().hold.is_some());
    // The next run knows it too.
    for _ in 0..100 {
        let saved = world.ledger.saved.lock().unwrap().clone();
        if saved.finished.iter().any(|(_, calls)| *calls == 100) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let next = start(100, &world.ledger, &[&world.owner]).await;
    assert_eq!(next.limits().remaining, 0);
    pass(Duration::from_millis(1_100)).await;
    assert_eq!(world.gateway.limits().hold, None);
    assert_eq!(world.get(&world.owner, "/projects").await.body, "Phare");
    assert_eq!(world.upstream.seen().len(), 2);
}

#[tokio::test]
async fn a_phare_that_does_not_say_for_how_long_is_left_alone_for_a_minute() {
    let world = World::with(100, Upstream::answering(too_many("")).await).await;
    let told = world.get(&world.owner, "/projects").await;
    assert_eq!(told.header("retry-after"), "61");
    let reset: i64 = told.header("x-ratelimit-reset").parse().unwrap();
    let ahead = reset - now().as_second();
    assert!((60..=62).contains(&ahead), "{ahead}");
}

#[tokio::test]
async fn gardiens_own_calls_learn_for_all_that_phare_takes_no_more() {
    let world = World::with(
        100,
        Upstream::answering(too_many("retry-after: 9\r\n")).await,
    )
    .await;
    let transport = world.upstream.transport();
    let own = || http::Request::get("/users").body(gardien_gateway::Body::default());
    let need = Need::of(gardien_phare::operation("getUsers").unwrap(), None);
    let asked = world
        .gateway
        .call(&transport, own().unwrap(), need, true)
        .await;
    assert_eq!(asked.unwrap().status(), 429);
    assert_eq!(world.get(&world.owner, "/projects").await.status, 429);
    let refused = world
        .gateway
        .call(&transport, own().unwrap(), need, true)
        .await;
    assert!(matches!(
        refused,
        Err(gardien_gateway::CallRefusal::TooManyAttempts { .. })
    ));
    assert_eq!(world.upstream.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_a_minute_is_not_slow_and_hardly_writes() {
    let world = World::with(1_000_000, Upstream::answering(Script::Hang).await).await;
    let echo = tower::service_fn(|_| async {
        Ok::<_, std::convert::Infallible>(http::Response::new(
            http_body_util::Empty::<bytes::Bytes>::new(),
        ))
    });
    world.gateway.attach(Some(std::sync::Arc::new(
        gardien_gateway::LocalUpstream::new(echo),
    )));
    let begun = std::time::Instant::now();
    assert_eq!(granted(&world, 20_000).await, 20_000);
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    assert!(world.ledger.saves.load(Ordering::Relaxed) < 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_never_exceed_the_limit() {
    // Whoever is answered late has a slot all the same.
    let patient = Timing {
        patience: Duration::from_secs(60),
        ..TIMING
    };
    let upstream = Upstream::answering(ok("{}")).await;
    let world = std::sync::Arc::new(World::timed(100, upstream, patient).await);
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move { granted(&world, 20).await })
        })
        .collect();
    let mut total = 0;
    for caller in callers {
        total += caller.await.unwrap();
    }
    assert_eq!(total, 100);
}
