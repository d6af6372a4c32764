//! The product from outside: the real binaries, the real window, nothing but what a person or a client has.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(unreachable_pub, reason = "nobody can use anything of a test binary")]

mod authority;
mod clients;
mod cluster;
mod desktop;
mod gateway;
mod measure;
mod sandbox;
mod support;

use std::time::Duration;

use serde_json::json;
use support::world::{World, new_key, organization};

const MONITORS: &str = "/uptime/monitors";

/// Each by a server with a database of its own, and by one with a database that others may use too.
macro_rules! journeys {
    ($($journey:ident),*) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $journey() {
                super::$journey(super::World::new().await).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test]
            async fn $journey() {
                super::$journey(super::World::shared().await).await;
            })*
        }
    };
}
journeys!(
    from_two_projects_to_a_revoked_key,
    from_a_leaked_key_to_a_new_secret,
    from_a_pasted_log_to_a_replacement_and_back
);

/// Issue, call, revoke, take it back, revoke, start again: with nothing but HTTP.
async fn from_two_projects_to_a_revoked_key(mut world: World) {
    let reader = world
        .issue(new_key("Dashboard", world.shop.scope(), "none", "read"))
        .await;
    let everything = world
        .issue(new_key(
            "Terraform",
            organization(),
            "read_write",
            "read_write",
        ))
        .await;

    let dashboard = world.holder(&reader);
    assert_eq!(dashboard.get(MONITORS).await.expect(200)["data"], json!([]));
    let refused = dashboard.post(MONITORS, json!({})).await.refusal(403, "");
    let words = "The uptime:write permission is required to perform this action.";
    assert_eq!(refused, json!({ "message": words }));

    let terraform = world.holder(&everything);
    let unnamed = terraform.get(MONITORS).await.refusal(422, "");
    assert!(
        unnamed["errors"]["X-Phare-Project-Id"][0].is_string(),
        "{unnamed:#}"
    );
    for (header, value) in [
        ("X-Phare-Project-Id", world.shop.id.to_string()),
        ("X-Phare-Project-Slug", world.blog.slug.clone()),
    ] {
        terraform
            .clone()
            .header(header, &value)
            .get(MONITORS)
            .await
            .expect(200);
    }

    world.revoke(&reader).await;
    dashboard.get(MONITORS).await.refusal(401, "key_revoked");
    world
        .owner
        .post(&reader.path("/restore"), json!({}))
        .await
        .expect(200);
    dashboard.get(MONITORS).await.expect(200);
    world.revoke(&reader).await;

    world.server.terminate();
    world.restart();
    world
        .holder(&reader)
        .get(MONITORS)
        .await
        .refusal(401, "key_revoked");
    world
        .holder_in(&everything, &world.shop)
        .get(MONITORS)
        .await
        .expect(200);

    tokio::time::sleep(Duration::from_secs(10)).await;
    world
        .owner
        .post(&reader.path("/restore"), json!({}))
        .await
        .problem(409, "restore_too_late");
    world
        .holder(&reader)
        .get(MONITORS)
        .await
        .refusal(401, "key_revoked");
    assert_eq!(
        world.owner.get("/v1/audit/verify").await.expect(200)["ok"],
        true
    );
}

/// A leaked key: taken back and replaced in one step. A key in use: rotated without an outage.
async fn from_a_leaked_key_to_a_new_secret(world: World) {
    let leaked = world
        .issue(new_key("Deploy", world.shop.scope(), "read", "read_write"))
        .await;
    let replaced = world.take(
        world
            .owner
            .post(&leaked.path("/replace"), json!({}))
            .await
            .expect(201),
    );
    assert_ne!(replaced.id, leaked.id);
    for same in ["name", "note", "scope", "products", "expires_at"] {
        assert_eq!(replaced.key[same], leaked.key[same], "{same}");
    }
    world
        .holder(&leaked)
        .get(MONITORS)
        .await
        .refusal(401, "key_revoked");
    world.holder(&replaced).get(MONITORS).await.expect(200);

    let rotation = json!({ "grace_seconds": 4 });
    let rotated = world.take(
        world
            .owner
            .post(&replaced.path("/rotate"), rotation)
            .await
            .expect(200),
    );
    assert_eq!(
        (&rotated.id, &rotated.key["status"]),
        (&replaced.id, &json!("rotating"))
    );
    assert_ne!(rotated.secret, replaced.secret);
    for both in [&rotated, &replaced] {
        world.holder(both).get(MONITORS).await.expect(200);
    }
    tokio::time::sleep(Duration::from_millis(4_100)).await;
    world
        .holder(&replaced)
        .get(MONITORS)
        .await
        .refusal(401, "secret_replaced");
    world.holder(&rotated).get(MONITORS).await.expect(200);

    let at_once = world.take(
        world
            .owner
            .post(&replaced.path("/rotate"), json!({ "grace_seconds": 0 }))
            .await
            .expect(200),
    );
    world
        .holder(&rotated)
        .get(MONITORS)
        .await
        .refusal(401, "secret_replaced");
    world.holder(&at_once).get(MONITORS).await.expect(200);
    // So is the one before it.
    world
        .holder(&replaced)
        .get(MONITORS)
        .await
        .refusal(401, "secret_replaced");
}

/// A secret in a log, found by its paste: replaced in one step, and that taken back within seconds.
async fn from_a_pasted_log_to_a_replacement_and_back(world: World) {
    let leaked = world.reading_key().await;
    let body = json!({ "secrets": [leaked.secret] });
    let found = world.owner.post("/v1/keys/lookup", body).await.expect(200);
    assert_eq!(found["data"][0]["key"]["id"], json!(leaked.id));
    let replaced = world.owner.post(&leaked.path("/replace"), json!({})).await;
    let replaced = world.take(replaced.expect(201));
    let dead = world.holder(&leaked).get(MONITORS).await;
    dead.refusal(401, "key_revoked");

    let restored = world.owner.post(&leaked.path("/restore"), json!({})).await;
    assert_eq!(restored.expect(200)["status"], "active");
    // The programs that hold either go on until the new one is taken back.
    for both in [&leaked, &replaced] {
        world.holder(both).get(MONITORS).await.expect(200);
    }
    world.revoke(&replaced).await;
    world.holder(&leaked).get(MONITORS).await.expect(200);
    let gone = world.holder(&replaced).get(MONITORS).await;
    gone.refusal(401, "key_revoked");
}
