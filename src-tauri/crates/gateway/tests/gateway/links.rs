//! Links in answers lead back to the gateway, whatever the client called it.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use gardien_gateway::LocalUpstream;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;

use crate::support::*;

/// An upstream at `/v1` whose answer names its own address in `PLACE`.
async fn world(head: &str, body: &str) -> World {
    answering("200 OK", head, body).await
}

async fn answering(status: &str, head: &str, body: &str) -> World {
    let script = |own: &str| {
        let own = format!("{own}/v1");
        let (head, body) = (head.replace("PLACE", &own), body.replace("PLACE", &own));
        Script::Answer(format!(
            "HTTP/1.1 {status}\r\n{head}content-length: {}\r\n\r\n{body}",
            body.len()
        ))
    };
    let world = World::with(100, Upstream::knowing(script).await).await;
    let port = world.upstream.port();
    world.gateway.attach(Some(transport(port, "/v1/")));
    world
}

async fn called(world: &World, host: Option<&str>) -> Answer {
    let mut request = request(
        "GET",
        "/uptime/monitors",
        &[("authorization", &world.reader.bearer())],
    );
    match host {
        Some(host) => request.headers_mut().insert("host", host.parse().unwrap()),
        None => request.headers_mut().remove("host"),
    };
    world.send(request).await
}

const JSON: &str = "content-type: application/json; charset=utf-8\r\n";
const PAGE: &str = r#"{"data":[{"url":"PLACE/x","name":"links"}],"meta":{"path":"PLACE/uptime/monitors"},"links":{"first":"PLACE/a?page=1","next":"PLACE/a?page=2","last":null}}"#;

#[tokio::test]
async fn links_begin_with_the_host_that_the_client_called_and_records_stay_as_they_are() {
    let world = world(&format!("{JSON}etag: \"1\"\r\ncontent-md5: x\r\n"), PAGE).await;
    let own = format!("http://127.0.0.1:{}/v1", world.upstream.port());
    for (host, base) in [
        (Some("keys.example:8080"), "http://keys.example:8080"),
        (Some("[::1]:7420"), "http://[::1]:7420"),
        // What names no host leads nowhere else: a path leads to where the client called.
        (None, ""),
        (Some(""), ""),
        (Some("evil\"host"), ""),
        (Some("me@evil.example"), ""),
        (Some("evil.example/x"), ""),
        (Some("a b"), ""),
        (Some("a,b"), ""),
    ] {
        let answer = called(&world, host).await;
        let expected = PAGE
            .replace("\"PLACE/u", &format!("\"{base}/u"))
            .replace("\"PLACE/a", &format!("\"{base}/a"))
            .replace("PLACE", &own);
        assert_eq!(String::from_utf8_lossy(&answer.body), expected, "{host:?}");
        assert_eq!(answer.header("content-md5"), "");
        assert_eq!(
            answer.header("etag"),
            "W/\"1\"",
            "other bytes, the same page"
        );
        assert_eq!(
            answer.header("content-length"),
            "",
            "the library states the length of what is sent"
        );
    }
    world
        .gateway
        .lead_to(&"https://keys.example/phare/".parse().unwrap());
    let answer = called(&world, Some("127.0.0.1:1")).await;
    assert_eq!(
        answer.json()["links"]["next"],
        "https://keys.example/phare/a?page=2"
    );
}

#[tokio::test]
async fn a_client_behind_tls_is_not_led_to_plain_http() {
    let world = world(JSON, PAGE).await;
    for (proto, begin) in [
        ("https", "https://gw/"),
        ("HTTPS", "https://gw/"),
        ("http", "http://gw/"),
        ("ftp", "http://gw/"),
        ("https, http", "http://gw/"),
    ] {
        let bearer = world.reader.bearer();
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-forwarded-proto", proto),
        ];
        let mut request = request("GET", "/uptime/monitors", &headers);
        request.headers_mut().insert("host", "gw".parse().unwrap());
        let next = world.send(request).await.json()["links"]["next"].to_string();
        assert!(next.starts_with(&format!("\"{begin}")), "{proto}: {next}");
    }
}

#[tokio::test]
async fn an_answer_without_such_links_keeps_its_validators() {
    let body = r#"{"id":1,"request":{"url":"PLACE/x"}}"#;
    let world = world(&format!("{JSON}etag: \"1\"\r\ncontent-md5: x\r\n"), body).await;
    let answer = called(&world, Some("gw")).await;
    assert_eq!(
        (answer.header("etag"), answer.header("content-md5")),
        ("\"1\"", "x")
    );
    assert_eq!(
        answer.header("content-length"),
        answer.body.len().to_string()
    );
}

/// Its head is not sent before it is known to be whole.
#[tokio::test]
async fn a_small_answer_that_breaks_off_is_a_502() {
    let cut =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"data\":";
    let world = World::with(100, Upstream::answering(Script::Cut(cut.to_owned())).await).await;
    let answer = world.get(&world.reader, "/uptime/monitors").await;
    assert_eq!(
        (answer.status, answer.code()),
        (502, "upstream_unreachable".to_owned())
    );
}

#[tokio::test]
async fn headers_that_lead_to_the_upstream_lead_back() {
    let head = "location: PLACE/projects/5\r\ncontent-location: PLACE\r\n\
        link: <PLACE/a?page=2>; rel=\"next\", <https://other.example/x>; rel=PLACE\r\nx-other: PLACE\r\n";
    let world = world(head, "").await;
    let own = format!("http://127.0.0.1:{}/v1", world.upstream.port());
    let answer = called(&world, Some("gw")).await;
    assert_eq!(answer.header("location"), "http://gw/projects/5");
    assert_eq!(answer.header("content-location"), "http://gw");
    let link = format!("<http://gw/a?page=2>; rel=\"next\", <https://other.example/x>; rel={own}");
    assert_eq!(answer.header("link"), link);
    assert_eq!(answer.header("x-other"), own);
    assert_eq!(called(&world, None).await.header("content-location"), "/");
}

#[tokio::test]
async fn what_is_no_whole_json_or_is_compressed_passes_as_it_is() {
    for (status, head) in [
        ("200 OK", "content-type: text/plain\r\n"),
        ("200 OK", ""),
        (
            "200 OK",
            "content-type: application/json\r\ncontent-encoding: gzip\r\n",
        ),
        ("206 Partial Content", JSON),
    ] {
        let world = answering(status, head, PAGE).await;
        let answer = called(&world, Some("gw")).await;
        let own = format!("http://127.0.0.1:{}/v1", world.upstream.port());
        assert_eq!(answer.body, PAGE.replace("PLACE", &own));
        assert_eq!(
            answer.header("content-length"),
            answer.body.len().to_string()
        );
    }
}

#[tokio::test]
async fn phare_is_asked_for_nothing_compressed() {
    let world = World::new().await;
    let headers = [
        ("authorization", &*world.reader.bearer()),
        ("accept-encoding", "gzip, br"),
    ];
    world
        .send(request("GET", "/uptime/monitors", &headers))
        .await;
    assert!(!world.upstream.seen()[0].contains("accept-encoding"));
}

/// The sandbox makes its links of the host it is called by.
#[tokio::test]
async fn a_service_in_this_process_hears_no_host_of_the_clients() {
    let world = World::new().await;
    let linking = tower::service_fn(|request: Request<gardien_gateway::Body>| async move {
        let host = request.headers()["host"].to_str().unwrap();
        let body = format!(r#"{{"links":{{"next":"http://{host}/a?page=2"}}}}"#);
        let response = Response::builder().header("content-type", "application/json");
        Ok::<_, Infallible>(
            response
                .body(http_body_util::Full::new(Bytes::from(body)))
                .unwrap(),
        )
    });
    world
        .gateway
        .attach(Some(Arc::new(LocalUpstream::new(linking))));
    let answer = called(&world, Some("gw:1")).await;
    assert_eq!(answer.json()["links"]["next"], "http://gw:1/a?page=2");
}

/// Large or endless, it never waits for its end.
#[tokio::test]
async fn a_long_answer_is_led_back_as_it_streams_by() {
    let world = World::new().await;
    let streaming = tower::service_fn(|_| async {
        let begin = stream::iter([
            r#"{"links":{"next":"http:\/\/local"#,
            r#"host\/a"},"data":[""#,
        ]);
        let parts = begin
            .map(Bytes::from)
            .chain(stream::repeat(Bytes::from(vec![b'x'; 65_536])));
        let parts = parts.map(|part| Ok::<_, Infallible>(Frame::data(part)));
        let response = Response::builder().header("content-type", "application/json");
        Ok::<_, Infallible>(response.body(StreamBody::new(parts)).unwrap())
    });
    world
        .gateway
        .attach(Some(Arc::new(LocalUpstream::new(streaming))));
    let request = request(
        "GET",
        "/uptime/monitors",
        &[("authorization", &world.reader.bearer())],
    );
    let mut body = world.gateway.handle(request).await.into_body();
    let mut read = Vec::new();
    while read.len() < 1024 * 1024 {
        let frame = http_body_util::BodyExt::frame(&mut body)
            .await
            .unwrap()
            .unwrap();
        read.extend(frame.into_data().unwrap());
    }
    let begin = br#"{"links":{"next":"http://localhost\/a"},"data":["xxx"#;
    assert_eq!(&read[..begin.len()], begin);
}
