//! An upstream that is not there, breaks off, refuses, or sends elsewhere: over TLS, as the real one.

use std::convert::Infallible;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::json;

use crate::support::server::Server;
use crate::support::tls::TlsFront;
use crate::support::upstream::{PHARE_KEY, Upstream};
use crate::support::wire::Wire;
use crate::support::world::{World, new_key, organization};

#[tokio::test]
async fn an_upstream_that_went_away_is_502_and_costs_no_call() {
    let upstream = Upstream::start();
    let mut front = TlsFront::before(&upstream.url());
    let world = World::behind(&front).await;
    let key = world.organization_key().await;
    world.holder(&key).get("/projects").await.expect(200);
    let used = async || {
        world.owner.get("/v1/limits").await.expect(200)["used"]
            .as_u64()
            .unwrap()
    };
    let before = used().await;
    front.end();
    // The first may still find the connection of before; after that there is nothing to find.
    world
        .holder(&key)
        .get("/projects")
        .await
        .refusal(502, "upstream_unreachable");
    let after_first = used().await;
    let begun = Instant::now();
    for _ in 0..3 {
        world
            .holder(&key)
            .get("/projects")
            .await
            .refusal(502, "upstream_unreachable");
    }
    assert!(
        begun.elapsed() < 3 * Duration::from_secs(25),
        "clients are gone before they are told"
    );
    assert!(after_first <= before + 1);
    assert_eq!(
        used().await,
        after_first,
        "a call that was not made counts for nothing"
    );
}

/// A server that Phare cannot be reached from still starts: keys can be revoked there.
#[tokio::test]
async fn a_server_starts_without_its_upstream() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let server = Server::start_with(
        &["--phare", &format!("http://{nobody}")],
        &[("PHARE_API_KEY", PHARE_KEY)],
    );
    let owner = server.member("owner@lighthouse.test", "owner");
    let made = owner
        .post("/v1/keys", new_key("Early", organization(), "read", "none"))
        .await
        .expect(201);
    let secret = made["secret"].as_str().unwrap();
    server.remember(secret);
    server
        .key_holder(secret)
        .get("/projects")
        .await
        .refusal(502, "upstream_unreachable");
    owner
        .post("/v1/projects", json!({ "name": "Shop" }))
        .await
        .problem(502, "upstream_unreachable");
    let path = format!("/v1/keys/{}/revoke", made["key"]["id"].as_str().unwrap());
    owner.post(&path, json!({})).await.expect(200);
    server
        .key_holder(secret)
        .get("/projects")
        .await
        .refusal(401, "key_revoked");
}

#[tokio::test]
async fn a_refusal_of_gardiens_own_key_is_not_the_clients_fault() {
    let refuse = async || {
        (
            http::StatusCode::UNAUTHORIZED,
            [("www-authenticate", "Bearer")],
            "{\"message\":\"Unauthorized\"}",
        )
    };
    let upstream = Upstream::with(Router::new().route("/users", get(refuse)));
    let front = TlsFront::before(&upstream.url());
    let world = World::behind(&front).await;
    let key = world.organization_key().await;
    world
        .holder(&key)
        .get("/users")
        .await
        .refusal(502, "upstream_key_refused");
    world.holder(&key).get("/projects").await.expect(200);
}

#[tokio::test]
async fn errors_of_phare_pass_through() {
    let answers = |status: u16| {
        move || async move {
            (
                http::StatusCode::from_u16(status).unwrap(),
                [("retry-after", "9")],
                "{\"message\":\"Phare\"}",
            )
        }
    };
    let mut routes = Router::new();
    for status in [403, 404, 409, 422, 500, 502, 503, 504] {
        routes = routes.route(&format!("/users/{status}"), get(answers(status)));
    }
    let upstream = Upstream::with(routes);
    let front = TlsFront::before(&upstream.url());
    let world = World::behind(&front).await;
    let key = world.organization_key().await;
    for status in [403, 404, 409, 422, 500, 502, 503, 504] {
        let answer = world.holder(&key).get(&format!("/users/{status}")).await;
        assert_eq!(answer.header("retry-after"), Some("9"), "{status}");
        assert_eq!(answer.expect(status), json!({ "message": "Phare" }));
    }
}

/// It would carry Phare's key to whoever the redirect names.
#[tokio::test]
async fn a_redirect_is_passed_on_and_not_followed() {
    let elsewhere = Upstream::start();
    let target = format!("{}/users", elsewhere.url());
    let redirect = move || {
        let target = target.clone();
        async move { Redirect::temporary(&target).into_response() }
    };
    let upstream = Upstream::with(Router::new().route("/users", get(redirect)));
    let front = TlsFront::before(&upstream.url());
    let world = World::behind(&front).await;
    let key = world.organization_key().await;
    let answer = world.holder(&key).get("/users").await;
    assert_eq!(
        answer.header("location"),
        Some(format!("{}/users", elsewhere.url()).as_str())
    );
    assert_eq!(answer.status, 307);
    assert_eq!(elsewhere.everything(), []);
}

/// Nor does Gardien itself follow one when it asks for the projects.
#[tokio::test]
async fn gardiens_own_questions_follow_no_redirect() {
    let elsewhere = Upstream::start();
    let target = format!("{}/stolen", elsewhere.url());
    let redirect = move || {
        let target = target.clone();
        async move { Redirect::temporary(&target).into_response() }
    };
    let upstream = Upstream::with(Router::new().route("/users", get(redirect)));
    let front = TlsFront::before(&upstream.url());
    let world = World::behind(&front).await;
    let answer = world
        .owner
        .post("/v1/projects", json!({ "name": "Third" }))
        .await;
    assert_eq!(answer.status, 502, "{answer:?}");
    assert_eq!(elsewhere.everything(), []);
}

/// An end that looks like one would make half a list a whole one.
#[tokio::test]
async fn an_answer_cut_short_is_never_passed_off_as_whole() {
    let cut = |length: Option<u64>| {
        move || async move {
            let begin = stream::iter([Ok(Bytes::from("{\"data\":[1,"))]);
            // Not before the beginning is on its way.
            let end = stream::once(async {
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                Err(std::io::Error::other("gone"))
            });
            let mut response = Response::new(Body::from_stream(begin.chain(end)));
            if let Some(length) = length {
                response
                    .headers_mut()
                    .insert("content-length", length.into());
            }
            response
        }
    };
    let routes = Router::new()
        .route("/users/1", get(cut(None)))
        .route("/users/2", get(cut(Some(1_000))));
    let upstream = Upstream::with(routes);
    let front = TlsFront::before(&upstream.url());
    let world = World::behind(&front).await;
    let key = world.organization_key().await;
    for path in ["/users/1", "/users/2"] {
        let mut wire = Wire::open(world.server.gateway()).await;
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
            key.secret
        );
        wire.send(head).await.unwrap();
        let answer = wire.answer().await;
        assert!(
            answer.is_some_and(|answer| answer.status == 200 && !answer.whole),
            "{path}: passed off as whole"
        );
        assert_eq!(wire.rest().await, b"", "{path}: the connection goes on");
        let response = world.holder(&key).request(Method::GET, path).send().await;
        let read = match response {
            Ok(response) => response.bytes().await,
            Err(error) => Err(error),
        };
        assert!(read.is_err(), "{path}: passed off as whole");
    }
}

/// The same for what a client sends: half a body is not made.
#[tokio::test]
async fn a_request_cut_short_never_reaches_the_upstream_as_whole() {
    let (told, mut ends) = tokio::sync::mpsc::unbounded_channel();
    let take = move |request: axum::extract::Request| {
        let told = told.clone();
        async move {
            let whole = http_body_util::BodyExt::collect(request.into_body())
                .await
                .is_ok();
            told.send(whole).unwrap();
            Ok::<_, Infallible>("{}")
        }
    };
    let upstream = Upstream::with(Router::new().route("/alert-rules", axum::routing::post(take)));
    let front = TlsFront::before(&upstream.url());
    let world = World::behind(&front).await;
    let key = world.organization_key().await;
    // Of a small body, nothing would go out before it is whole.
    let half = "half".repeat(8 * 1024);
    for (framing, body) in [
        ("Content-Length: 100000", half.clone()),
        (
            "Transfer-Encoding: chunked",
            format!("{:x}\r\n{half}\r\n", half.len()),
        ),
        ("Content-Length: 1000", "half".to_owned()),
    ] {
        let mut wire = Wire::open(world.server.gateway()).await;
        let head = format!(
            "POST /alert-rules HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nX-Phare-Project-Id: {}\r\n{framing}\r\n\r\n",
            key.secret, world.shop.id
        );
        wire.send(format!("{head}{body}")).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        drop(wire);
    }
    let wait = std::time::Duration::from_secs(10);
    assert_eq!(upstream.calls().len(), 2);
    for _ in 0..2 {
        assert_eq!(
            tokio::time::timeout(wait, ends.recv()).await.unwrap(),
            Some(false)
        );
    }
}

/// Making a project waits for Phare; pulling a leaked key must not.
#[tokio::test]
async fn a_phare_that_hangs_holds_back_no_revocation() {
    let hanging = Router::new().route("/users", get(std::future::pending::<Response>));
    let upstream = Upstream::with(hanging);
    let world = World::before(&upstream).await;
    let key = world.organization_key().await;
    let owner = world.owner.clone();
    let making =
        tokio::spawn(async move { owner.post("/v1/projects", json!({ "name": "New" })).await });
    while !upstream
        .everything()
        .iter()
        .any(|seen| seen.target.starts_with("/users"))
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let revoking = world.revoke(&key);
    tokio::time::timeout(Duration::from_secs(5), revoking)
        .await
        .expect("it waits for Phare");
    world
        .holder(&key)
        .get("/projects")
        .await
        .refusal(401, "key_revoked");
    making.abort();
}
