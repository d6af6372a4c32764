//! Keys: made, changed, rotated, revoked, taken back, replaced.

use gardien_domain::Secret;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::Answer;
use crate::support::world::{World, new_key, organization};

/// From now, in seconds; whole, as the answer shows it.
fn later(seconds: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(jiff::Timestamp::now().as_second() + seconds).unwrap()
}

#[tokio::test]
async fn a_new_key_is_told_whole_and_its_secret_once() {
    let world = World::new().await;
    let expires_at = later(3_600);
    let body = json!({
        "name": "  Night shift ",
        "note": "rotates in May",
        "scope": world.shop.scope(),
        "products": { "uptime": "read_write" },
        "expires_at": expires_at,
    });
    let answer = world.owner.post("/v1/keys", body).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let made = world.take(answer.expect(201));
    let secret = Secret::parse(&made.secret).unwrap();
    assert!(made.secret.starts_with("pha_prj_gdn_"), "{secret:?}");
    let created_at: jiff::Timestamp = made.key["created_at"].as_str().unwrap().parse().unwrap();
    assert!(
        jiff::Timestamp::now()
            .duration_since(created_at)
            .as_secs()
            .abs()
            < 30
    );
    let expected = json!({
        "id": made.id,
        "name": "Night shift",
        "note": "rotates in May",
        "scope": world.shop.scope(),
        "project_name": "Shop",
        "products": { "platform": "none", "uptime": "read_write" },
        "share": { "at_most": null, "reserved": null, "weight": 1 },
        "status": "active",
        "display": secret.display(),
        "created_at": made.key["created_at"],
        "created_by": "owner@lighthouse.test",
        "expires_at": expires_at,
        "revoked_at": null,
        "previous_valid_until": null,
        "earlier_valid_until": null,
        "last_used_at": null,
        "last_operation": null,
        "last_client": null,
        "last_address": null,
        "previous_used_at": null,
        "earlier_used_at": null,
    });
    assert_eq!(made.key, expected);
    assert_eq!(world.owner.get(&made.path("")).await.expect(200), expected);
    assert_eq!(
        world.owner.get("/v1/keys").await.expect(200)["data"],
        json!([expected])
    );

    let everywhere = world
        .issue(new_key("CI", organization(), "read", "none"))
        .await;
    assert!(everywhere.secret.starts_with("pha_org_gdn_"));
    assert_eq!(everywhere.key["scope"], json!({ "type": "organization" }));
    assert_eq!(everywhere.key["project_name"], Value::Null);
}

#[tokio::test]
async fn rule_8_as_many_keys_as_wanted_even_of_the_same_name() {
    let world = World::new().await;
    let body = || new_key("Same", organization(), "read", "none");
    let (a, b) = tokio::join!(world.issue(body()), world.issue(body()));
    assert!(a.id != b.id && a.secret != b.secret);
    world.holder(&a).get("/projects").await.expect(200);
    world.revoke(&a).await;
    world.holder(&b).get("/projects").await.expect(200);
}

#[tokio::test]
async fn a_change_changes_what_was_sent_and_takes_effect_at_once() {
    let world = World::new().await;
    let key = world.reading_key().await;
    let holder = world.holder(&key);
    holder.get("/users").await.refusal(403, "");
    let products = json!({ "platform": "read", "uptime": "none" });
    let changed = world
        .owner
        .patch(&key.path(""), json!({ "products": products }))
        .await
        .expect(200);
    let mut expected = key.key.clone();
    expected["products"] = products;
    assert_eq!(changed, expected);
    holder.get("/users").await.expect(200);
    holder.get("/uptime/monitors").await.refusal(403, "");

    let expires_at = json!(later(4));
    let changed = world
        .owner
        .patch(
            &key.path(""),
            json!({ "expires_at": expires_at, "name": "Brief" }),
        )
        .await;
    let changed = changed.expect(200);
    assert_eq!(
        (&changed["expires_at"], &changed["name"]),
        (&expires_at, &json!("Brief"))
    );
    assert_eq!(
        world
            .owner
            .patch(&key.path(""), json!({ "expires_at": null }))
            .await
            .expect(200)["expires_at"],
        json!(null)
    );
    world
        .owner
        .patch(&key.path(""), json!({ "expires_at": later(4) }))
        .await
        .expect(200);
    holder.get("/users").await.expect(200);
    tokio::time::sleep(std::time::Duration::from_millis(4_100)).await;
    holder.get("/users").await.refusal(401, "key_expired");
    assert_eq!(
        world.owner.get(&key.path("")).await.expect(200)["status"],
        "expired"
    );
    // What has expired works no more: a later end would bring a forgotten secret back.
    for (method, rest) in [
        (Method::PATCH, ""),
        (Method::POST, "/rotate"),
        (Method::POST, "/replace"),
    ] {
        let body = if method == Method::PATCH {
            json!({ "expires_at": null })
        } else {
            json!({})
        };
        world
            .owner
            .send(method, &key.path(rest), Some(body))
            .await
            .problem(409, "key_expired");
    }
    world
        .owner
        .post(&key.path("/revoke"), json!({}))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_scope_never_changes() {
    let world = World::new().await;
    let key = world.reading_key().await;
    let wider = json!({ "scope": organization() });
    let answer = world.owner.patch(&key.path(""), wider).await;
    assert!(matches!(answer.status.as_u16(), 400 | 422), "{answer:?}");
    assert_eq!(
        world.owner.get(&key.path("")).await.expect(200)["scope"],
        key.key["scope"]
    );
}

#[tokio::test]
async fn a_revocation_covers_the_secret_of_before_too_and_is_final_but_for_ten_seconds() {
    let world = World::new().await;
    let key = world.organization_key().await;
    let rotated = world.take(
        world
            .owner
            .post(&key.path("/rotate"), json!({ "grace_seconds": 3_600 }))
            .await
            .expect(200),
    );
    let revoked = world
        .owner
        .post(&key.path("/revoke"), json!({}))
        .await
        .expect(200);
    assert_eq!(revoked["status"], "revoked");
    assert!(revoked["revoked_at"].is_string());
    for both in [&key, &rotated] {
        world
            .holder(both)
            .get("/projects")
            .await
            .refusal(401, "key_revoked");
    }
    // Again is no other revocation.
    assert_eq!(
        world
            .owner
            .post(&key.path("/revoke"), json!({}))
            .await
            .expect(200),
        revoked
    );
    for (method, rest, body) in [
        (Method::PATCH, "", json!({ "name": "Alive" })),
        (Method::POST, "/rotate", json!({})),
        (Method::POST, "/replace", json!({})),
    ] {
        world
            .owner
            .send(method, &key.path(rest), Some(body))
            .await
            .problem(409, "key_revoked");
    }
    let restored = world
        .owner
        .post(&key.path("/restore"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&restored["status"], &restored["revoked_at"]),
        (&json!("rotating"), &json!(null))
    );
    for both in [&key, &rotated] {
        world.holder(both).get("/projects").await.expect(200);
    }
    world
        .owner
        .post(&key.path("/restore"), json!({}))
        .await
        .problem(409, "key_not_revoked");
}

#[tokio::test]
async fn a_rotation_answers_as_a_creation_does() {
    let world = World::new().await;
    let key = world.organization_key().await;
    for (rest, body) in [
        ("/rotate", json!({ "grace_seconds": 0 })),
        ("/replace", json!({})),
    ] {
        let answer: Answer = world.owner.post(&key.path(rest), body).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{rest}");
        let fresh = world.take(answer.body);
        let secret = Secret::parse(&fresh.secret).unwrap();
        assert_eq!(fresh.key["display"], secret.display(), "{rest}");
    }
    // Whoever does not say how long the old secret works has not thought of it.
    let key = world.reading_key().await;
    for body in [
        json!({ "grace_seconds": 2_592_001 }),
        json!({}),
        json!({ "grace_seconds": null }),
    ] {
        let refused = world.owner.post(&key.path("/rotate"), body).await;
        assert!(refused.problem(422, "invalid")["errors"]["grace_seconds"][0].is_string());
    }
    world.holder(&key).get("/uptime/monitors").await.expect(200);
}

#[tokio::test]
async fn two_replaced_secrets_work_as_promised_and_a_third_rotation_is_refused() {
    let world = World::new().await;
    let first = world.organization_key().await;
    let rotate = async |grace: u32| {
        let body = json!({ "grace_seconds": grace });
        world.owner.post(&first.path("/rotate"), body).await
    };
    let second = world.take(rotate(3_600).await.expect(200));
    let third = world.take(rotate(600).await.expect(200));
    for each in [&first, &second, &third] {
        world.holder(each).get("/projects").await.expect(200);
    }
    let refused = rotate(0).await.problem(409, "too_many_secrets");
    let ends = third.key["previous_valid_until"].as_str().unwrap();
    assert!(refused["detail"].as_str().unwrap().contains(ends));
    let body = json!({ "expires_at": ends });
    let shortened = world.owner.patch(&first.path(""), body).await.expect(200);
    assert_eq!(shortened["earlier_valid_until"], ends);
    world
        .owner
        .post(&first.path("/end-previous"), json!({}))
        .await
        .expect(200);
    for each in [&first, &second] {
        let refusal = world.holder(each).get("/projects").await;
        refusal.refusal(401, "secret_replaced");
    }
    let beyond = rotate(2_592_000).await.expect(200);
    assert_eq!(beyond["key"]["previous_valid_until"], ends);
}

#[tokio::test]
async fn unknown_keys_are_not_found() {
    let world = World::new().await;
    for id in ["01890a5d-ac96-774b-bcce-b302099a8057", "1", "x", "%00"] {
        for (method, rest) in [
            (Method::GET, ""),
            (Method::PATCH, ""),
            (Method::POST, "/revoke"),
            (Method::POST, "/restore"),
            (Method::POST, "/rotate"),
            (Method::POST, "/end-previous"),
            (Method::POST, "/replace"),
        ] {
            let path = format!("/v1/keys/{id}{rest}");
            let body = (method != Method::GET).then(|| json!({}));
            world
                .owner
                .send(method, &path, body)
                .await
                .problem(404, "not_found");
        }
    }
    world
        .owner
        .get("/v1/nothing")
        .await
        .problem(404, "not_found");
    world
        .owner
        .delete("/v1/keys")
        .await
        .problem(405, "method_not_allowed");
}
