//! Messages that two servers could cut apart differently: each is refused, at both listeners, and what follows it on
//! the connection is never read as a request.

use crate::support::server::WORKERS;
use crate::support::upstream::{Seen, Upstream};
use crate::support::wire::Wire;
use crate::support::world::World;

/// `AUTH` stands for a good Authorization line; `SMUGGLED` for a whole good request that must never be answered.
const REFUSED: &[(&str, &str)] = &[
    (
        "both lengths",
        "POST /projects HTTP/1.1\r\nHost: a\r\nAUTHContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nSMUGGLED",
    ),
    (
        "both lengths, the other way round",
        "POST /projects HTTP/1.1\r\nHost: a\r\nAUTHTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\nSMUGGLED",
    ),
    (
        "two lengths",
        "POST /projects HTTP/1.1\r\nHost: a\r\nAUTHContent-Length: 0\r\nContent-Length: 7\r\n\r\nSMUGGLED",
    ),
    (
        "two equal lengths",
        "POST /projects HTTP/1.1\r\nHost: a\r\nAUTHContent-Length: 1\r\nContent-Length: 1\r\n\r\nxSMUGGLED",
    ),
    (
        "a list of lengths",
        "POST /projects HTTP/1.1\r\nHost: a\r\nAUTHContent-Length: 1, 1\r\n\r\nxSMUGGLED",
    ),
    (
        "a signed length",
        "POST /projects HTTP/1.1\r\nHost: a\r\nAUTHContent-Length: +1\r\n\r\nxSMUGGLED",
    ),
    (
        "a negative length",
        "POST /projects HTTP/1.1\r\nHost: a\r\nAUTHContent-Length: -1\r\n\r\nSMUGGLED",
    ),
    (
        "a hexadecimal length",
        "POST /projects HTTP/1.1\r\nHost: a\r\nAUTHContent-Length: 0x1\r\n\r\nxSMUGGLED",
    ),
    (
        "an empty length",
        "POST /projects HTTP/1.1\r\nHost: a\r\nAUTHContent-Length:\r\n\r\nSMUGGLED",
    ),
    (
        "an overflowing length",
        "POST /projects HTTP/1.1\r\nHost: a\r\nAUTHContent-Length: 18446744073709551616\r\n\r\nSMUGGLED",
    ),
    (
        "another coding",
        "POST /projects HTTP/1.1\r\nHost: a\r\nAUTHTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\nSMUGGLED",
    ),
    (
        "no coding",
        "POST /projects HTTP/1.1\r\nHost: a\r\nAUTHTransfer-Encoding: identity\r\n\r\nSMUGGLED",
    ),
    (
        "almost chunked",
        "POST /projects HTTP/1.1\r\nHost: a\r\nAUTHTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\nSMUGGLED",
    ),
    (
        "chunked twice",
        "POST /projects HTTP/1.1\r\nHost: a\r\nAUTHTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nSMUGGLED",
    ),
    (
        "chunked in HTTP/1.0",
        "POST /projects HTTP/1.0\r\nHost: a\r\nAUTHTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nSMUGGLED",
    ),
    ("no host", "GET /projects HTTP/1.1\r\nAUTH\r\nSMUGGLED"),
    (
        "an empty host",
        "GET /projects HTTP/1.1\r\nHost:\r\nAUTH\r\nSMUGGLED",
    ),
    (
        "two hosts",
        "GET /projects HTTP/1.1\r\nHost: a\r\nHost: b\r\nAUTH\r\nSMUGGLED",
    ),
    (
        "a host with a user",
        "GET /projects HTTP/1.1\r\nHost: u@a\r\nAUTH\r\nSMUGGLED",
    ),
    (
        "a host with a path",
        "GET /projects HTTP/1.1\r\nHost: a/b\r\nAUTH\r\nSMUGGLED",
    ),
    (
        "bare line feeds",
        "GET /projects HTTP/1.1\nHost: a\nAUTH\nSMUGGLED",
    ),
    (
        "one bare line feed",
        "GET /projects HTTP/1.1\r\nHost: a\nX: y\r\nAUTH\r\nSMUGGLED",
    ),
    (
        "a bare carriage return",
        "GET /projects HTTP/1.1\r\nHost: a\rX: y\r\nAUTH\r\nSMUGGLED",
    ),
    (
        "a space before the colon",
        "GET /projects HTTP/1.1\r\nHost : a\r\nAUTH\r\nSMUGGLED",
    ),
    (
        "a folded line",
        "GET /projects HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\nAUTH\r\nSMUGGLED",
    ),
    (
        "a space before the first header",
        "GET /projects HTTP/1.1\r\n Host: a\r\nAUTH\r\nSMUGGLED",
    ),
    (
        "a line without a colon",
        "GET /projects HTTP/1.1\r\nHost: a\r\nnothing\r\nAUTH\r\nSMUGGLED",
    ),
    (
        "a null byte in a value",
        "GET /projects HTTP/1.1\r\nHost: a\r\nX: \0\r\nAUTH\r\nSMUGGLED",
    ),
    (
        "a null byte in a name",
        "GET /projects HTTP/1.1\r\nHost: a\r\nX\0: y\r\nAUTH\r\nSMUGGLED",
    ),
    (
        "a space in the target",
        "GET /projects x HTTP/1.1\r\nHost: a\r\nAUTH\r\nSMUGGLED",
    ),
    (
        "two spaces",
        "GET  /projects HTTP/1.1\r\nHost: a\r\nAUTH\r\nSMUGGLED",
    ),
    ("no version", "GET /projects\r\nHost: a\r\nAUTH\r\nSMUGGLED"),
    (
        "another version",
        "GET /projects HTTP/2.0\r\nHost: a\r\nAUTH\r\nSMUGGLED",
    ),
    (
        "the preface of HTTP/2",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nSMUGGLED",
    ),
    (
        "an absolute target",
        "GET http://a/projects HTTP/1.1\r\nHost: a\r\nAUTH\r\nSMUGGLED",
    ),
    (
        "an authority as target",
        "CONNECT a:443 HTTP/1.1\r\nHost: a\r\nAUTH\r\nSMUGGLED",
    ),
    ("TLS", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\nSMUGGLED"),
];

#[tokio::test]
async fn each_message_that_can_be_read_twice_is_refused_and_ends_its_connection() {
    let upstream = Upstream::start();
    let mut world = World::before(&upstream).await.unlimited().await;
    let secret = world.organization_key().await.secret;
    let session = world.server.token("owner@lighthouse.test", "owner");
    let management = world.server.management();
    are_refused(&world, management, &session, "/v1/session").await;
    for workers in WORKERS {
        world.work_with(workers);
        are_refused(&world, world.server.gateway(), &secret, "/users").await;
    }
    let calls = upstream.calls();
    assert_eq!(calls.len(), WORKERS.len(), "{calls:?}");
}

async fn are_refused(world: &World, base: &str, bearer: &str, path: &str) {
    let authorization = format!("Authorization: Bearer {bearer}\r\n");
    let smuggled = format!("GET {path} HTTP/1.1\r\nHost: a\r\n{authorization}\r\n");
    assert_eq!(
        Wire::exchange(base, &smuggled).await.unwrap().status,
        200,
        "it would be answered"
    );
    for (what, message) in REFUSED {
        let message = message
            .replace("AUTH", &authorization)
            .replace("SMUGGLED", &smuggled);
        let mut wire = Wire::open(base).await;
        let _ = wire.send(&message).await;
        let answer = wire
            .answer()
            .await
            .unwrap_or_else(|| panic!("{what} at {path}: no answer"));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "malformed_request"),
            "{what} at {path}: {answer:?}"
        );
        let counted = answer.header("x-ratelimit-limit").is_some();
        assert_eq!(
            counted,
            base == world.server.gateway(),
            "{what}: on every answer of the gateway"
        );
        assert_eq!(answer.header("connection"), Some("close"), "{what}");
        let rest = wire.rest().await;
        assert_eq!(
            String::from_utf8_lossy(&rest),
            "",
            "{what} at {path}: something was answered after it"
        );
    }
}

/// A body whose end two servers could see in different places.
#[tokio::test]
async fn broken_chunks_end_the_connection_and_nothing_after_them_is_answered() {
    let upstream = Upstream::start();
    let mut world = World::before(&upstream).await.unlimited().await;
    let key = world.organization_key().await;
    for workers in WORKERS {
        world.work_with(workers);
        break_chunks(&world, &key.secret).await;
    }
    let calls = upstream.calls();
    let of_ours = |seen: &Seen| seen.target == "/projects";
    assert!(calls.iter().all(of_ours), "{calls:?}");
}

async fn break_chunks(world: &World, secret: &str) {
    let authorization = format!("Authorization: Bearer {secret}\r\n");
    let smuggled = format!("GET /users HTTP/1.1\r\nHost: a\r\n{authorization}\r\n");
    for chunks in [
        "5\nhello\r\n0\r\n\r\n",
        "x\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "0\r\nX: y\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\n",
    ] {
        let mut wire = Wire::open(world.server.gateway()).await;
        let head = format!(
            "POST /projects HTTP/1.1\r\nHost: a\r\n{authorization}Transfer-Encoding: chunked\r\n\r\n"
        );
        let _ = wire.send(format!("{head}{chunks}{smuggled}")).await;
        wire.answer().await;
        assert_eq!(
            String::from_utf8_lossy(&wire.rest().await),
            "",
            "{chunks:?}: something was answered after it"
        );
    }
}

#[tokio::test]
async fn sound_messages_follow_each_other_on_one_connection() {
    let upstream = Upstream::start();
    let mut world = World::before(&upstream).await;
    let key = world.organization_key().await;
    for workers in WORKERS {
        world.work_with(workers);
        let before = upstream.calls().len();
        follow_each_other(&world, &key.secret).await;
        let calls = upstream.calls();
        let methods: Vec<_> = calls[before..].iter().map(|seen| &*seen.method).collect();
        assert_eq!(methods, ["POST", "GET", "GET", "GET"]);
    }
}

async fn follow_each_other(world: &World, secret: &str) {
    let authorization = format!("Authorization: Bearer {secret}\r\n");
    let mut wire = Wire::open(world.server.gateway()).await;
    let post = format!(
        "POST /projects HTTP/1.1\r\nHost: a\r\n{authorization}Content-Length: 4\r\n\r\n\r\n\r\n"
    );
    let get = format!("GET /users HTTP/1.1\r\nHost: a\r\n{authorization}\r\n");
    wire.send(format!("{post}{get}\r\n{get}")).await.unwrap();
    for _ in 0..3 {
        assert_eq!(wire.answer().await.unwrap().status, 200);
    }
    wire.send(get.replace("HTTP/1.1\r\n", "HTTP/1.1\r\nConnection: close\r\n"))
        .await
        .unwrap();
    assert_eq!(wire.answer().await.unwrap().status, 200);
    assert_eq!(wire.rest().await, b"");
}
