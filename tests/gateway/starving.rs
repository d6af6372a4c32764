//! Nobody starves the others: not by silence, not by slowness, not by taking nothing.

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use bytes::Bytes;

use crate::support::memory::Peak;
use crate::support::server::WORKERS;
use crate::support::turn;
use crate::support::upstream::Upstream;
use crate::support::wire::Wire;
use crate::support::world::World;

const UPLOADS: usize = 100;
/// More than a listener has places for.
const SILENT: usize = 1_100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_slow_uploads_leave_the_calls_to_others_and_end_with_their_key() {
    let upstream = Upstream::start();
    let world = World::before(&upstream).await;
    let (slow, other) = (world.organization_key().await, world.reading_key().await);
    let head = format!(
        "POST /projects HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nContent-Length: 1000\r\n\r\nx",
        slow.secret
    );
    let mut uploads = Vec::new();
    for _ in 0..UPLOADS {
        let mut wire = Wire::open(world.server.gateway()).await;
        wire.send(&head).await.unwrap();
        uploads.push(wire);
    }
    for _ in 0..3 {
        world
            .holder(&other)
            .get("/uptime/monitors")
            .await
            .expect(200);
        for wire in &mut uploads {
            wire.send("x").await.unwrap();
        }
    }
    world.revoke(&slow).await;
    let begun = Instant::now();
    for mut wire in uploads {
        let answer = wire.answer().await.unwrap();
        assert_eq!((answer.status, &*answer.code()), (401, "key_revoked"));
    }
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    let posts = upstream
        .calls()
        .iter()
        .filter(|seen| seen.method == "POST")
        .count();
    assert_eq!(posts, 0, "half of a body is none");
    let limits = world.owner.get("/v1/limits").await.expect(200);
    assert!(limits["used"].as_u64().unwrap() < 20, "{limits:#}");
}

/// An answer and those that asked for it, who then take nothing of it: more than one key may have places.
const ANSWER: usize = 2 * 1024 * 1024;
const STALLED: usize = 520;
/// What all of them may cost.
const ALL: u64 = 64 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_nobody_takes_cost_little() {
    let _turn = turn::heavy().await;
    room_for_files();
    let answer = Bytes::from(vec![b'x'; ANSWER]);
    let large = async move || answer;
    let upstream = Upstream::with(Router::new().route("/users", get(large)));
    let mut world = World::before(&upstream).await.unlimited().await;
    let keys = [
        world.organization_key().await,
        world.organization_key().await,
    ];
    let calls = keys.map(|key| {
        format!(
            "GET /users HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
            key.secret
        )
    });
    let mut costs = Vec::new();
    for workers in WORKERS {
        world.work_with(workers);
        costs.push((workers, stalled(&world, &calls).await));
    }
    let are_little = costs.iter().all(|(_, cost)| *cost < ALL);
    assert!(are_little, "workers and bytes: {costs:?}");
}

/// What it costs when nobody takes the answers to these calls, in turn.
async fn stalled(world: &World, calls: &[String]) -> u64 {
    // What the first call of all takes is not theirs.
    let first = Wire::exchange(world.server.gateway(), &calls[0]).await;
    assert!(first.unwrap().whole);
    let peak = Peak::of(world.server.process());
    let mut stalled = Vec::new();
    for call in calls.iter().cycle().take(STALLED) {
        let mut wire = Wire::open(world.server.gateway()).await;
        wire.send(call).await.unwrap();
        stalled.push(wire);
    }
    for wire in &mut stalled {
        assert!(wire.peek("HTTP/1.1 200 OK").await);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let all = peak.extra();
    let mut taken = stalled.swap_remove(0);
    assert_eq!(taken.answer().await.unwrap().body.len(), ANSWER);
    all
}

/// At once, and not only when whoever takes nothing is given up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_nobody_takes_end_with_their_key() {
    let large = async || Bytes::from(vec![b'x'; 16 * ANSWER]);
    let upstream = Upstream::with(Router::new().route("/users", get(large)));
    let world = World::before(&upstream).await;
    let key = world.organization_key().await;
    let call = format!(
        "GET /users HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
        key.secret
    );
    let mut stalled = Wire::open(world.server.gateway()).await;
    stalled.send(&call).await.unwrap();
    assert!(stalled.peek("HTTP/1.1 200 OK").await);
    world.revoke(&key).await;
    // Only by writing it shows without taking anything.
    let end = Instant::now() + Duration::from_secs(15);
    while stalled.send("x").await.is_ok() {
        assert!(Instant::now() < end, "it goes on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// All from one address, as behind a proxy: what was shown tells the others apart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_say_nothing_keep_nobody_out() {
    let _turn = turn::heavy().await;
    let world = World::new().await;
    let key = world.reading_key().await;
    let call = format!(
        "GET /uptime/monitors HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
        key.secret
    );
    let mut known = Wire::open(world.server.gateway()).await;
    known.send(&call).await.unwrap();
    assert_eq!(known.answer().await.unwrap().status, 200);
    let token = world.server.token("owner@lighthouse.test", "owner");
    let look =
        format!("GET /v1/session HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n");
    let mut looking = Wire::open(world.server.management()).await;
    looking.send(&look).await.unwrap();
    assert_eq!(looking.answer().await.unwrap().status, 200);
    room_for_files();
    let mut silent = Vec::new();
    for base in [world.server.gateway(), world.server.management()] {
        for _ in 0..SILENT {
            silent.push(Wire::open(base).await);
        }
    }
    known.send(&call).await.unwrap();
    assert_eq!(known.answer().await.unwrap().status, 200, "it was there");
    let new = Wire::exchange(world.server.gateway(), &call).await;
    assert_eq!(new.expect("no answer").status, 200);
    looking.send(&look).await.unwrap();
    assert_eq!(looking.answer().await.unwrap().status, 200, "it was there");
    let revoke = format!(
        "POST {} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n",
        key.path("/revoke")
    );
    let revoked = Wire::exchange(world.server.management(), revoke).await;
    assert_eq!(revoked.expect("no answer").status, 200);
    drop(silent);
}

/// What another worker takes is more than what a connection does.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn where_there_is_no_room_for_another_worker_the_others_answer() {
    use rustix::process::{Pid, Resource, getrlimit, prlimit};

    let mut world = World::new().await;
    world.work_with(8);
    let mut known = Wire::open(world.server.gateway()).await;
    let call = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    known.send(call).await.unwrap();
    assert_eq!(known.answer().await.unwrap().status, 401);
    let process = world.server.process();
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(open.count() as u64 + 1);
    let process = Pid::from_raw(process.cast_signed());
    prlimit(process, Resource::Nofile, limit).unwrap();
    let answer = Wire::exchange(world.server.gateway(), call).await;
    assert_eq!(answer.expect("no answer").status, 401);
    known.send(call).await.unwrap();
    assert_eq!(known.answer().await.unwrap().status, 401);
}

/// This process has the other ends.
fn room_for_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        setrlimit(Resource::Nofile, limit).unwrap();
    }
}
