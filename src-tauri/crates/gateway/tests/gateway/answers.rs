//! Every row of the answer table.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gardien_domain::Scope;
use gardien_egress::Proxies;
use gardien_gateway::HttpUpstream;
use http::Request;
use http_body_util::Empty;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::*;

pub(crate) const MONITORS: &str = "/uptime/monitors";

#[track_caller]
pub(crate) fn ours(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.json()["message"].is_string());
    for name in [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    ] {
        assert!(answer.header(name).parse::<u64>().is_ok(), "{name}");
    }
    for (name, begin) in [
        ("ratelimit-policy", "\"organization\";q="),
        ("ratelimit", "\"organization\";r="),
    ] {
        assert!(answer.header(name).starts_with(begin), "{name}");
    }
    assert!(!answer.header("x-request-id").is_empty());
    assert_eq!(answer.header("www-authenticate") == "Bearer", status == 401);
}

#[tokio::test]
async fn without_a_known_secret_401() {
    let world = World::new().await;
    let bearer = world.owner.bearer();
    let stranger = key(world.owner.key.scope(), READ_WRITE).bearer();
    for headers in [
        vec![],
        vec![("authorization", "Bearer nonsense")],
        vec![("authorization", "Basic Og==")],
        vec![("authorization", stranger.as_str())],
        vec![
            ("authorization", bearer.as_str()),
            ("authorization", bearer.as_str()),
        ],
    ] {
        let answer = world.send(request("GET", "/projects", &headers)).await;
        ours(&answer, 401);
        assert_eq!(answer.json(), json!({"message": "Unauthorized"}));
    }
    let in_query = format!("/projects?api_key={}", world.owner.secret.expose());
    ours(&world.send(request("GET", &in_query, &[])).await, 401);
    assert!(world.upstream.seen().is_empty());
}

#[tokio::test]
async fn a_dead_key_is_told_which_and_since_when() {
    let world = World::new().await;
    world.gateway.put_key(&world.reader.expired());
    let answer = world.get(&world.reader, MONITORS).await;
    ours(&answer, 401);
    assert_eq!(answer.code(), "key_expired");
    assert!(
        answer.json()["message"]
            .as_str()
            .unwrap()
            .contains("2026-01-02T03:04:05Z")
    );

    world.gateway.put_key(&world.reader.revoked());
    // Who before what: not even that a path is odd or unknown is told to a dead key.
    for path in [MONITORS, "/nothing", "/uptime/%2e%2e/users"] {
        let answer = world.get(&world.reader, path).await;
        ours(&answer, 401);
        assert_eq!(answer.code(), "key_revoked");
    }
    world.gateway.put_key(&world.reader.key);
    assert_eq!(world.get(&world.reader, MONITORS).await.status, 200);
}

#[tokio::test]
async fn a_rotation_lets_both_secrets_through_for_its_grace() {
    let world = World::new().await;
    let rotated = world.reader.rotated(SignedDuration::from_secs(60));
    world.gateway.put_key(&rotated.key);
    assert_eq!(world.get(&rotated, MONITORS).await.status, 200);
    assert_eq!(world.get(&world.reader, MONITORS).await.status, 200);

    let ended = world.reader.rotated(SignedDuration::from_secs(-1));
    world.gateway.put_key(&ended.key);
    assert_eq!(world.get(&ended, MONITORS).await.status, 200);
    assert_eq!(
        world.get(&world.reader, MONITORS).await.code(),
        "secret_replaced"
    );
    // The secret of the first rotation belongs to nobody any more.
    ours(&world.get(&rotated, MONITORS).await, 401);
    assert_eq!(world.get(&rotated, MONITORS).await.code(), "");
}

#[tokio::test]
async fn a_method_that_no_proxy_passes_on_is_told_which_ones_are() {
    let world = World::new().await;
    for path in ["/projects", "/nothing"] {
        let answer = world.send(request("TRACE", path, &[])).await;
        ours(&answer, 405);
        assert_eq!(answer.code(), "method_not_allowed");
        assert_eq!(answer.header("allow"), "GET, HEAD, POST, DELETE");
    }
}

#[tokio::test]
async fn a_missing_permission_is_told_in_phares_words() {
    let world = World::new().await;
    let answer = world.send_post("/alert-rules").await;
    ours(&answer, 403);
    assert_eq!(
        answer.json(),
        json!({"message": "The platform:write permission is required to perform this action."})
    );
}

impl World {
    async fn send_post(&self, path: &str) -> Answer {
        Answer::read(self.gateway.handle(posting(path, &self.reader, "{}")).await).await
    }
}

#[tokio::test]
async fn projects_are_refused_with_a_reason() {
    let world = World::new().await;
    let manager = key(
        gardien_domain::Scope::Project { project_id: ALPHA },
        READ_WRITE,
    );
    world.gateway.put_key(&manager.key);
    let answer = Answer::read(
        world
            .gateway
            .handle(posting("/projects", &manager, "{}"))
            .await,
    )
    .await;
    ours(&answer, 403);
    assert_eq!(answer.code(), "project_management_forbidden");

    for (owned, header, status, code) in [
        (
            &world.reader,
            ("x-phare-project-id", "2"),
            403,
            "project_forbidden",
        ),
        (
            &world.reader,
            ("x-phare-project-slug", "beta"),
            403,
            "project_forbidden",
        ),
        (&world.reader, ("x-phare-project-id", "1"), 200, ""),
        (
            &world.owner,
            ("x-phare-project-id", "77"),
            403,
            "project_unknown",
        ),
        (
            &world.owner,
            ("x-phare-project-slug", "gone"),
            403,
            "project_unknown",
        ),
        (&world.owner, ("x-phare-project-slug", "beta"), 200, ""),
        (&world.owner, ("x-phare-project-id", "one"), 422, ""),
        (&world.owner, ("x-other", "1"), 422, ""),
    ] {
        let bearer = owned.bearer();
        let headers = [("authorization", bearer.as_str()), header];
        let answer = world.send(request("GET", MONITORS, &headers)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{header:?}"
        );
        if status == 422 {
            ours(&answer, 422);
            assert!(answer.json()["errors"]["X-Phare-Project-Id"][0].is_string());
        }
    }
    let bearer = world.owner.bearer();
    let both = [
        ("authorization", bearer.as_str()),
        ("x-phare-project-id", "1"),
        ("x-phare-project-slug", "beta"),
    ];
    let answer = world.send(request("GET", MONITORS, &both)).await;
    ours(&answer, 422);
    assert!(answer.json()["errors"]["X-Phare-Project-Slug"][0].is_string());

    world.gateway.remove_project(ALPHA);
    for path in [MONITORS, "/nothing"] {
        let answer = world.get(&world.reader, path).await;
        ours(&answer, 401);
        assert_eq!(answer.code(), "project_deleted");
    }
}

#[tokio::test]
async fn what_the_catalogue_does_not_know_is_404() {
    let world = World::new().await;
    let bearer = world.owner.bearer();
    for (method, path) in [
        ("GET", "/nothing"),
        ("PUT", "/nothing"),
        ("OPTIONS", "/nothing"),
        ("GET", "/projects/one"),
        ("PATCH", "/projects/1/users"),
    ] {
        let answer = world
            .send(request(method, path, &[("authorization", &bearer)]))
            .await;
        ours(&answer, 404);
        assert_eq!(answer.json(), json!({"message": "Resource not found"}));
    }
    assert!(world.upstream.seen().is_empty());
}

#[tokio::test]
async fn a_head_that_can_be_read_twice_is_400_and_never_forwarded() {
    let world = World::new().await;
    let bearer = world.owner.bearer();
    for path in [
        "/projects/../users",
        "/projects/./1",
        "/projects/%2e%2e/users",
        "/projects//1",
        "/projects/",
        "/projects%2f1",
        "/projects%5c1",
        "/projects/1%00",
        "/projects/1;a",
        "*",
    ] {
        let answer = world
            .send(request("GET", path, &[("authorization", &bearer)]))
            .await;
        ours(&answer, 400);
        assert_eq!(answer.code(), "ambiguous_path", "{path}");
    }
    for headers in [
        [("content-length", "1"), ("content-length", "1")],
        [("content-length", "1"), ("transfer-encoding", "chunked")],
        [
            ("transfer-encoding", "chunked"),
            ("transfer-encoding", "chunked"),
        ],
        [("host", "other"), ("x-a", "1")],
    ] {
        let headers = [headers[0], headers[1], ("authorization", &bearer)];
        let answer = world.send(request("GET", "/projects", &headers)).await;
        ours(&answer, 400);
        assert_eq!(answer.header("connection"), "close");
    }
    let absolute = request(
        "GET",
        "http://localhost/projects",
        &[("authorization", &bearer)],
    );
    ours(&world.send(absolute).await, 400);
    for (method, target) in [("TRACE", "/projects"), ("CONNECT", "localhost:1")] {
        let request = request(method, target, &[("authorization", &bearer)]);
        ours(&world.send(request).await, 405);
    }
    assert!(world.upstream.seen().is_empty());
    assert_eq!(world.gateway.limits().used, 0);
}

#[tokio::test]
async fn a_sane_request_id_is_kept() {
    let world = World::new().await;
    let long = "x".repeat(129);
    for (sent, kept) in [
        ("a.b_C-9", true),
        (&"x".repeat(128), true),
        (&long, false),
        ("a b", false),
        ("", false),
    ] {
        let answer = world
            .send(request("GET", "/projects", &[("x-request-id", sent)]))
            .await;
        assert_eq!(answer.header("x-request-id") == sent, kept, "{sent}");
    }
    let answer = world
        .send(request(
            "GET",
            "/projects",
            &[("x-request-id", "a"), ("x-request-id", "b")],
        ))
        .await;
    assert!(answer.header("x-request-id").len() == 36);
}

#[tokio::test]
async fn without_an_upstream_503() {
    let world = World::new().await;
    world.gateway.attach(None);
    let answer = world.get(&world.owner, "/projects").await;
    ours(&answer, 503);
    assert_eq!(answer.code(), "upstream_missing");
    assert_eq!(world.gateway.limits().used, 0);
}

#[tokio::test]
async fn an_upstream_that_is_not_there_502_and_costs_no_call() {
    let world = World::new().await;
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    world.gateway.attach(Some(transport(closed, "")));
    let answer = world.get(&world.owner, "/projects").await;
    ours(&answer, 502);
    assert_eq!(answer.code(), "upstream_unreachable");
    assert_eq!(world.gateway.limits().used, 0);
}

#[tokio::test]
async fn an_upstream_behind_a_proxy_that_cannot_be_used_502_and_is_not_called() {
    let world = World::new().await;
    let upstream = TcpListener::bind("0.0.0.0:0").unwrap();
    upstream.set_nonblocking(true).unwrap();
    let port = upstream.local_addr().unwrap().port();
    let base = format!("http://0.0.0.0:{port}").parse().unwrap();
    let proxies = Proxies::of_environment(|name| (name == "ALL_PROXY").then(|| "ftp://a".into()));
    let behind = HttpUpstream::new(base, proxies, Arc::new(now)).unwrap();
    let behind = behind.with_key(&PHARE_KEY.into()).unwrap();
    world.gateway.attach(Some(Arc::new(behind)));
    let answer = world.get(&world.owner, "/projects").await;
    ours(&answer, 502);
    assert_eq!(answer.code(), "upstream_unreachable");
    let said = answer.json()["message"].to_string();
    assert!(
        said.contains("cannot be reached: ALL_PROXY names no proxy. "),
        "{said}"
    );
    assert_eq!(world.gateway.limits().used, 0);
    assert!(upstream.accept().is_err(), "it was called");
}

#[tokio::test]
async fn an_upstream_that_says_nothing_504_and_costs_its_call() {
    let world = World::with(100, Upstream::answering(Script::Hang).await).await;
    let answer = world.get(&world.owner, "/projects").await;
    ours(&answer, 504);
    assert_eq!(answer.code(), "upstream_timeout");
    assert_eq!(world.gateway.limits().used, 1);
}

#[tokio::test]
async fn an_upstream_that_breaks_off_502_once() {
    for cut in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-",
        "nonsense\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ] {
        let world = World::with(100, Upstream::answering(Script::Cut(cut.to_owned())).await).await;
        let answer = world.get(&world.owner, "/projects").await;
        ours(&answer, 502);
        assert_eq!(answer.code(), "upstream_unreachable");
        assert_eq!(world.upstream.seen().len(), 1, "sent once, never again");
        assert_eq!(world.gateway.limits().used, 1);
    }
}

#[tokio::test]
async fn a_refusal_of_our_own_key_is_not_the_clients_fault() {
    let refused =
        "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer\r\ncontent-length: 2\r\n\r\n{}";
    let world = World::with(
        100,
        Upstream::answering(Script::Answer(refused.to_owned())).await,
    )
    .await;
    let answer = world.get(&world.owner, "/projects").await;
    ours(&answer, 502);
    assert_eq!(answer.code(), "upstream_key_refused");
}

#[tokio::test]
async fn a_stopped_gateway_503() {
    let world = World::new().await;
    world.gateway.stop().await;
    let answer = world.get(&world.owner, "/projects").await;
    ours(&answer, 503);
    assert_eq!(answer.code(), "gateway_stopping");
}

#[tokio::test]
async fn a_paused_gateway_503_until_it_is_resumed() {
    let world = World::new().await;
    world.gateway.pause(true);
    let answer = world.get(&world.owner, "/projects").await;
    ours(&answer, 503);
    assert_eq!(answer.code(), "gateway_paused");
    assert_eq!(answer.header("retry-after"), "30");
    assert_eq!(world.gateway.limits().used, 0);
    world.gateway.pause(false);
    assert_eq!(world.get(&world.owner, "/projects").await.status, 200);
}

#[tokio::test]
async fn a_gateway_that_may_grant_nothing_503_whatever_is_shown_to_it() {
    let world = World::new().await;
    let may_grant = Arc::new(AtomicBool::new(false));
    let asked = may_grant.clone();
    world
        .gateway
        .grant_while(move || asked.load(Ordering::SeqCst));
    // What it knows of keys may be old: it refuses none by it.
    let unknown = key(Scope::Organization {}, READ);
    for owned in [&world.owner, &unknown] {
        let answer = world.get(owned, "/projects").await;
        ours(&answer, 503);
        assert_eq!(answer.code(), "gateway_stale");
        assert_eq!(answer.header("retry-after"), "1");
    }
    assert_eq!(world.gateway.limits().used, 0);
    may_grant.store(true, Ordering::SeqCst);
    assert_eq!(world.get(&world.owner, "/projects").await.status, 200);
    assert_eq!(world.get(&unknown, "/projects").await.status, 401);
}

#[tokio::test]
async fn any_bytes_in_a_head_are_answered_and_never_granted() {
    let world = World::new().await;
    let mut state = 1_u64;
    let mut byte = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    for _ in 0..5_000 {
        let mut bytes = || (0..byte() % 24).map(|_| byte()).collect::<Vec<u8>>();
        let target = [b"/".to_vec(), bytes()].concat();
        let request = Request::builder()
            .method(&*bytes())
            .uri(&*target)
            .header("authorization", bytes())
            .header("x-phare-project-id", bytes())
            .body(Empty::<bytes::Bytes>::new());
        if let Ok(request) = request {
            let status = world.gateway.handle(request).await.status().as_u16();
            assert!((400..500).contains(&status), "{status}");
        }
    }
    assert!(world.upstream.seen().is_empty());
}
