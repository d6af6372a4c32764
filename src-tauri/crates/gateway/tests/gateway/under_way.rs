//! What takes a key's right away ends what it has under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use gardien_domain::Scope;
use gardien_domain::key::Revocation;
use gardien_gateway::{Body, Ended, Timing};
use http::Response;
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use tokio::time::{sleep, timeout};

use crate::support::*;
use crate::uploads::{trickle, upload};

const SOON: Duration = Duration::from_secs(20);

/// An answer that began and goes on, longer than anybody here waits.
async fn endless() -> World {
    let begun = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nbegin\r\n".to_owned();
    patient(Script::Answer(begun)).await
}

/// A world where no pause is too long.
async fn patient(script: Script) -> World {
    let timing = Timing {
        patience: Duration::from_secs(60),
        ..TIMING
    };
    World::timed(100, Upstream::answering(script).await, timing).await
}

/// Waits until this is so.
async fn shown(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, waiting)
        .await
        .expect("it never comes to that");
}

async fn begun(world: &World, owned: &Owned) -> Response<Body> {
    let head = [("authorization", &*owned.bearer())];
    let request = request("GET", "/projects/1", &head);
    let mut answer = world.gateway.handle(request).await;
    assert_eq!(answer.status(), 200);
    let first = answer.frame().await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), "begin");
    answer
}

async fn is_cut(answer: Response<Body>) -> bool {
    let rest = timeout(SOON, answer.into_body().collect()).await;
    rest.is_ok_and(|rest| rest.is_err())
}

async fn goes_on(answer: Response<Body>) -> bool {
    let rest = timeout(Duration::from_millis(200), answer.into_body().collect()).await;
    rest.is_err()
}

#[tokio::test]
async fn the_end_of_a_call_shows_without_a_look_at_its_answer() {
    let world = endless().await;
    let [answer, other] = [&world.owner, &world.reader].map(|owned| begun(&world, owned));
    let (answer, other) = tokio::join!(answer, other);
    let over = |answer: &Response<Body>| answer.extensions().get::<Ended>().unwrap().clone().over();
    let (over, other) = (over(&answer), over(&other));
    world
        .gateway
        .revoke(world.owner.key.id(), revocation(&world.owner));
    timeout(SOON, over).await.expect("it goes on");
    let ended = timeout(Duration::from_millis(200), other).await;
    assert!(ended.is_err(), "that of another key ended");
}

fn revocation(owned: &Owned) -> Revocation {
    Revocation {
        at: now(),
        by: owned.key.created_by(),
    }
}

#[tokio::test]
async fn rule_7_a_revocation_ends_uploads_and_says_why() {
    let world = patient(ok("{}")).await;
    // One that waits for its body, one that is going out.
    for size in [1, 8 * 1024] {
        let owned = key(Scope::Organization {}, READ_WRITE);
        world.gateway.put_key(&owned.key);
        let before = world.upstream.open();
        let taken = Arc::new(AtomicU32::new(0));
        let taking = taken.clone();
        let pieces = trickle(size, 20).inspect(move |_| {
            taking.fetch_add(1, Ordering::SeqCst);
        });
        let answer = world.gateway.handle(upload(&owned, pieces));
        let goes_out = || world.upstream.open() > before;
        let revoking = async {
            let under_way = || match size {
                1 => taken.load(Ordering::SeqCst) > 2,
                _ => goes_out(),
            };
            shown(under_way).await;
            assert_eq!(goes_out(), size > 1);
            world.gateway.revoke(owned.key.id(), revocation(&owned));
        };
        let (answer, ()) = tokio::join!(timeout(SOON, answer), revoking);
        let answer = Answer::read(answer.expect("it goes on")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "key_revoked")
        );
        shown(|| !goes_out()).await;
    }
    assert_eq!(
        world.upstream.seen().len(),
        0,
        "half of it was taken for a whole"
    );
}

#[tokio::test]
async fn rule_7_a_revocation_cuts_answers_off_and_no_others() {
    let world = endless().await;
    let (revoked, other) = (
        begun(&world, &world.reader).await,
        begun(&world, &world.owner).await,
    );
    world
        .gateway
        .revoke(world.reader.key.id(), revocation(&world.reader));
    assert!(is_cut(revoked).await);
    assert!(goes_on(other).await);
}

/// Whoever loses the right in another way is stopped as well.
#[tokio::test]
async fn the_end_of_a_secret_or_of_a_project_is_one_too() {
    let world = endless().await;
    let with_grace = begun(&world, &world.owner).await;
    let rotated = world.owner.rotated(SignedDuration::from_mins(1));
    world.gateway.put_key(&rotated.key);
    let after = begun(&world, &rotated).await;
    let at_once = rotated.rotated(SignedDuration::ZERO);
    world.gateway.put_key(&at_once.key);
    assert!(is_cut(after).await, "replaced at once");
    assert!(goes_on(with_grace).await, "what was promised holds");
    let promised = begun(&world, &world.owner).await;
    world
        .gateway
        .put_key(&at_once.rotated(SignedDuration::ZERO).key);
    assert!(is_cut(promised).await, "it is none of the key's any more");

    let of_project = begun(&world, &world.reader).await;
    world.gateway.put_key(&world.reader.key);
    let other = begun(&world, &world.reader).await;
    world.gateway.remove_project(ALPHA);
    assert!(is_cut(of_project).await && is_cut(other).await);

    // What is good again is as if nothing had been.
    world.gateway.put_projects([(ALPHA, "alpha")]);
    let revoked = begun(&world, &world.reader).await;
    world.gateway.put_key(&world.reader.revoked());
    assert!(is_cut(revoked).await);
    world.gateway.put_key(&world.reader.key);
    let restored = begun(&world, &world.reader).await;
    assert!(goes_on(restored).await);
}
