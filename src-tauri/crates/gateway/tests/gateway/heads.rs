//! Methods, paths and headers that clients send in more ways than one, each read as the one thing that it can mean.

use crate::answers::{MONITORS, ours};
use crate::support::*;

#[tokio::test]
async fn a_method_that_a_known_path_does_not_take_is_told_which_ones_it_does() {
    let world = World::new().await;
    let known = [
        ("PUT", "/projects/1", "GET, HEAD, POST, DELETE"),
        ("PATCH", "/uptime/monitors/7", "GET, HEAD, POST, DELETE"),
        ("OPTIONS", "/projects", "GET, HEAD, POST"),
        ("DELETE", "/projects", "GET, HEAD, POST"),
        ("GET", "/uptime/monitors/7/pause", "POST"),
        ("HEAD", "/uptime/monitors/7/pause", "POST"),
        ("POST", "/", "GET, HEAD"),
        ("BREW", "/users", "GET, HEAD"),
    ];
    for (method, path, allow) in known {
        for holder in [&world.owner, &world.reader] {
            let headers = [("authorization", &*holder.bearer())];
            let answer = world.send(request(method, path, &headers)).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), allow, "{method} {path}");
        }
        // Whoever has no key learns nothing, whoever has a dead one that it is dead.
        ours(&world.send(request("PUT", path, &[])).await, 401);
        let answer = world.send(request(method, path, &[])).await;
        assert_eq!((answer.status, answer.header("allow")), (401, ""));
    }
    world.gateway.put_key(&world.reader.revoked());
    let headers = [("authorization", &*world.reader.bearer())];
    let answer = world.send(request("PUT", "/projects/1", &headers)).await;
    assert_eq!(
        (answer.status, answer.code()),
        (401, "key_revoked".to_owned())
    );
    assert!(world.upstream.seen().is_empty());
    assert_eq!(world.gateway.limits().used, 0);
}

#[tokio::test]
async fn head_is_answered_as_get_is_without_the_body() {
    let world = World::with(100, Upstream::answering(ok("{\"title\":\"Phare\"}")).await).await;
    let ask = async |method: &str, owned: &Owned, path: &str| {
        let headers = [("authorization", &*owned.bearer())];
        world.send(request(method, path, &headers)).await
    };
    for (owned, path, status) in [
        (&world.reader, "/uptime/monitors?page=2", 200),
        (&world.owner, "/", 200),
        (&world.owner, MONITORS, 422),
        (&world.owner, "/nothing", 404),
        (&world.owner, "/projects/../users", 400),
    ] {
        let used = world.gateway.limits().used;
        let (get, head) = (
            ask("GET", owned, path).await,
            ask("HEAD", owned, path).await,
        );
        assert_eq!((get.status, head.status), (status, status), "{path}");
        assert!(!get.body.is_empty() && head.body.is_empty(), "{path}");
        for name in ["content-type", "x-ratelimit-limit"] {
            assert_eq!(get.header(name), head.header(name), "{path}");
        }
        assert_eq!(head.header("content-length"), get.body.len().to_string());
        let calls = if status == 200 { 2 } else { 0 };
        assert_eq!(world.gateway.limits().used, used + calls, "one slot each");
    }
    // The scope that it needs is the one of GET.
    let writer = key(
        gardien_domain::Scope::Organization {},
        gardien_domain::ProductScopes {
            platform: gardien_domain::ProductScope::None,
            uptime: gardien_domain::ProductScope::ReadWrite,
        },
    );
    world.gateway.put_key(&writer.key);
    assert_eq!(ask("HEAD", &writer, "/users").await.status, 403);
    assert_eq!(ask("HEAD", &world.reader, "/users").await.status, 200);
    let seen = world.upstream.seen();
    assert!(
        seen.iter().all(|seen| seen.starts_with("GET /")),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_base_url_that_ends_in_a_slash_does_no_harm() {
    let world = World::new().await;
    for (sent, target) in [
        ("//uptime/monitors?x=//", "/uptime/monitors?x=//"),
        ("///users", "/users"),
        ("//", "/"),
    ] {
        assert_eq!(world.get(&world.reader, sent).await.status, 200, "{sent}");
        let seen = world.upstream.seen().pop().unwrap();
        assert!(
            seen.starts_with(&format!("GET {target} HTTP/1.1\r\n")),
            "{seen}"
        );
    }
    // What is decided is what is sent: the project in the path is seen through them.
    let answer = world.get(&world.reader, "//projects/2").await;
    assert_eq!(
        (answer.status, answer.code()),
        (403, "project_forbidden".to_owned())
    );
    for (path, word) in [
        ("/uptime//monitors", "slash"),
        ("/uptime/monitors/", "slash"),
        ("/uptime/%6donitors", "unescaped"),
        ("//uptime/../users", "unescaped"),
        ("/users?_method=DELETE", "query"),
    ] {
        let answer = world.get(&world.reader, path).await;
        ours(&answer, 400);
        assert_eq!(answer.code(), "ambiguous_path", "{path}");
        let message = answer.json()["message"].to_string();
        assert!(message.contains(word), "{path}: {message}");
    }
}

#[tokio::test]
async fn an_empty_project_header_names_none() {
    let world = World::new().await;
    let (owner, reader) = (world.owner.bearer(), world.reader.bearer());
    for (bearer, headers, path, status) in [
        (
            &owner,
            &[("x-phare-project-id", "1"), ("x-phare-project-slug", "")][..],
            MONITORS,
            200,
        ),
        (
            &owner,
            &[("x-phare-project-id", ""), ("x-phare-project-slug", "beta")],
            MONITORS,
            200,
        ),
        (&reader, &[("x-phare-project-slug", "")], MONITORS, 200),
        (&reader, &[("x-phare-project-id", " ")], MONITORS, 200),
        (&owner, &[("x-phare-project-slug", "")], "/users", 200),
        (&owner, &[("x-phare-project-id", "")], "/", 200),
        // Where one must be named, it was not.
        (&owner, &[("x-phare-project-id", "")], MONITORS, 422),
    ] {
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        let answer = world.send(request("GET", path, &headers)).await;
        assert_eq!(answer.status, status, "{headers:?} {path}");
    }
}
