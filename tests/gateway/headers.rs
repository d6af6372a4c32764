//! Which headers cross the gateway.

use axum::Router;
use axum::response::Response;
use axum::routing::get;

use crate::support::upstream::{PHARE_KEY, Upstream};
use crate::support::world::World;

#[tokio::test]
async fn what_says_who_calls_and_where_is_replaced() {
    let upstream = Upstream::start();
    let world = World::before(&upstream).await;
    let key = world.reading_key().await;
    let mut holder = world.holder(&key);
    for (name, value) in [
        ("x-phare-project-slug", world.shop.slug.as_str()),
        ("cookie", "session=mine"),
        ("x-forwarded-for", "10.0.0.1"),
        ("forwarded", "for=10.0.0.1"),
        ("proxy-authorization", "Basic Og=="),
        ("te", "trailers"),
        ("upgrade", "websocket"),
        ("keep-alive", "timeout=5"),
        ("connection", "X-Phare-Project-Id, X-Named, Authorization"),
        ("connection", "x-also-named"),
        ("x-named", "1"),
        ("x-also-named", "1"),
        ("accept", "application/json"),
        ("user-agent", "terraform"),
        ("x-own", "stays"),
    ] {
        holder = holder.header(name, value);
    }
    holder.get("/uptime/monitors?page=2").await.expect(200);
    let mut seen = upstream.calls().remove(0);
    seen.headers.retain(|(name, _)| name != "x-request-id");
    seen.headers.sort_unstable();
    let expected = [
        ("accept", "application/json"),
        ("authorization", &format!("Bearer {PHARE_KEY}")),
        ("host", &upstream.host()),
        ("user-agent", "terraform"),
        ("x-own", "stays"),
        ("x-phare-project-id", &world.shop.id.to_string()),
    ];
    assert_eq!(
        seen.headers,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(seen.target, "/uptime/monitors?page=2");
}

#[tokio::test]
async fn an_answer_comes_back_as_it_was_but_for_the_connection_and_the_limit() {
    let upstream = Upstream::with(Router::new().route(
        "/users",
        get(async || {
            Response::builder()
                .status(418)
                .header("content-type", "text/odd")
                .header("x-own", "kept")
                .header("etag", "\"1\"")
                .header("connection", "x-hop")
                .header("x-hop", "1")
                .header("keep-alive", "timeout=5")
                .header("proxy-authenticate", "Basic")
                .header("set-cookie", "a=b")
                .header("x-ratelimit-remaining", "7777")
                .header("x-request-id", "theirs")
                .body("no tea".to_owned())
                .unwrap()
        }),
    ));
    let world = World::before(&upstream).await;
    let key = world.organization_key().await;
    let answer = world
        .holder(&key)
        .header("x-request-id", "mine")
        .get("/users")
        .await;
    for (name, value) in [
        ("content-type", Some("text/odd")),
        ("x-own", Some("kept")),
        ("etag", Some("\"1\"")),
        ("x-request-id", Some("mine")),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    for gone in ["x-hop", "keep-alive", "proxy-authenticate", "set-cookie"] {
        assert_eq!(answer.header(gone), None, "{gone}");
    }
    let remaining: u64 = answer
        .header("x-ratelimit-remaining")
        .unwrap()
        .parse()
        .unwrap();
    assert!(remaining < 100, "{remaining}");
    assert_eq!(answer.expect(418), "no tea");
}

#[tokio::test]
async fn a_sane_request_id_is_kept_and_another_replaced() {
    let upstream = Upstream::start();
    let world = World::before(&upstream).await;
    let key = world.organization_key().await;
    let (long, longest) = ("x".repeat(129), "x".repeat(128));
    for (sent, kept) in [
        ("a.b_C-9", true),
        (&longest, true),
        (&long, false),
        ("a b", false),
        ("", false),
        ("a\"b", false),
    ] {
        let answer = world
            .holder(&key)
            .header("x-request-id", sent)
            .get("/projects")
            .await;
        let told = answer.header("x-request-id").unwrap().to_owned();
        assert_eq!(told == sent, kept, "{sent}");
        assert_eq!(
            upstream.calls().last().unwrap().header("x-request-id"),
            Some(told.as_str())
        );
    }
    let twice = world
        .holder(&key)
        .header("x-request-id", "a")
        .header("x-request-id", "b")
        .get("/projects")
        .await;
    assert!(!["a", "b"].contains(&twice.header("x-request-id").unwrap()));
    let ids = [
        world.holder(&key).get("/projects").await,
        world.holder(&key).get("/nothing").await,
    ]
    .map(|answer| answer.header("x-request-id").unwrap().to_owned());
    assert_ne!(ids[0], ids[1]);
}
