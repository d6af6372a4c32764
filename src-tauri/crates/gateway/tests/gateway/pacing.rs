//! Calls that come too early wait for their turn.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::stream;
use gardien_domain::Organization;
use gardien_domain::share::Share;
use gardien_gateway::{Body, Gateway, LocalUpstream, Timing, Transport};
use http::{Method, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty};
use jiff::SignedDuration;
use tokio::time::{Instant, sleep};

use crate::support::*;
use crate::uploads::{trickle, upload};

/// One call at once, and so many a minute after it.
fn one_and_then(gateway: &Gateway, per_minute: u32) {
    gateway.set_limit(&Organization {
        calls_per_minute: per_minute + 1,
        burst: Some(1),
        ..Organization::named(String::new())
    });
}

fn preferring(
    owned: &Owned,
    preference: &str,
) -> http::Request<http_body_util::Empty<bytes::Bytes>> {
    let headers = [
        ("authorization", owned.bearer()),
        ("prefer", preference.to_owned()),
    ];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    request("GET", "/projects", &headers)
}

async fn until_waiting(world: &World, calls: u32) {
    let shown = async {
        while world.gateway.limits().waiting != calls {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let shown = tokio::time::timeout(Duration::from_secs(30), shown).await;
    shown.unwrap_or_else(|_| panic!("{calls} never waited"));
}

/// A client that gives up while its call waits.
async fn comes_and_goes_away(world: &World) {
    let gateway = world.gateway.clone();
    let call = preferring(&world.owner, "wait=25");
    let client = tokio::spawn(async move { gateway.handle(call).await });
    until_waiting(world, 1).await;
    client.abort();
    until_waiting(world, 0).await;
}

#[tokio::test]
async fn whoever_comes_too_early_waits_its_turn_and_is_told_for_how_long() {
    let world = World::new().await;
    one_and_then(&world.gateway, 1_200);
    let calls = (0..6).map(|_| world.get(&world.owner, "/projects"));
    let answers = join_all(calls).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let waited = |answer: &Answer| {
        let timing = answer.header("server-timing").strip_prefix("wait;dur=");
        timing.map_or(0, |timing| timing.parse::<u64>().unwrap())
    };
    // The first waits for nothing but the ledger.
    let mut waits: Vec<_> = answers.iter().map(waited).collect();
    waits.sort_unstable();
    assert!(waits[0] < waits[1], "{waits:?}");
    for (place, waited) in (0..).zip(&waits) {
        assert!(*waited >= place * 50, "{waits:?}");
    }
    assert_eq!(world.upstream.seen().len(), 6);
    assert_eq!(world.gateway.limits().waiting, 0);
}

#[tokio::test]
async fn keys_take_turns() {
    let world = World::new().await;
    one_and_then(&world.gateway, 120);
    let many = join_all((0..6).map(|_| world.get(&world.owner, "/projects")));
    let few = async {
        until_waiting(&world, 5).await;
        let answer = world.get(&world.reader, "/uptime/monitors").await;
        (answer.status, world.upstream.seen().len())
    };
    let (many, (status, seen)) = tokio::join!(many, few);
    assert!(many.iter().all(|answer| answer.status == 200));
    assert_eq!(status, 200);
    assert!(seen <= 4, "it came after {seen} calls of a burst before it");
}

#[tokio::test]
async fn whoever_cannot_go_in_time_is_refused_when_it_comes() {
    let world = World::new().await;
    one_and_then(&world.gateway, 1);
    assert_eq!(world.get(&world.owner, "/projects").await.status, 200);
    let refused = world.get(&world.owner, "/projects").await;
    let wait: u32 = refused.header("retry-after").parse().unwrap();
    assert_eq!(
        (refused.status, (55..=60).contains(&wait)),
        (429, true),
        "{wait}"
    );
    one_and_then(&world.gateway, 60);
    for (preference, status) in [("wait=0", 429), ("wait=30", 200)] {
        let answer = world.send(preferring(&world.owner, preference)).await;
        assert_eq!(answer.status, status, "{preference}");
    }
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_its_place() {
    let world = World::new().await;
    one_and_then(&world.gateway, 6);
    assert_eq!(world.get(&world.owner, "/projects").await.status, 200);
    comes_and_goes_away(&world).await;
    assert_eq!(world.upstream.seen().len(), 1);
}

#[tokio::test]
async fn a_gateway_that_stops_tells_those_who_wait() {
    let world = World::new().await;
    one_and_then(&world.gateway, 6);
    assert_eq!(world.get(&world.owner, "/projects").await.status, 200);
    let waits = async { world.get(&world.owner, "/projects").await.code() };
    let stop = async {
        until_waiting(&world, 1).await;
        world.gateway.stop().await;
    };
    let (code, ()) = tokio::join!(waits, stop);
    assert_eq!(code, "gateway_stopping");
}

#[tokio::test]
async fn a_key_that_is_revoked_while_it_waits_does_not_call() {
    let world = World::new().await;
    one_and_then(&world.gateway, 6);
    assert_eq!(world.get(&world.owner, "/projects").await.status, 200);
    let waits = async { world.get(&world.owner, "/projects").await.code() };
    let revoke = async {
        until_waiting(&world, 1).await;
        world.gateway.put_key(&world.owner.revoked());
    };
    let (code, ()) = tokio::join!(waits, revoke);
    assert_eq!(code, "key_revoked");
    assert_eq!(world.gateway.limits().waiting, 0);
    assert_eq!(world.upstream.seen().len(), 1);
}

#[tokio::test]
async fn the_body_of_a_call_that_waited_arrives_whole() {
    let world = World::new().await;
    one_and_then(&world.gateway, 600);
    assert_eq!(world.get(&world.owner, "/projects").await.status, 200);
    let sent = world
        .gateway
        .handle(posting("/projects", &world.owner, "{\"name\":\"x\"}"))
        .await;
    assert_eq!(sent.into_body().collect().await.unwrap().to_bytes(), "{}");
    let last = world.upstream.seen().pop().unwrap();
    assert!(last.ends_with("{\"name\":\"x\"}"), "{last}");
}

/// What a client sends is left where it is while its call waits, and a body that does not come keeps the turn from nobody.
#[tokio::test]
async fn a_body_is_read_when_its_turn_has_come() {
    let world = World::new().await;
    one_and_then(&world.gateway, 60);
    world.get(&world.owner, "/projects").await;
    let read = Arc::new(AtomicBool::new(false));
    let reading = read.clone();
    let body = stream::once(async move {
        reading.store(true, Ordering::SeqCst);
        Ok::<_, Infallible>(Frame::data(Bytes::from("x")))
    });
    let posted = world.gateway.handle(upload(&world.owner, Box::pin(body)));
    let looked = async {
        until_waiting(&world, 1).await;
        assert!(!read.load(Ordering::SeqCst));
    };
    let (posted, ()) = tokio::join!(posted, looked);
    assert_eq!(posted.status(), 200);

    let endless = world.gateway.handle(upload(&world.owner, trickle(1, 20)));
    let other = async {
        until_waiting(&world, 1).await;
        world.get(&world.reader, "/uptime/monitors").await.status
    };
    tokio::select! {
        _ = endless => panic!("it has no end"),
        status = other => assert_eq!(status, 200),
    }
    assert_eq!(world.upstream.seen().len(), 3, "nothing of the endless one");
}

/// What was taken away while a call waited is not used any more when its turn comes.
#[tokio::test]
async fn a_call_is_judged_again_when_its_turn_has_come() {
    let world = World::new().await;
    one_and_then(&world.gateway, 60);
    world.get(&world.owner, "/projects").await;
    let called = async { world.get(&world.owner, "/projects").await };
    let narrowed = async {
        until_waiting(&world, 1).await;
        world.gateway.pause(true);
    };
    let (answer, ()) = tokio::join!(called, narrowed);
    assert_eq!(answer.code(), "gateway_paused");
    assert_eq!(world.gateway.limits().used, 1, "its turn was another's");
    assert_eq!(world.upstream.seen().len(), 1);
}

/// Whoever watches is told once, and whose calls they mostly were; not again within the hour.
#[tokio::test]
async fn that_the_limit_holds_calls_up_is_told_once_an_hour() {
    let world = World::new().await;
    let limited = || world.gateway.limited(&|_| true);
    one_and_then(&world.gateway, 1_200);
    world.get(&world.owner, "/projects").await;
    assert_eq!(limited(), None, "nobody waited");
    let begun = now();
    let calls = (0..3).map(|_| world.get(&world.owner, "/projects"));
    join_all(calls).await;
    let told = limited().unwrap();
    assert_eq!(told.most.unwrap().key, world.owner.key.id());
    assert!((begun..=now()).contains(&told.since), "{told:?}");
    let unseen = world.gateway.limited(&|_| false).unwrap();
    assert_eq!((unseen.since, unseen.most), (told.since, None));

    let others_wait = async || {
        let calls = (0..3).map(|_| world.get(&world.reader, "/uptime/monitors"));
        join_all(calls).await;
    };
    others_wait().await;
    assert_eq!(limited(), Some(told), "told again so soon");
    pass(Duration::from_secs(3_590)).await;
    others_wait().await;
    assert_eq!(limited(), Some(told), "told again within the hour");
    pass(Duration::from_secs(10)).await;
    others_wait().await;
    let again = limited().unwrap();
    assert_eq!(again.most.unwrap().key, world.reader.key.id());
    assert!(again.since.duration_since(told.since) >= SignedDuration::from_hours(1));
}

#[tokio::test]
async fn a_call_that_waits_counts_once_for_what_a_share_would_have_meant() {
    let world = World::new().await;
    one_and_then(&world.gateway, 600);
    let wanted = || {
        let key = Some(world.owner.key.id());
        let told = world.gateway.what_if(key, Share::default());
        told.key.map(|could| could.wanted)
    };
    assert_eq!(wanted(), None);
    // The first goes at once; the others keep what they send until their turn.
    for _ in 0..3 {
        let call = posting("/projects", &world.owner, "{\"name\":\"x\"}");
        assert_eq!(world.gateway.handle(call).await.status(), 200);
    }
    assert_eq!(wanted(), Some(3));
    one_and_then(&world.gateway, 6);
    comes_and_goes_away(&world).await;
    assert_eq!(wanted(), Some(4));
}

/// An upstream that answers what is read and says nothing to what is sent.
fn silent_to_writes() -> Arc<dyn Transport> {
    Arc::new(LocalUpstream::new(tower::service_fn(
        |request: Request<Body>| async move {
            if request.method() == Method::POST {
                pending::<()>().await;
            }
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        },
    )))
}

/// Waits that a body was not there for count as well: the client gives up after 30 s.
#[tokio::test(start_paused = true)]
async fn whoever_waited_twice_is_told_in_time() {
    let timing = Timing {
        patience: Duration::from_secs(25),
        ..TIMING
    };
    let world = World::timed(100, Upstream::answering(ok("{}")).await, timing).await;
    world.gateway.attach(Some(silent_to_writes()));
    one_and_then(&world.gateway, 6);
    let begun = Instant::now();
    assert_eq!(world.get(&world.owner, "/projects").await.status, 200);
    // It is not there at its turn after 10 s, which is another's then, but before the next.
    let body = stream::once(async {
        sleep(Duration::from_secs(5)).await;
        Ok::<_, Infallible>(Frame::data(Bytes::from("x")))
    });
    let posted = world.gateway.handle(upload(&world.owner, Box::pin(body)));
    let other = async {
        until_waiting(&world, 1).await;
        world.get(&world.reader, "/uptime/monitors").await.status
    };
    let (posted, other) = tokio::join!(posted, other);
    assert_eq!((posted.status().as_u16(), other), (504, 200));
    // 10 s, 5 s for the body, 5 s, and the 10 s that are left.
    assert_eq!(begun.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn whoever_waited_for_the_ledger_is_told_for_how_long() {
    let world = World::new().await;
    world.gateway.attach(Some(silent_to_writes()));
    world.ledger.hangs.store(true, Ordering::Relaxed);
    let answer = world.get(&world.owner, "/projects").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("server-timing"), "wait;dur=5000");
}
