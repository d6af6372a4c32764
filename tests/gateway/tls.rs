//! Phare over TLS: who is trusted, and what a connection that fails, hangs or is cut comes to.

use std::io::Read as _;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::background::Background;
use crate::support::people::Caller;
use crate::support::server::Server;
use crate::support::tls::{Certificate, TlsFront};
use crate::support::upstream::{PHARE_KEY, Upstream};
use crate::support::world::{World, new_key, organization};

/// A server that may have no Phare behind it, its Owner, and the holder of a key that needs no project.
async fn calling(url: &str, ca_file: &str) -> (Server, Caller, Caller) {
    let (url, ca_file) = (url.to_owned(), ca_file.to_owned());
    // It waits for Phare's projects; several may do so side by side.
    let starting = tokio::task::spawn_blocking(move || {
        let variables = [
            ("PHARE_API_KEY", PHARE_KEY),
            ("SSL_CERT_FILE", ca_file.as_str()),
        ];
        Server::start_with(&["--phare", &url], &variables)
    });
    let server = starting.await.unwrap();
    let owner = server.member("owner@lighthouse.test", "owner");
    let key = new_key("Some", organization(), "read", "none");
    let made = owner.post("/v1/keys", key).await.expect(201);
    let secret = made["secret"].as_str().unwrap();
    server.remember(secret);
    let holder = server.key_holder(secret);
    (server, owner, holder)
}

/// Somebody in the way of the line must not be handed Phare's key.
#[tokio::test]
async fn a_certificate_that_does_not_hold_is_502_and_is_never_shown_the_key() {
    let upstream = Upstream::start();
    let stranger = TlsFront::before(&upstream.url());
    let expired = TlsFront::showing(Certificate::Expired, &upstream.url());
    let other = TlsFront::showing(Certificate::OtherName, &upstream.url());
    let refused = async |front: &TlsFront, trusted: &TlsFront, cause: &str| {
        let (server, owner, holder) = calling(&front.url(), &trusted.ca_file()).await;
        let answer = holder.get("/users").await;
        answer.refusal(502, "upstream_insecure");
        let log = server.log();
        assert!(log.contains(cause), "{cause}: {log}");
        let made = owner.post("/v1/projects", json!({ "name": "Shop" })).await;
        made.problem(502, "upstream_unreachable");
        assert_eq!(owner.get("/v1/limits").await.expect(200)["used"], 0);
    };
    tokio::join!(
        refused(&stranger, &other, "UnknownIssuer"),
        refused(&expired, &expired, "certificate expired"),
        refused(&other, &other, "not valid for name"),
    );
    assert_eq!(upstream.everything(), []);

    let (_server, _, holder) = calling(&stranger.url(), &stranger.ca_file()).await;
    holder.get("/users").await.expect(200);
    let bearer = format!("Bearer {PHARE_KEY}");
    assert_eq!(
        upstream.calls()[0].header("authorization"),
        Some(bearer.as_str())
    );
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_never_sent_the_key() {
    let upstream = Upstream::start();
    let trusted = TlsFront::before(&upstream.url());
    let url = upstream.url().replace("http://", "https://");
    let (_server, _, holder) = calling(&url, &trusted.ca_file()).await;
    let refused = holder.get("/users").await;
    refused.refusal(502, "upstream_insecure");
    assert_eq!(upstream.everything(), []);
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_502_within_the_time_to_connect() {
    // The system takes connections for whoever listens; nobody ever answers on them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://127.0.0.1:{}", silent.local_addr().unwrap().port());
    let trusted = TlsFront::before("http://127.0.0.1:1");
    let (server, owner, holder) = calling(&url, &trusted.ca_file()).await;
    let begun = Instant::now();
    let refused = holder.get("/users").await;
    refused.refusal(502, "upstream_unreachable");
    let waited = begun.elapsed();
    assert!(
        (Duration::from_millis(4_900)..Duration::from_millis(9_000)).contains(&waited),
        "{waited:?}"
    );
    // Gardien's own questions may be under way; what was made would count for a minute.
    while owner.get("/v1/limits").await.expect(200)["used"] != 0 {
        assert!(begun.elapsed() < Duration::from_secs(15));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(server);
    let mut said = Vec::new();
    silent.accept().unwrap().0.read_to_end(&mut said).unwrap();
    assert!(!said.is_empty(), "no handshake was begun");
    assert!(memchr::memmem::find(&said, PHARE_KEY.as_bytes()).is_none());
}

/// The line is long, or whoever is at its other end busy.
#[tokio::test]
async fn a_handshake_that_takes_its_time_is_waited_for() {
    let upstream = Upstream::start();
    let front = TlsFront::slow(&upstream.url(), Duration::from_millis(2_500));
    let (_server, _, holder) = calling(&front.url(), &front.ca_file()).await;
    holder.get("/users").await.expect(200);
}

/// A connection that is closed at once, before TLS or after it.
#[tokio::test]
async fn a_connection_that_is_closed_at_once_is_502() {
    let closing = TcpListener::bind("127.0.0.1:0").unwrap();
    closing.set_nonblocking(true).unwrap();
    let port = closing.local_addr().unwrap().port();
    let _closing = Background::run(async move || {
        let listener = tokio::net::TcpListener::from_std(closing).unwrap();
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream);
        }
    });
    let front = TlsFront::before(&format!("http://127.0.0.1:{port}"));
    let refused = async |url: String| {
        let (_server, _, holder) = calling(&url, &front.ca_file()).await;
        let begun = Instant::now();
        let answer = holder.get("/users").await;
        answer.refusal(502, "upstream_unreachable");
        // After it was tried again for a while, and before clients are gone.
        assert!(begun.elapsed() < Duration::from_secs(25));
    };
    let before_tls = format!("https://127.0.0.1:{port}");
    tokio::join!(refused(before_tls), refused(front.url()));
}

/// An answer without a length ends with its connection. Whether that end is Phare's, TLS knows.
#[tokio::test]
async fn an_answer_that_ends_with_its_connection_is_whole_only_if_tls_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let plain = format!("http://{}", listener.local_addr().unwrap());
    let _plain = Background::run(async move || {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"data\":[]}";
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer).await;
        }
    });
    let read = async |front: TlsFront, whole: bool| {
        let (_server, _, holder) = calling(&front.url(), &front.ca_file()).await;
        let read = match holder.request(Method::GET, "/users").send().await {
            Ok(response) => response.bytes().await,
            Err(error) => Err(error),
        };
        assert_eq!(read.is_ok(), whole, "{read:?}");
    };
    tokio::join!(
        read(TlsFront::before(&plain), true),
        read(TlsFront::cut_off(&plain), false),
    );
}

/// The upstream is given 25 seconds, both to begin and to go on: whoever called is gone after thirty.
#[tokio::test]
async fn a_phare_that_says_nothing_is_504_and_one_that_stops_breaks_off() {
    let stops = async || {
        let begin = stream::iter([Ok::<_, std::io::Error>(Bytes::from("{\"data\":[1,"))]);
        Response::new(Body::from_stream(begin.chain(stream::pending())))
    };
    let routes = Router::new()
        .route("/users/1", get(std::future::pending::<Response>))
        .route("/users/2", get(stops));
    let upstream = Upstream::with(routes);
    let front = TlsFront::before(&upstream.url());
    let world = World::behind(&front).await;
    let key = world.organization_key().await;
    let holder = world.holder(&key);
    let begun = Instant::now();
    let (silent, stopped) = tokio::join!(holder.get("/users/1"), async {
        let response = holder
            .request(Method::GET, "/users/2")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        response.bytes().await
    });
    let waited = begun.elapsed();
    silent.refusal(504, "upstream_timeout");
    assert!(stopped.is_err(), "passed off as whole");
    assert!(
        (Duration::from_secs(24)..Duration::from_secs(30)).contains(&waited),
        "{waited:?}"
    );
}
