//! The path that is authorized is the path that is sent.

use crate::support::upstream::Upstream;
use crate::support::wire::Wire;
use crate::support::world::World;

#[tokio::test]
async fn a_path_that_two_servers_read_differently_is_refused_not_put_right() {
    let upstream = Upstream::start();
    let world = World::before(&upstream).await.unlimited().await;
    let key = world.organization_key().await;
    let base = world.server.gateway();
    let ask = async |method: &str, target: &str| {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
            key.secret
        );
        Wire::exchange(base, head).await.unwrap()
    };
    for target in [
        "/uptime/../users",
        "/uptime/%2e%2e/users",
        "/uptime/%2E%2E/users",
        "/uptime/.%2e/users",
        "/./users",
        "/%2e/users",
        "/users/.",
        "/users/..",
        "/users/",
        "/users//1",
        "/users%2f1",
        "/users%2F1",
        "/users%5c1",
        "/users\\1",
        "/\\users",
        "/users/1%00",
        "/users/1;a=b",
        "/users/%31",
        "/%75sers",
        "/users/1%20",
        "/users/1.",
        "/users/1:2",
        "/users/1@2",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = ask(method, target).await;
            // The HTTP library may already refuse what can stand in no path at all.
            assert_eq!(answer.status, 400, "{method} {target}: {answer:?}");
            assert!(
                ["ambiguous_path", "malformed_request"].contains(&answer.code().as_str()),
                "{target}: {answer:?}"
            );
        }
    }
    for target in [
        "http://a/users",
        "https://api.phare.io/users",
        "a:443",
        "*",
        "users",
        "?x",
        "/users#x",
        "/users?x#y",
    ] {
        let answer = ask("GET", target).await;
        assert_eq!(answer.status, 400, "{target}: {answer:?}");
    }
    assert_eq!(upstream.calls(), []);
}

#[tokio::test]
async fn path_and_query_arrive_byte_for_byte() {
    let upstream = Upstream::start();
    let world = World::before(&upstream).await;
    let key = world.organization_key().await;
    let folded = [("//users?x=//", "/users?x=//"), ("///", "/"), ("//?", "/?")];
    let targets = [
        "/",
        "/?",
        "/users?email=a&email=b&x=%2e%2e%2F%00&y=a+b//..",
        "/users/1?page=",
        "/apps/out-going_1/integrations/7?name=%C3%A9",
        "/users?/../../x;y=z",
    ];
    for target in targets.into_iter().chain(folded.map(|(sent, _)| sent)) {
        let head = format!(
            "GET {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
            key.secret
        );
        assert_eq!(
            Wire::exchange(world.server.gateway(), head)
                .await
                .unwrap()
                .status,
            200,
            "{target}"
        );
    }
    let seen: Vec<_> = upstream
        .calls()
        .into_iter()
        .map(|seen| seen.target)
        .collect();
    let arrived = targets.into_iter().chain(folded.map(|(_, target)| target));
    assert_eq!(seen, arrived.collect::<Vec<_>>());
}

#[tokio::test]
async fn methods_that_no_proxy_should_pass_on_are_refused() {
    let upstream = Upstream::start();
    let world = World::before(&upstream).await;
    let key = world.organization_key().await;
    for (method, target) in [("TRACE", "/users"), ("TRACE", "/"), ("CONNECT", "/users")] {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
            key.secret
        );
        let answer = Wire::exchange(world.server.gateway(), head).await.unwrap();
        assert!(
            matches!(answer.status, 400 | 405),
            "{method} {target}: {answer:?}"
        );
        // A TRACE that echoes would hand the secret to whoever can read the answer.
        assert!(!String::from_utf8_lossy(&answer.body).contains(&key.secret));
    }
    assert_eq!(upstream.calls(), []);
}
