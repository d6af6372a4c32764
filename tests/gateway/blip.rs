//! Phare's port is closed in the middle of a stream of calls, and open again soon, or not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Json;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::future::join_all;
use http::StatusCode;
use http::header::CONNECTION;
use serde_json::{Value, json};
use tokio::sync::RwLock;

use crate::support::people::Caller;
use crate::support::upstream::{Upstream, answer};
use crate::support::world::World;

const CLIENTS: usize = 6;
const ROUNDS: usize = 10;
/// What Gardien asks of its own accord has room in it.
const LIMIT: u32 = 50;
const BLIP: Duration = Duration::from_secs(3);
/// Gardien tries for five, and clients give up after thirty.
const TOLD_WITHIN: Duration = Duration::from_secs(15);

/// How often each was made.
type Made = Arc<Mutex<BTreeMap<String, u32>>>;

/// A Phare that counts what it makes, by name. It keeps no connection, so that nothing is on its way when it goes: what
/// becomes of a call on a connection that dies is another matter.
fn counting() -> (Upstream, Made) {
    let made = Made::default();
    let counts = made.clone();
    let make = async move |Json(monitor): Json<Value>| {
        let name = monitor["name"].as_str().unwrap().to_owned();
        *counts.lock().unwrap().entry(name).or_default() += 1;
        closing((StatusCode::CREATED, answer(&monitor)).into_response())
    };
    let read = async || closing(answer(&json!({})));
    let routes = Router::new().route("/uptime/monitors", get(read).post(make));
    (Upstream::with(routes), made)
}

fn closing(mut answer: Response) -> Response {
    answer
        .headers_mut()
        .insert(CONNECTION, "close".parse().unwrap());
    answer
}

async fn clients(world: &World) -> Vec<Caller> {
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let key = world.organization_key().await;
        clients.push(world.holder_in(&key, &world.shop));
    }
    clients
}

#[tokio::test]
async fn a_port_that_is_closed_for_three_seconds_is_no_error_and_makes_nothing_twice() {
    let (mut upstream, made) = counting();
    let world = World::before(&upstream).await.unlimited().await;
    let clients = clients(&world).await;
    // Whoever calls holds it; whoever closes the port waits for them, and they for the port to be closed.
    let open = RwLock::new(());
    let calling = clients.iter().enumerate().map(|(number, client)| {
        let open = &open;
        async move {
            let mut longest = Duration::ZERO;
            for round in 0..ROUNDS {
                let begun = Instant::now();
                let name = format!("{number} {round}");
                let call = open.read().await;
                let made = client.post("/uptime/monitors", json!({ "name": name }));
                made.await.expect(201);
                client.get("/uptime/monitors").await.expect(200);
                drop(call);
                longest = longest.max(begun.elapsed());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            longest
        }
    });
    let blip = async {
        while made.lock().unwrap().len() < CLIENTS * ROUNDS / 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let nobody_calls = open.write().await;
        upstream.end();
        drop(nobody_calls);
        tokio::time::sleep(BLIP).await;
        upstream.again();
    };
    let (longest, ()) = tokio::join!(join_all(calling), blip);
    assert!(
        longest.iter().all(|longest| *longest > BLIP / 2),
        "each met it: {longest:?}"
    );
    let made = made.lock().unwrap();
    assert_eq!(made.len(), CLIENTS * ROUNDS);
    assert!(made.values().all(|times| *times == 1), "{made:?}");
}

#[tokio::test]
async fn whoever_calls_a_port_that_stays_closed_is_told_why_in_time() {
    let (mut upstream, made) = counting();
    let world = World::before(&upstream).await.unlimited().await;
    let clients = clients(&world).await;
    clients[0].get("/uptime/monitors").await.expect(200);
    upstream.end();
    let told = clients.iter().enumerate().map(async |(number, client)| {
        let begun = Instant::now();
        let told = if number % 2 == 0 {
            client.get("/uptime/monitors").await
        } else {
            client
                .post("/uptime/monitors", json!({ "name": "x" }))
                .await
        };
        let words = told.refusal(502, "upstream_unreachable");
        let message = words["message"].as_str().unwrap();
        assert!(message.contains("was not made"), "{message}");
        begun.elapsed()
    });
    for took in join_all(told).await {
        assert!(took > Duration::from_secs(3), "it was tried: {took:?}");
        assert!(took < TOLD_WITHIN, "{took:?}");
    }
    assert!(made.lock().unwrap().is_empty());
    upstream.again();
    clients[0].get("/uptime/monitors").await.expect(200);
}

/// More calls than the limit in the time that each is tried for: nothing reaches Phare, so nothing is too much for it.
#[tokio::test]
async fn a_port_that_stays_closed_is_no_matter_of_the_limit() {
    let (mut upstream, _) = counting();
    let world = World::before(&upstream).await.rejecting().await;
    world.limit_to(LIMIT).await;
    let clients = clients(&world).await;
    upstream.end();
    let told = (0..2 * LIMIT as usize).map(|number| {
        let client = &clients[number % CLIENTS];
        async move {
            tokio::time::sleep(Duration::from_millis(35) * number as u32).await;
            client.get("/uptime/monitors").await
        }
    });
    for told in join_all(told).await {
        told.refusal(502, "upstream_unreachable");
    }
    let limits = world.owner.get("/v1/limits").await.expect(200);
    assert!(limits["used"].as_u64() < Some(LIMIT.into()), "{limits:#}");
    upstream.again();
    clients[0].get("/uptime/monitors").await.expect(200);
}
