//! Phare itself answers 429: others call it too, with keys that are not Gardien's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::people::Answer;
use crate::support::tls::TlsFront;
use crate::support::upstream::{Seen, Upstream, answer};
use crate::support::world::World;

/// A Phare that takes no calls to `/users` while the number of seconds that it asks for is not 0.
fn busy() -> (Upstream, Arc<AtomicU64>) {
    let seconds = Arc::new(AtomicU64::new(0));
    let asked = seconds.clone();
    let users = async move || match asked.load(Ordering::SeqCst) {
        0 => answer(&json!({})),
        seconds => too_many(seconds),
    };
    let routes = Router::new().route("/users", get(users));
    (Upstream::with(routes), seconds)
}

fn too_many(seconds: u64) -> Response {
    let headers = [
        ("retry-after", seconds.to_string()),
        ("x-ratelimit-remaining", "55".to_owned()),
    ];
    let body = "{\"message\":\"Phare's own words\"}";
    (StatusCode::TOO_MANY_REQUESTS, headers, body).into_response()
}

/// The refusal is Gardien's own and says when to come again.
fn held_back(answer: Answer, at_most: u64) {
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=at_most).contains(&wait), "{wait}");
    let reset: i64 = answer.header("x-ratelimit-reset").unwrap().parse().unwrap();
    let ahead = reset - Timestamp::now().as_second();
    assert!((0..=at_most.cast_signed() + 1).contains(&ahead), "{ahead}");
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
    let unit = if wait == 1 { "second" } else { "seconds" };
    let message = format!("Too Many Attempts. Try again in {wait} {unit}.");
    assert_eq!(answer.refusal(429, ""), json!({ "message": message }));
}

async fn hold(world: &World) -> Value {
    world.owner.get("/v1/limits").await.expect(200)["hold"].clone()
}

#[tokio::test]
async fn once_phare_takes_no_more_calls_none_reaches_it_until_it_does() {
    let (upstream, seconds) = busy();
    let front = TlsFront::before(&upstream.url());
    let world = World::behind(&front).await.rejecting().await;
    let (key, other) = (world.organization_key().await, world.reading_key().await);
    assert_eq!(hold(&world).await, Value::Null);

    seconds.store(4, Ordering::SeqCst);
    let begun = Instant::now();
    let told = world.holder(&key).get("/users").await;
    seconds.store(0, Ordering::SeqCst);
    assert_eq!(told.header("retry-after"), Some("4"));
    assert_eq!(told.header("x-ratelimit-remaining"), Some("0"));
    let words = told.expect(429);
    assert_eq!(words, json!({ "message": "Phare's own words" }));

    let reached = upstream.everything().len();
    let limits = world.owner.get("/v1/limits").await.expect(200);
    assert_eq!(
        (&limits["used"], &limits["remaining"]),
        (&json!(100), &json!(0))
    );
    let moment = |name: &str| limits["hold"][name].as_str().unwrap().parse::<Timestamp>();
    let held = moment("until")
        .unwrap()
        .duration_since(moment("since").unwrap());
    assert_eq!(held, SignedDuration::from_secs(5), "Phare rounds down");
    for _ in 0..5 {
        held_back(world.holder(&key).get("/users").await, 5);
        held_back(world.holder(&other).get("/uptime/monitors").await, 5);
    }
    let project = json!({ "name": "New" });
    let made = world.owner.post("/v1/projects", project).await;
    made.problem(503, "upstream_busy");
    assert_eq!(upstream.everything().len(), reached);
    assert!(begun.elapsed() < Duration::from_secs(5), "too slow to tell");

    tokio::time::sleep(Duration::from_millis(5_100).saturating_sub(begun.elapsed())).await;
    world.holder(&key).get("/users").await.expect(200);
    world
        .holder(&other)
        .get("/uptime/monitors")
        .await
        .expect(200);
    assert_eq!(upstream.everything().len(), reached + 2);
    assert_eq!(hold(&world).await, Value::Null);
}

/// What Gardien asks of its own accord counts like any other call, and so does what it is told.
#[tokio::test]
async fn what_gardien_itself_is_told_holds_for_all_and_outlives_a_kill() {
    let (upstream, seconds) = busy();
    let front = TlsFront::before(&upstream.url());
    let mut world = World::behind(&front).await.rejecting().await;
    let key = world.organization_key().await;
    seconds.store(40, Ordering::SeqCst);
    let project = json!({ "name": "New" });
    let made = world.owner.post("/v1/projects", project).await;
    made.problem(503, "upstream_busy");
    assert_ne!(hold(&world).await, Value::Null);
    held_back(world.holder(&key).get("/projects").await, 41);

    let reached = upstream.everything().len();
    world.server.kill9();
    world.restart();
    held_back(world.holder(&key).get("/projects").await, 41);
    assert_eq!(upstream.everything().len(), reached);
}

/// A key is looked at before anything is known of it: its organization has a limit of its own.
#[tokio::test]
async fn what_a_key_of_another_organization_has_left_holds_nobody() {
    let others = "pha_org_TheKeyOfAnotherOrganizationThatIsOnlyLookedAt";
    let monitors = async move |headers: HeaderMap| {
        let bearer = headers[AUTHORIZATION].to_str().unwrap();
        if bearer.ends_with(others) {
            too_many(120)
        } else {
            answer(&json!({}))
        }
    };
    let upstream = Upstream::with(Router::new().route("/uptime/monitors", get(monitors)));
    let front = TlsFront::before(&upstream.url());
    let world = World::behind(&front).await.rejecting().await;
    let key = world.organization_key().await;
    world.server.remember(others);
    let kept = json!({ "name": "Other", "key": others, "purpose": "kept" });
    let looked_at = world.owner.post("/v1/phare-keys", kept).await;
    let was_asked = |seen: &Seen| {
        let bearer = seen.header("authorization");
        bearer.is_some_and(|bearer| bearer.ends_with(others))
    };
    assert!(upstream.everything().iter().any(was_asked));
    looked_at.problem(503, "upstream_busy");
    assert_eq!(hold(&world).await, Value::Null);
    let client = world.holder_in(&key, &world.shop);
    client.get("/uptime/monitors").await.expect(200);
}
