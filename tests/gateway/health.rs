//! Whether it lives and can work, asked by whoever starts it again or sends it calls.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::{Answer, Caller};
use crate::support::server::Server;
use crate::support::upstream::{PHARE_KEY, Upstream};
use crate::support::world::World;

/// It says this much and nothing else.
async fn says(who: &Caller, path: &str, status: u16) {
    let assert_bare = |answer: &Answer| {
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.body, Value::Null, "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let known = ["allow", "cache-control", "content-length", "date"];
        for name in answer.headers.keys() {
            assert!(known.contains(&name.as_str()), "{path}: {name}");
        }
    };
    assert_bare(&who.get(path).await);
    assert_bare(&who.send(Method::HEAD, path, None).await);
}

#[tokio::test]
async fn both_listeners_say_without_a_credential_whether_they_can_work() {
    let upstream = Upstream::start();
    let world = World::before(&upstream).await;
    let used = world.owner.get("/v1/limits").await.expect(200)["used"].clone();
    let calls = upstream.everything().len();
    let gateway = Caller::anonymous(world.server.gateway());
    let management = world.server.stranger();
    for listener in [&gateway, &management] {
        for path in ["/healthz", "/readyz"] {
            says(listener, path, 200).await;
            // Whoever shows a credential is told no more.
            let header = ("authorization", "Bearer nonsense");
            says(&listener.clone().header(header.0, header.1), path, 200).await;
            for method in [Method::POST, Method::DELETE, Method::PUT] {
                let answer = listener.send(method, path, Some(json!({}))).await;
                assert_eq!((answer.status.as_u16(), answer.body), (405, Value::Null));
            }
        }
        for path in ["/healthz/", "/readyz/x", "/v1/readyz"] {
            assert_eq!(listener.get(path).await.status, 401, "{path}");
        }
    }
    assert_eq!(
        world.owner.get("/v1/limits").await.expect(200)["used"],
        used
    );
    assert_eq!(upstream.everything().len(), calls);
}

/// Phare's calls would be refused; keys can be revoked.
#[tokio::test]
async fn a_gateway_that_has_nothing_to_call_is_not_ready() {
    let upstream = Upstream::start();
    let variables = [("PHARE_API_KEY", PHARE_KEY)];
    let server = Server::start_with(&["--phare", &upstream.url()], &variables);
    let gateway = Caller::anonymous(server.gateway());
    says(&gateway, "/readyz", 200).await;
    let owner = server.member("owner@lighthouse.test", "owner");
    let keys = owner.get("/v1/phare-keys").await.expect(200);
    let id = keys["data"][0]["id"].as_str().unwrap();
    let path = format!("/v1/phare-keys/{id}");
    let removed = owner.delete(&path).await;
    assert!(removed.status.is_success(), "{removed:?}");
    says(&gateway, "/readyz", 503).await;
    says(&gateway, "/healthz", 200).await;
    says(&server.stranger(), "/readyz", 200).await;
}
