//! Somebody calls Phare with its own key, past the gateway: Phare's count says so.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gardien_domain::phare_key::Need;
use gardien_domain::{AtLimit, Organization};
use gardien_gateway::{Body, DirectUse, Gateway, LocalUpstream, Timing, Transport};
use http::{Request, Response};
use http_body_util::Empty;
use tokio::time::{Instant, sleep};

use crate::support::*;

const MINUTE: Duration = Duration::from_secs(60);

/// A Phare that counts all of an organization's calls, in minutes that begin with the first of them, and tells.
#[derive(Clone)]
pub(crate) struct Phare(Arc<Counted>);

pub(crate) struct Counted {
    limit: u32,
    minute: Mutex<(Instant, u32)>,
    refused: AtomicU32,
}

impl Phare {
    pub(crate) fn taking(limit: u32) -> Self {
        Self(Arc::new(Counted {
            limit,
            minute: Mutex::new((Instant::now(), 0)),
            refused: AtomicU32::new(0),
        }))
    }

    /// Counts so many calls, as far as they are taken. Answers with how many are counted.
    pub(crate) fn called(&self, calls: u32) -> u32 {
        let mut minute = self.0.minute.lock().unwrap();
        if minute.1 == 0 || minute.0.elapsed() >= MINUTE {
            *minute = (Instant::now(), 0);
        }
        let taken = calls.min(self.0.limit - minute.1);
        self.0.refused.fetch_add(calls - taken, Ordering::SeqCst);
        minute.1 += taken;
        minute.1
    }

    pub(crate) fn refused(&self) -> u32 {
        self.0.refused.load(Ordering::SeqCst)
    }

    /// The way to it. Each call takes so long to arrive, and its answer to come back.
    fn behind(
        &self,
        way: impl Fn() -> Duration + Clone + Send + Sync + 'static,
    ) -> Arc<dyn Transport> {
        let phare = self.clone();
        Arc::new(LocalUpstream::new(tower::service_fn(
            move |_: Request<Body>| {
                let (phare, there, back) = (phare.clone(), way(), way());
                async move {
                    sleep(there).await;
                    let refused = phare.refused();
                    phare.called(1);
                    let is_refused = phare.refused() > refused;
                    sleep(back / 2).await;
                    let remaining = phare.0.limit - phare.called(0);
                    sleep(back / 2).await;
                    let answer = Response::builder()
                        .status(if is_refused { 429 } else { 200 })
                        .header("x-ratelimit-limit", phare.0.limit)
                        .header("x-ratelimit-remaining", remaining);
                    Ok::<_, Infallible>(answer.body(Empty::<bytes::Bytes>::new()).unwrap())
                }
            },
        )))
    }

    pub(crate) fn at_hand(&self) -> Arc<dyn Transport> {
        self.behind(|| Duration::ZERO)
    }
}

/// A world before this Phare, where no call waits for its turn.
async fn before(phare: &Phare) -> World {
    // None is given up, however busy the machine is.
    let timing = Timing {
        patience: Duration::from_secs(25),
        ..TIMING
    };
    let world = World::timed(100, Upstream::answering(ok("{}")).await, timing).await;
    world.gateway.set_limit(&Organization {
        at_limit: AtLimit::Reject,
        ..Organization::named(String::new())
    });
    world.gateway.attach(Some(phare.at_hand()));
    world
}

fn direct(gateway: &Gateway) -> Option<u32> {
    let direct = gateway.limits().direct;
    direct.map(|direct| direct.calls)
}

async fn call(world: &World, times: u32) -> u32 {
    let mut granted = 0;
    for _ in 0..times {
        let answer = world.get(&world.owner, "/projects").await;
        granted += u32::from(answer.status == 200);
    }
    granted
}

#[tokio::test(start_paused = true)]
async fn calls_that_phare_counts_of_somebody_else_are_told_and_leave_fewer() {
    let phare = Phare::taking(100);
    let world = before(&phare).await;
    assert_eq!(call(&world, 5).await, 5);
    assert_eq!(world.gateway.limits().direct, None);
    let since = now();
    phare.called(12);
    assert_eq!(call(&world, 3).await, 3);
    assert_eq!(direct(&world.gateway), Some(12));
    assert_eq!(world.gateway.limits().used, 20);
    sleep(Duration::from_secs(10)).await;
    phare.called(30);
    call(&world, 1).await;
    let seen = world.gateway.limits().direct.unwrap();
    let at = |moment: u64| i64::try_from(moment).unwrap() - since.as_millisecond();
    assert_eq!(seen.calls, 42);
    assert!((0..100).contains(&at(seen.since)), "{}", at(seen.since));
    assert!(
        (10_000..10_100).contains(&at(seen.last)),
        "{}",
        at(seen.last)
    );
    // Exactly what Phare has left, and nothing that it would refuse.
    assert_eq!(call(&world, 100).await, 49);
    assert_eq!(phare.refused(), 0);
    // They count for a minute, and are spoken of for an hour.
    sleep(Duration::from_secs(61)).await;
    assert_eq!(world.gateway.limits().used, 0);
    assert_eq!(call(&world, 1).await, 1);
    assert_eq!(direct(&world.gateway), Some(42));
    sleep(Duration::from_secs(3_600)).await;
    call(&world, 1).await;
    assert_eq!(world.gateway.limits().direct, None);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_phares_that_no_call_explains_is_told_as_well() {
    let phare = Phare::taking(100);
    let world = before(&phare).await;
    phare.called(100);
    assert_eq!(world.get(&world.owner, "/projects").await.status, 429);
    assert_eq!(direct(&world.gateway), Some(100));
    assert!(world.gateway.limits().hold.is_some());
}

/// Whatever comes first, and however many are under way: none of them is somebody else's.
#[tokio::test(start_paused = true)]
async fn no_call_of_ours_is_taken_for_anothers() {
    let phare = Phare::taking(100);
    let world = Arc::new(before(&phare).await);
    let seed = AtomicU32::new(1);
    let way = Arc::new(move || {
        let next = seed
            .fetch_add(1, Ordering::Relaxed)
            .wrapping_mul(2_654_435_761);
        Duration::from_millis(u64::from(next >> 25))
    });
    world.gateway.attach(Some(phare.behind(move || way())));
    let mut granted = 0;
    for _ in 0..6 {
        let callers: Vec<_> = (0..40)
            .map(|_| {
                let world = world.clone();
                tokio::spawn(async move { call(&world, 7).await })
            })
            .collect();
        for caller in callers {
            granted += caller.await.unwrap();
        }
        assert_eq!(world.gateway.limits().direct, None);
        assert_eq!(phare.refused(), 0);
        sleep(Duration::from_secs(23)).await;
    }
    assert!(granted >= 200, "{granted}");
}

/// And in real time, on more threads than one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_race_makes_a_call_of_ours_anothers() {
    let phare = Phare::taking(100_000);
    let world = Arc::new(before(&phare).await);
    let limit = Organization {
        calls_per_minute: 100_000,
        at_limit: AtLimit::Reject,
        ..Organization::named(String::new())
    };
    world.gateway.set_limit(&limit);
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move { call(&world, 200).await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), 200);
    }
    let limits = world.gateway.limits();
    assert_eq!((limits.direct, limits.used), (None, 3_200));
    phare.called(7);
    call(&world, 1).await;
    assert_eq!(direct(&world.gateway), Some(7));
}

/// They count, and what they are told may be of another organization: a key is examined before it is attached.
#[tokio::test(start_paused = true)]
async fn gardiens_own_calls_are_nobody_elses_and_accuse_nobody() {
    let phare = Phare::taking(100);
    let world = before(&phare).await;
    let need = Need::of(gardien_phare::operation("getUsers").unwrap(), None);
    let own = async |at: &Phare, believed| {
        let request = Request::get("/users").body(Body::default()).unwrap();
        let transport = at.at_hand();
        let called = world.gateway.call(&transport, request, need, believed);
        called.await.unwrap().status().as_u16()
    };
    for _ in 0..4 {
        assert_eq!(own(&phare, true).await, 200);
    }
    let other = Phare::taking(100);
    other.called(70);
    assert_eq!(own(&other, false).await, 200);
    // Made where no room was waited for.
    phare.called(1);
    world.gateway.made_beside();
    call(&world, 1).await;
    let limits = world.gateway.limits();
    assert_eq!((limits.direct, limits.used), (None, 7));
    // A full minute of the other's holds nobody here.
    other.called(100);
    assert_eq!(own(&other, false).await, 429);
    let limits = world.gateway.limits();
    assert_eq!((limits.hold, limits.direct, limits.used), (None, None, 8));
    assert_eq!(call(&world, 1).await, 1);
    // What is attached is believed, whoever asks.
    phare.called(7);
    assert_eq!(own(&phare, true).await, 200);
    assert_eq!(direct(&world.gateway), Some(5), "two were the other's");
}

#[tokio::test(start_paused = true)]
async fn what_is_known_of_one_upstream_is_not_told_of_another() {
    let phare = Phare::taking(100);
    let world = before(&phare).await;
    phare.called(12);
    call(&world, 1).await;
    world.gateway.attach_again(phare.at_hand());
    assert_eq!(direct(&world.gateway), Some(12), "the same by another way");
    phare.called(3);
    let slow = phare.behind(|| Duration::from_millis(100));
    world.gateway.attach_again(slow);
    let called = world.get(&world.owner, "/projects");
    let moved = async {
        sleep(Duration::from_millis(50)).await;
        world.gateway.attach(Some(Phare::taking(100).at_hand()));
    };
    let (answer, ()) = tokio::join!(called, moved);
    assert_eq!(answer.status, 200);
    assert_eq!(world.gateway.limits().direct, None, "an answer of before");
    call(&world, 1).await;
    assert_eq!(world.gateway.limits().direct, None);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_under_way_at_a_move_does_not_hold_the_next_upstream() {
    let (full, next) = (Phare::taking(1), Phare::taking(100));
    let world = before(&full).await;
    full.called(1);
    let slow = full.behind(|| Duration::from_millis(100));
    world.gateway.attach_again(slow);
    let called = world.get(&world.owner, "/projects");
    let moved = async {
        sleep(Duration::from_millis(50)).await;
        world.gateway.attach(Some(next.at_hand()));
    };
    let (answer, ()) = tokio::join!(called, moved);
    assert_eq!(answer.status, 429, "as its upstream has it");
    assert_eq!(world.gateway.limits().hold, None);
    assert_eq!(call(&world, 3).await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_restart_takes_no_call_of_the_run_before_for_anothers() {
    let phare = Phare::taking(100);
    let mut world = before(&phare).await;
    for is_killed in [false, true] {
        call(&world, 23).await;
        if !is_killed {
            world.gateway.stop().await;
        }
        world.gateway = start(100, &world.ledger, &[&world.owner]).await;
        world.gateway.attach(Some(phare.at_hand()));
        call(&world, 1).await;
        assert_eq!(world.gateway.limits().direct, None, "{is_killed}");
    }
    phare.called(20);
    call(&world, 1).await;
    assert!(direct(&world.gateway).is_some_and(|calls| (1..=20).contains(&calls)));
}

/// An upstream that says nothing, or nothing that can be true, is believed nothing.
#[tokio::test]
async fn what_phare_does_not_say_is_not_known() {
    for fields in [
        "",
        "x-ratelimit-limit: 100\r\n",
        "x-ratelimit-limit: 7\r\nx-ratelimit-remaining: 8\r\n",
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n");
        let world = World::with(100, Upstream::answering(Script::Answer(answer)).await).await;
        call(&world, 3).await;
        let limits = world.gateway.limits();
        assert_eq!(
            (limits.direct, limits.used),
            (None::<DirectUse>, 3),
            "{fields}"
        );
    }
}
