//! What reaches the upstream, and what comes back.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use gardien_gateway::LocalUpstream;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Full, StreamBody};

use crate::support::*;

#[tokio::test]
async fn the_upstream_gets_the_path_as_authorized_and_our_key() {
    let world = World::new().await;
    let target = "/uptime/incidents?monitor_id=1&monitor_id=2&x=%2e%2e%2F%00&y=a+b//..";
    let request = request(
        "GET",
        target,
        &[
            ("authorization", &world.reader.bearer()),
            ("connection", "X-Phare-Project-Id, X-Secret, authorization"),
            ("x-secret", "1"),
            ("cookie", "a=b"),
            ("x-request-id", "mine"),
            ("accept", "application/json"),
        ],
    );
    let answer = world.send(request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-request-id"), "mine");
    let seen = world.upstream.seen();
    let mut lines: Vec<_> = seen[0].trim_end().split("\r\n").collect();
    assert_eq!(lines.remove(0), format!("GET {target} HTTP/1.1"));
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "accept: application/json".to_owned(),
            format!("authorization: Bearer {PHARE_KEY}"),
            format!("host: 127.0.0.1:{}", world.upstream.port()),
            "x-phare-project-id: 1".to_owned(),
            "x-request-id: mine".to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_slug_goes_out_as_the_id_and_projects_without_any() {
    let world = World::new().await;
    let bearer = world.owner.bearer();
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-phare-project-slug", "beta"),
    ];
    world
        .send(request("GET", "/uptime/monitors", &headers))
        .await;
    world.send(request("GET", "/projects", &headers)).await;
    let seen = world.upstream.seen();
    assert!(seen[0].contains("x-phare-project-id: 2\r\n"));
    assert!(!seen[0].contains("slug"));
    assert!(!seen[1].contains("x-phare-project"));
}

#[tokio::test]
async fn a_base_path_is_put_before_the_path() {
    let world = World::new().await;
    world
        .gateway
        .attach(Some(transport(world.upstream.port(), "/phare/v1/")));
    world.get(&world.owner, "/projects?page=2").await;
    world.get(&world.owner, "/").await;
    let seen = world.upstream.seen();
    assert!(seen[0].starts_with("GET /phare/v1/projects?page=2 HTTP/1.1\r\n"));
    assert!(seen[1].starts_with("GET /phare/v1/ HTTP/1.1\r\n"));
}

#[tokio::test]
async fn answers_pass_unchanged_but_for_the_connection_and_the_limit() {
    let answer = "HTTP/1.1 422 Unprocessable Entity\r\ncontent-type: text/odd\r\nset-cookie: a=b\r\n\
        x-ratelimit-remaining: 7777\r\nx-request-id: theirs\r\nkeep-alive: timeout=5\r\nx-own: 1\r\n\
        content-length: 3\r\n\r\nno!";
    let world = World::with(
        100,
        Upstream::answering(Script::Answer(answer.to_owned())).await,
    )
    .await;
    let answer = world.get(&world.owner, "/projects").await;
    assert_eq!((answer.status, &answer.body[..]), (422, &b"no!"[..]));
    assert_eq!(answer.header("content-type"), "text/odd");
    assert_eq!(answer.header("x-own"), "1");
    assert_eq!(answer.header("x-ratelimit-limit"), "100");
    assert_eq!(answer.header("x-ratelimit-remaining"), "99");
    assert_ne!(answer.header("x-request-id"), "theirs");
    assert!(!answer.headers.contains_key("set-cookie"));
    assert!(!answer.headers.contains_key("keep-alive"));
}

#[tokio::test]
async fn a_redirect_is_passed_on_not_followed() {
    let answer = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
    let world = World::with(
        100,
        Upstream::answering(Script::Answer(answer.to_owned())).await,
    )
    .await;
    assert_eq!(world.get(&world.owner, "/projects").await.status, 302);
    assert_eq!(world.upstream.seen().len(), 1);
}

#[tokio::test]
async fn a_body_of_known_length_keeps_it_and_another_is_chunked() {
    let world = World::new().await;
    world
        .gateway
        .handle(posting("/projects", &world.owner, "{\"name\":\"x\"}"))
        .await;
    let parts = stream::iter(["--b\r\n", "one", "\r\n--b--\r\n"])
        .map(|part| Ok::<_, Infallible>(Frame::data(Bytes::from(part))));
    let request = Request::post("/projects")
        .header("authorization", world.owner.bearer())
        .header("content-type", "multipart/form-data; boundary=b")
        .body(StreamBody::new(parts))
        .unwrap();
    world.gateway.handle(request).await;
    let seen = world.upstream.seen();
    assert!(seen[0].contains("content-length: 12\r\n"));
    assert!(seen[0].ends_with("\r\n\r\n{\"name\":\"x\"}"));
    assert!(seen[1].contains("transfer-encoding: chunked\r\n"));
    assert!(seen[1].contains("content-type: multipart/form-data; boundary=b\r\n"));
    assert!(seen[1].ends_with("5\r\n--b\r\n\r\n3\r\none\r\n9\r\n\r\n--b--\r\n\r\n0\r\n\r\n"));
}

/// An endless body would never come through anything that collects it first.
#[tokio::test]
async fn bodies_stream_both_ways() {
    let world = World::new().await;
    let echo = tower::service_fn(|request: Request<gardien_gateway::Body>| async move {
        Ok::<_, Infallible>(Response::new(request.into_body()))
    });
    world
        .gateway
        .attach(Some(Arc::new(LocalUpstream::new(echo))));
    let endless = stream::repeat(Bytes::from(vec![7; 64 * 1024]))
        .map(|chunk| Ok::<_, Infallible>(Frame::data(chunk)));
    let request = Request::post("/projects")
        .header("authorization", world.owner.bearer())
        .body(StreamBody::new(endless))
        .unwrap();
    let mut response = world.gateway.handle(request).await;
    let mut read = 0;
    while read < 64 * 1024 * 1024 {
        read += response
            .frame()
            .await
            .unwrap()
            .unwrap()
            .into_data()
            .unwrap()
            .len();
    }
}

#[tokio::test]
async fn a_local_upstream_gets_no_credential() {
    let world = World::new().await;
    let echo = tower::service_fn(|request: Request<gardien_gateway::Body>| async move {
        let known = request.headers().contains_key("authorization");
        Ok::<_, Infallible>(Response::new(Full::from(format!(
            "{known} {}",
            request.uri()
        ))))
    });
    world
        .gateway
        .attach(Some(Arc::new(LocalUpstream::new(echo))));
    let answer = world.get(&world.owner, "/projects?page=1").await;
    assert_eq!(answer.body, "false /projects?page=1");
}

#[tokio::test]
async fn an_answer_cut_short_is_an_error_not_an_end() {
    for head in ["content-length: 100", "transfer-encoding: chunked"] {
        let cut = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n5\r\nabcde\r\n");
        let world = World::with(100, Upstream::answering(Script::Cut(cut)).await).await;
        let request = request(
            "GET",
            "/projects",
            &[("authorization", &world.owner.bearer())],
        );
        let response = world.gateway.handle(request).await;
        assert_eq!(response.status(), 200);
        assert!(response.into_body().collect().await.is_err(), "{head}");
    }
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_call_with_it() {
    let world = World::with(100, Upstream::answering(Script::Hang).await).await;
    let request = request(
        "GET",
        "/projects",
        &[("authorization", &world.owner.bearer())],
    );
    let calling = world.gateway.handle(request);
    assert!(
        tokio::time::timeout(Duration::from_millis(100), calling)
            .await
            .is_err()
    );
    assert_eq!(world.upstream.seen().len(), 1);
    // It reached the upstream, so it counts.
    assert_eq!(world.gateway.limits().used, 1);
    for _ in 0..100 {
        if world.upstream.open() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the upstream's connection is still open");
}

#[tokio::test]
async fn a_slow_upload_is_given_time_and_a_stalled_one_is_not() {
    let world = World::new().await;
    // Patience is 300 ms; the whole takes longer, no pause does.
    let slow = stream::iter(0..5).then(|_| async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok::<_, Infallible>(Frame::data(Bytes::from("x")))
    });
    let post = || Request::post("/projects").header("authorization", world.owner.bearer());
    let request = post().body(StreamBody::new(Box::pin(slow))).unwrap();
    assert_eq!(world.gateway.handle(request).await.status(), 200);

    let stalled = stream::pending::<Result<Frame<Bytes>, Infallible>>();
    let request = post().body(StreamBody::new(stalled)).unwrap();
    assert_eq!(world.gateway.handle(request).await.status(), 408);

    let broken = stream::iter([Ok(Frame::data(Bytes::from("x"))), Err("gone")]);
    let request = post().body(StreamBody::new(broken)).unwrap();
    assert_eq!(world.gateway.handle(request).await.status(), 400);
}

#[tokio::test]
async fn nothing_prints_our_key() {
    let world = World::new().await;
    let upstream = transport(world.upstream.port(), "");
    let printed = format!("{upstream:?} {:?}", world.gateway);
    assert!(!printed.contains("the_one_real_key"));
    assert!(!printed.contains(world.owner.secret.expose()));
}

#[tokio::test]
async fn an_answer_that_stops_in_the_middle_is_an_error_not_a_hang() {
    let stalled = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabcde".to_owned();
    let world = World::with(100, Upstream::answering(Script::Answer(stalled)).await).await;
    let request = request(
        "GET",
        "/projects",
        &[("authorization", &world.owner.bearer())],
    );
    let response = world.gateway.handle(request).await;
    let body = response.into_body().collect();
    let ended = tokio::time::timeout(Duration::from_secs(5), body).await;
    assert!(ended.expect("it hangs").is_err());
}

/// A body that says its length.
struct Stated<B>(B, u64);

impl<B: http_body::Body + Unpin> http_body::Body for Stated<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.1)
    }
}

/// Head and body one after the other, or each piece, could take the whole of what the client waits for.
#[tokio::test(start_paused = true)]
async fn what_is_read_here_takes_no_longer_than_any_other_answer() {
    let world = World::new().await;
    for goes_on in [false, true] {
        let slow = tower::service_fn(move |_: Request<gardien_gateway::Body>| async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let pieces = stream::unfold((), move |()| async move {
                if !goes_on {
                    return std::future::pending().await;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
                let piece = Frame::data(Bytes::from(" "));
                Some((Ok::<_, Infallible>(piece), ()))
            });
            let body = Stated(StreamBody::new(Box::pin(pieces)), 60_000);
            let answer = Response::builder().header("content-type", "application/json");
            Ok::<_, Infallible>(answer.body(body).unwrap())
        });
        let slow = Arc::new(LocalUpstream::new(slow));
        world.gateway.attach(Some(slow));
        // A project key's list, and a page with links.
        for path in ["/projects", "/uptime/monitors"] {
            let begun = tokio::time::Instant::now();
            let answering =
                tokio::time::timeout(Duration::from_secs(60), world.get(&world.reader, path));
            let answer = answering.await.expect("it waits on");
            assert_eq!(
                (answer.status, answer.code()),
                (504, "upstream_timeout".to_owned()),
                "{path} {goes_on}"
            );
            let took = begun.elapsed();
            assert!(took < Duration::from_millis(400), "{path}: {took:?}");
        }
    }
}
