//! What certainly was not made is tried again for a while before anybody hears of it.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use gardien_domain::phare_key::Need;
use gardien_domain::{AtLimit, Key, KeyParts, Organization, ProductScopes};
use gardien_gateway::{Body, LocalUpstream, Reply, Timing, Transport, TransportFault};
use http::request::Parts;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty};
use tokio::net::TcpSocket;
use tokio::time::{Instant, sleep};

use crate::support::*;

const INSISTENCE: Duration = Duration::from_secs(10);

async fn insistent() -> World {
    let timing = Timing {
        patience: Duration::from_secs(25),
        insistence: INSISTENCE,
        ..TIMING
    };
    World::timed(100, Upstream::answering(ok("{}")).await, timing).await
}

/// A world before an address where nobody is yet. It is bound, so that it is nobody else's; whoever calls it is refused
/// until it listens.
async fn before_nobody() -> (World, TcpSocket) {
    let away = TcpSocket::new_v4().unwrap();
    away.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = away.local_addr().unwrap().port();
    let world = insistent().await;
    world.gateway.attach(Some(transport(port, "")));
    (world, away)
}

async fn post(world: &World) -> Answer {
    let request = posting("/projects", &world.owner, "{\"name\":\"x\"}");
    Answer::read(world.gateway.handle(request).await).await
}

#[tokio::test]
async fn an_upstream_that_is_away_for_a_moment_is_no_error() {
    let (world, away) = before_nobody().await;
    let back = async {
        // Some attempts come to nothing first.
        sleep(Duration::from_millis(300)).await;
        Upstream::on(away.listen(16).unwrap(), ok("{}"))
    };
    let (answer, upstream) = tokio::join!(post(&world), back);
    assert_eq!(answer.status, 200);
    let seen = upstream.seen();
    assert_eq!(seen.len(), 1, "once");
    assert!(seen[0].ends_with("{\"name\":\"x\"}"), "{}", seen[0]);
    assert_eq!(world.gateway.limits().used, 1);
}

fn limit(world: &World, calls_per_minute: u32, at_limit: AtLimit) {
    world.gateway.set_limit(&Organization {
        calls_per_minute,
        at_limit,
        ..Organization::named(String::new())
    });
}

fn refused(world: &World) -> u32 {
    let (_, parts) = world.gateway.limits_by_key(10, &|_| true);
    parts.iter().map(|part| part.refused).sum()
}

/// What came to nothing holds no slot while it is tried again: nobody is told of a limit that nothing has come near.
#[tokio::test]
async fn an_outage_is_not_told_as_too_many_attempts() {
    let (world, _away) = before_nobody().await;
    limit(&world, 3, AtLimit::Reject);
    let told = join_all((0..12).map(|_| post(&world))).await;
    for answer in told {
        assert_eq!(answer.code(), "upstream_unreachable");
    }
    assert_eq!((world.gateway.limits().used, refused(&world)), (0, 0));
    assert!(world.gateway.limited(&|_| true).is_none());
}

/// Where others took what it gave back, it is told what it came to: the limit refused nobody.
#[tokio::test(start_paused = true)]
async fn a_call_that_finds_no_slot_any_more_is_told_why_it_was_not_made() {
    let world = insistent().await;
    limit(&world, 1, AtLimit::Reject);
    world
        .gateway
        .attach(Some(Arc::new(Keyless { as_yet: true })));
    let taken = async {
        sleep(Duration::from_secs(2)).await;
        let (found, called) = answering();
        world.gateway.made_beside();
        world.gateway.attach_again(found);
        called
    };
    let (answer, called) = tokio::join!(post(&world), taken);
    assert_eq!(answer.code(), "upstream_key_missing");
    assert_eq!(called.load(Ordering::SeqCst), 0);
    assert_eq!((world.gateway.limits().used, refused(&world)), (1, 0));
    assert!(world.gateway.limited(&|_| true).is_none());
}

/// Where calls wait for their turn, those that stand behind one that is tried again do not pass it.
#[tokio::test(start_paused = true)]
async fn a_paced_call_that_is_tried_again_keeps_its_turn() {
    let world = insistent().await;
    limit(&world, 60, AtLimit::Pace);
    world
        .gateway
        .attach(Some(Arc::new(Keyless { as_yet: true })));
    let found = async {
        sleep(Duration::from_secs(3)).await;
        world.gateway.attach_again(answering().0);
    };
    let calls = join_all((0..30).map(|_| post(&world)));
    let (answers, ()) = tokio::join!(calls, found);
    for answer in answers {
        assert_eq!(answer.status, 200);
    }
}

/// What is tried again is what may still be made.
#[tokio::test]
async fn a_call_that_is_tried_again_is_not_made_once_its_key_may_do_less() {
    let (world, away) = before_nobody().await;
    let narrowed = async {
        sleep(Duration::from_millis(200)).await;
        let narrower = Key::from_parts(KeyParts {
            products: READ,
            ..world.owner.key.clone().into_parts()
        });
        world.gateway.put_key(&narrower);
        Upstream::on(away.listen(16).unwrap(), ok("{}"))
    };
    let (answer, upstream) = tokio::join!(post(&world), narrowed);
    assert_eq!(answer.code(), "upstream_unreachable");
    assert_eq!(upstream.seen().len(), 0);
    assert_eq!(world.gateway.limits().used, 0);
}

/// Another key of Phare's in the ring, and nothing else has changed.
#[tokio::test]
async fn a_call_that_is_tried_again_takes_the_way_of_now() {
    let (world, _away) = before_nobody().await;
    let changed = async {
        sleep(Duration::from_millis(200)).await;
        world.gateway.attach_again(world.upstream.transport());
    };
    let (answer, ()) = tokio::join!(post(&world), changed);
    assert_eq!(answer.status, 200);
    assert_eq!(world.upstream.seen().len(), 1);
}

/// An upstream without a key for any call, as yet or for good.
#[derive(Debug)]
struct Keyless {
    as_yet: bool,
}

#[async_trait]
impl Transport for Keyless {
    async fn send(&self, _: &Parts, _: Body, _: Need) -> Result<Reply, TransportFault> {
        Err(if self.as_yet {
            TransportFault::NoKeyYet
        } else {
            TransportFault::NoKey
        })
    }
}

/// One that answers, and how many calls it got.
fn answering() -> (Arc<dyn Transport>, Arc<AtomicU32>) {
    let called = Arc::new(AtomicU32::new(0));
    let count = called.clone();
    let upstream = LocalUpstream::new(tower::service_fn(move |_: Request<Body>| {
        count.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, Infallible>(Response::new(Empty::<bytes::Bytes>::new())) }
    }));
    (Arc::new(upstream), called)
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_a_while_for_what_is_being_found_out_of_a_key() {
    let world = insistent().await;
    let keyless = Keyless { as_yet: true };
    world.gateway.attach(Some(Arc::new(keyless)));
    let (found, called) = answering();
    let looked_at = async {
        sleep(Duration::from_secs(2)).await;
        world.gateway.attach_again(found);
    };
    let (answer, ()) = tokio::join!(post(&world), looked_at);
    assert_eq!(answer.status, 200);
    assert_eq!(called.load(Ordering::SeqCst), 1);
    assert_eq!(world.gateway.limits().used, 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_has_no_key_is_told_at_once_or_when_it_was_waited_for() {
    let world = insistent().await;
    for (as_yet, least, most) in [(false, 0, 0), (true, 8, 10)] {
        let keyless = Keyless { as_yet };
        world.gateway.attach(Some(Arc::new(keyless)));
        let begun = Instant::now();
        let answer = post(&world).await;
        assert_eq!(
            (answer.status, answer.code()),
            (503, "upstream_key_missing".to_owned())
        );
        let took = begun.elapsed().as_secs();
        assert!((least..=most).contains(&took), "{took} s");
        assert_eq!(world.gateway.limits().used, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_tried_again_goes_to_no_other_upstream() {
    let world = insistent().await;
    let keyless = Keyless { as_yet: true };
    world.gateway.attach(Some(Arc::new(keyless)));
    let (other, called) = answering();
    let moved = async {
        sleep(Duration::from_secs(2)).await;
        world.gateway.attach(Some(other));
    };
    let (answer, ()) = tokio::join!(post(&world), moved);
    assert_eq!(answer.code(), "upstream_key_missing");
    assert_eq!(called.load(Ordering::SeqCst), 0);
}

/// No key as yet for 4 s; then whatever it is sent is taken, and nothing said.
#[derive(Debug)]
struct LateAndSilent(Instant);

#[async_trait]
impl Transport for LateAndSilent {
    async fn send(&self, _: &Parts, body: Body, _: Need) -> Result<Reply, TransportFault> {
        if self.0.elapsed() < Duration::from_secs(4) {
            return Err(TransportFault::NoKeyYet);
        }
        let _ = body.collect().await;
        pending().await
    }
}

/// That what it sends goes out late gives the upstream no more time.
#[tokio::test(start_paused = true)]
async fn whoever_sends_a_body_is_told_as_soon_as_whoever_sends_none() {
    let world = insistent().await;
    for sends in [false, true] {
        let begun = Instant::now();
        world.gateway.attach(Some(Arc::new(LateAndSilent(begun))));
        let answer = if sends {
            post(&world).await
        } else {
            world.get(&world.owner, "/projects").await
        };
        assert_eq!(answer.status, 504);
        assert_eq!(begun.elapsed().as_secs(), 25, "with a body: {sends}");
    }
}

/// One that keeps each call for a while, and has then lost it with its connection.
#[derive(Debug, Default)]
struct Dead(AtomicU32);

#[async_trait]
impl Transport for Dead {
    async fn send(&self, _: &Parts, _: Body, _: Need) -> Result<Reply, TransportFault> {
        self.0.fetch_add(1, Ordering::SeqCst);
        sleep(Duration::from_secs(2)).await;
        Err(TransportFault::Dead("lost".into()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_get_is_made_once_more_by_the_way_of_now_and_only_if_it_still_may_be() {
    for may in [true, false] {
        let world = insistent().await;
        let dead = Arc::new(Dead::default());
        world.gateway.attach(Some(dead.clone()));
        let (way, called) = answering();
        let changed = async {
            sleep(Duration::from_secs(1)).await;
            world.gateway.attach_again(way);
            if !may {
                let none = Key::from_parts(KeyParts {
                    products: ProductScopes::default(),
                    ..world.owner.key.clone().into_parts()
                });
                world.gateway.put_key(&none);
            }
        };
        let (answer, ()) = tokio::join!(world.get(&world.owner, "/projects"), changed);
        let count = u32::from(may);
        assert_eq!(answer.status, if may { 200 } else { 502 });
        assert_eq!(called.load(Ordering::SeqCst), count);
        assert_eq!(dead.0.load(Ordering::SeqCst), 1);
        assert_eq!(world.gateway.limits().used, 1 + count);
    }
}

/// It is told that it broke off: the limit refused nobody.
#[tokio::test(start_paused = true)]
async fn a_get_that_finds_no_second_slot_is_not_counted_as_refused() {
    let world = insistent().await;
    limit(&world, 1, AtLimit::Reject);
    world.gateway.attach(Some(Arc::new(Dead::default())));
    assert_eq!(world.get(&world.owner, "/projects").await.status, 502);
    assert_eq!((world.gateway.limits().used, refused(&world)), (1, 0));
    assert!(world.gateway.limited(&|_| true).is_none());
}
