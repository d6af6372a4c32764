//! Bodies pass a piece at a time, unchanged, in both directions.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http_body_util::BodyExt as _;
use reqwest::Method;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use crate::support::memory::Peak;
use crate::support::tls::TlsFront;
use crate::support::upstream::Upstream;
use crate::support::world::World;

const PATIENCE: Duration = Duration::from_secs(20);

type Pieces = Arc<Mutex<mpsc::Receiver<Bytes>>>;

/// A body that comes as it is sent.
fn streamed(
    pieces: mpsc::Receiver<Bytes>,
) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(pieces, async |mut pieces| {
        pieces.recv().await.map(|piece| (Ok(piece), pieces))
    })
}

#[tokio::test]
async fn an_answer_arrives_before_it_is_complete() {
    let (sender, receiver) = mpsc::channel::<Bytes>(1);
    let pieces: Pieces = Arc::new(Mutex::new(receiver));
    let answer = async |State(pieces): State<Pieces>| {
        let pieces = std::mem::replace(&mut *pieces.lock().await, mpsc::channel(1).1);
        Response::new(Body::from_stream(streamed(pieces)))
    };
    let upstream = Upstream::with(
        Router::new()
            .route("/users", get(answer))
            .with_state(pieces),
    );
    let world = World::before(&upstream).await;
    let key = world.organization_key().await;
    let response = world
        .holder(&key)
        .request(Method::GET, "/users")
        .send()
        .await
        .unwrap();
    let mut body = response.bytes_stream();
    for piece in ["first", "second"] {
        sender.send(Bytes::from(piece)).await.unwrap();
        let arrived = timeout(PATIENCE, body.next())
            .await
            .expect("held back until the end");
        assert_eq!(arrived.unwrap().unwrap(), piece);
    }
    drop(sender);
    assert!(timeout(PATIENCE, body.next()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_request_arrives_before_it_is_complete() {
    let (arrived, mut arrivals) = mpsc::channel::<Bytes>(8);
    let take = async |State(arrived): State<mpsc::Sender<Bytes>>, request: Request| {
        let mut body = request.into_body().into_data_stream();
        while let Some(piece) = body.next().await {
            arrived.send(piece.unwrap()).await.unwrap();
        }
        Response::new(Body::empty())
    };
    let upstream = Upstream::with(
        Router::new()
            .route("/alert-rules", post(take))
            .with_state(arrived),
    );
    let world = World::before(&upstream).await;
    let key = world.organization_key().await;
    let (sender, receiver) = mpsc::channel(1);
    let request = world
        .holder_in(&key, &world.shop)
        .request(Method::POST, "/alert-rules");
    let sending = tokio::spawn(
        request
            .body(reqwest::Body::wrap_stream(streamed(receiver)))
            .send(),
    );
    // A small body is awaited before its call goes out.
    for piece in ["first".repeat(4 * 1024), "second".to_owned()] {
        sender.send(Bytes::from(piece.clone())).await.unwrap();
        let mut there = String::new();
        while there.len() < piece.len() {
            let arrived = timeout(PATIENCE, arrivals.recv())
                .await
                .expect("held back until the end");
            there.push_str(str::from_utf8(&arrived.unwrap()).unwrap());
        }
        assert_eq!(there, piece);
    }
    drop(sender);
    assert_eq!(sending.await.unwrap().unwrap().status(), 200);
}

/// An upstream that answers with what it was sent, and with its type.
fn echo() -> Upstream {
    let echo = async |request: Request| {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let mut response = Response::builder();
        for name in ["content-type", "content-length", "transfer-encoding"] {
            if let Some(value) = head.headers.get(name) {
                response = response.header(format!("x-seen-{name}"), value);
            }
        }
        response.body(Body::from(body)).unwrap()
    };
    let routes = Router::new()
        .route("/uptime/status-pages/{id}", post(echo))
        .layer(DefaultBodyLimit::disable());
    Upstream::with(routes)
}

#[tokio::test]
async fn a_form_with_files_passes_byte_for_byte() {
    let upstream = echo();
    let world = World::before(&upstream).await;
    let key = world.organization_key().await;
    let every_byte: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    let boundary = "----b0undary";
    let mut form = Vec::new();
    for (name, file, content) in [
        ("name", None, &b"Status"[..]),
        ("logo_light", Some("light.png"), &every_byte),
    ] {
        let file = file.map_or(String::new(), |file| format!("; filename=\"{file}\""));
        let kind = if file.is_empty() {
            ""
        } else {
            "Content-Type: application/octet-stream\r\n"
        };
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n{kind}\r\n"
        );
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={boundary}");
    let length = form.len().to_string();
    let pieces: Vec<_> = form
        .chunks(777)
        .map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece)))
        .collect();
    for (body, seen) in [
        (
            reqwest::Body::from(form.clone()),
            ("x-seen-content-length", length.as_str()),
        ),
        (
            reqwest::Body::wrap_stream(stream::iter(pieces)),
            ("x-seen-transfer-encoding", "chunked"),
        ),
    ] {
        let request = world
            .holder_in(&key, &world.shop)
            .request(Method::POST, "/uptime/status-pages/7");
        let response = request
            .header("content-type", &kind)
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.headers()["x-seen-content-type"], kind);
        assert_eq!(response.headers()[seen.0], seen.1);
        assert!(
            response.bytes().await.unwrap() == form,
            "{} was altered",
            seen.0
        );
    }
}

const MEGABYTE: usize = 1024 * 1024;
/// Large enough that a copy of it in memory is seen.
const LARGE: usize = 50 * MEGABYTE;
/// What its passage may cost beyond what the process has at rest.
const ROOM: u64 = 10 * MEGABYTE as u64;

/// A form with a large file, made as it is asked for. No two pieces of the file are alike.
fn form() -> impl Iterator<Item = Bytes> {
    const PIECE: usize = 64 * 1024;
    let head = "--b\r\nContent-Disposition: form-data; name=\"logo_light\"; filename=\"light.png\"\r\n\
                Content-Type: application/octet-stream\r\n\r\n";
    let file = (0..LARGE).step_by(PIECE).map(|begin| {
        let words = (begin..begin + PIECE).step_by(8);
        words.flat_map(|at| (at as u64).to_be_bytes()).collect()
    });
    let (head, tail) = (Bytes::from(head), Bytes::from("\r\n--b--\r\n"));
    [head].into_iter().chain(file).chain([tail])
}

fn form_body() -> Body {
    Body::from_stream(stream::iter(form().map(Ok::<_, Infallible>)))
}

/// Reads the form: nothing at first, so that whoever passes it on has to choose between waiting and keeping it. True when
/// it came unchanged.
async fn is_form<E>(mut pieces: impl Stream<Item = Result<Bytes, E>> + Unpin) -> bool {
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut expected = form();
    let mut next = Bytes::new();
    while let Some(Ok(mut come)) = pieces.next().await {
        while !come.is_empty() {
            if next.is_empty() {
                next = expected.next().unwrap_or_default();
            }
            let length = come.len().min(next.len());
            if length == 0 || come.split_to(length) != next.split_to(length) {
                return false;
            }
        }
    }
    next.is_empty() && expected.next().is_none()
}

#[tokio::test]
async fn fifty_megabytes_pass_unchanged_and_are_never_kept() {
    let take = async |request: Request| {
        if is_form(request.into_body().into_data_stream()).await {
            "whole"
        } else {
            "altered"
        }
    };
    let routes = Router::new().route(
        "/uptime/status-pages/{id}",
        post(take).get(async || form_body()),
    );
    let upstream = Upstream::with(routes);
    let front = TlsFront::before(&upstream.url());
    let world = World::behind(&front).await;
    let key = world.organization_key().await;
    let call = |method| {
        let holder = world.holder_in(&key, &world.shop);
        holder.request(method, "/uptime/status-pages/7")
    };
    // What the first call of all takes is not the body's.
    call(Method::POST).body("some").send().await.unwrap();

    let peak = Peak::of(world.server.process());
    let form = reqwest::Body::wrap_stream(form_body().into_data_stream());
    let kind = "multipart/form-data; boundary=b";
    let sending = call(Method::POST).header("content-type", kind).body(form);
    let answer = sending.send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "whole");
    let sent = peak.extra();

    let peak = Peak::of(world.server.process());
    let answer = call(Method::GET).send().await.unwrap();
    assert!(is_form(answer.bytes_stream()).await, "altered");
    let received = peak.extra();
    assert!(sent <= ROOM && received <= ROOM, "{sent} {received}");
}

#[tokio::test]
async fn a_client_that_waits_to_be_asked_for_its_body_is_asked() {
    use crate::support::wire::Wire;
    let upstream = echo();
    let world = World::before(&upstream).await;
    let key = world.organization_key().await;
    let mut wire = Wire::open(world.server.gateway()).await;
    let head = format!(
        "POST /uptime/status-pages/7 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nX-Phare-Project-Id: {}\r\n\
         Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
        key.secret, world.shop.id
    );
    wire.send(head).await.unwrap();
    assert!(
        String::from_utf8(wire.some().await)
            .unwrap()
            .starts_with("HTTP/1.1 100 ")
    );
    wire.send("hello").await.unwrap();
    let answer = wire.answer().await.unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, &b"hello"[..])
    );
}
