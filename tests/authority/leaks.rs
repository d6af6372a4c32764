//! After all that can happen to a secret, none stands in clear where the server keeps or writes anything.

use std::fs;

use reqwest::Method;
use serde_json::json;

use crate::support::people::{Answer, Caller};
use crate::support::upstream::Upstream;
use crate::support::wire::Wire;
use crate::support::world::World;

/// Every server of these tests is searched when it ends; this one goes out of its way to leak before.
#[tokio::test]
async fn secrets_that_are_put_where_they_do_not_belong_are_not_kept_in_clear() {
    let upstream = Upstream::start();
    let mut world = World::before(&upstream).await;
    let key = world.organization_key().await;
    let rotated = world.take(
        world
            .owner
            .post(&key.path("/rotate"), json!({ "grace_seconds": 60 }))
            .await
            .expect(200),
    );
    let replaced = world.take(
        world
            .owner
            .post(&key.path("/replace"), json!({}))
            .await
            .expect(201),
    );
    let session = world.server.token("member@lighthouse.test", "member");

    for secret in [&key.secret, &rotated.secret, &replaced.secret, &session] {
        let gateway = Caller::with(world.server.gateway(), secret);
        let management = Caller::with(world.server.management(), secret);
        for path in [
            "/projects".to_owned(),
            format!("/{secret}"),
            format!("/projects/{secret}"),
            format!("/projects?api_key={secret}"),
            format!("/v1/keys/{secret}"),
            format!("/v1/keys?cursor={secret}"),
            format!("/v1/session?token={secret}"),
        ] {
            for caller in [&gateway, &management] {
                let caller = caller
                    .clone()
                    .header("x-request-id", secret)
                    .header("user-agent", secret);
                caller.clone().get(&path).await;
                let request = caller
                    .request(Method::POST, &path)
                    .header("content-type", "application/json");
                Answer::of(
                    request
                        .body(format!("{{\"{secret}\": "))
                        .send()
                        .await
                        .unwrap(),
                )
                .await;
            }
        }
        for base in [world.server.gateway(), world.server.management()] {
            for head in [
                format!("GET /{secret} HTTP/9\r\n\r\n"),
                format!("{secret}\r\n\r\n"),
                format!("GET / HTTP/1.1\r\nHost: {secret}@x\r\nAuthorization: {secret}\r\n\r\n"),
            ] {
                Wire::exchange(base, head).await;
            }
        }
    }
    assert!(world.server.try_token(&session, "owner").is_err());
    world.server.kill9();
    world.restart();
    world.holder(&replaced).get("/projects").await.expect(200);
    world.server.terminate();
    assert_eq!(world.server.leaks(), [""; 0]);
    // The search itself finds what is there.
    fs::write(
        world.server.data().join("note"),
        format!("<{}>", replaced.secret),
    )
    .unwrap();
    assert_eq!(world.server.leaks().len(), 1);
    fs::remove_file(world.server.data().join("note")).unwrap();
}

/// Only the answer to a creation, a rotation or a replacement holds a secret.
#[tokio::test]
async fn no_other_answer_holds_a_secret() {
    let world = World::new().await;
    let key = world.organization_key().await;
    let rotated = world.take(
        world
            .owner
            .post(&key.path("/rotate"), json!({ "grace_seconds": 60 }))
            .await
            .expect(200),
    );
    let mut told = String::new();
    for path in [
        "/v1/keys?limit=500".to_owned(),
        key.path(""),
        "/v1/audit?limit=500".to_owned(),
        "/v1/members".to_owned(),
        "/v1/projects".to_owned(),
        "/v1/organization".to_owned(),
        "/v1/session".to_owned(),
        "/v1/limits".to_owned(),
        "/v1/openapi.json".to_owned(),
    ] {
        told.push_str(&world.owner.get(&path).await.expect(200).to_string());
    }
    for (rest, body) in [
        ("", json!({ "note": "n" })),
        ("/revoke", json!({})),
        ("/restore", json!({})),
    ] {
        let method = if rest.is_empty() {
            Method::PATCH
        } else {
            Method::POST
        };
        told.push_str(
            &world
                .owner
                .send(method, &key.path(rest), Some(body))
                .await
                .expect(200)
                .to_string(),
        );
    }
    for secret in [&key.secret, &rotated.secret] {
        assert!(!told.contains(&secret[16..]), "told again");
    }
    // The digest that stands for a secret at rest is nobody's business either.
    assert!(!told.contains("digest"));
}
