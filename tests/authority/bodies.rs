//! What is sent is checked before anything is done, and told by field.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::Answer;
use crate::support::world::{World, new_key, organization};

/// A good key with one field replaced.
fn with(field: &str, value: Value) -> Value {
    let mut body = new_key("Good", organization(), "read", "none");
    body[field] = value;
    body
}

#[tokio::test]
async fn a_key_that_cannot_be_is_refused_by_field() {
    let world = World::new().await;
    let unknown_project = json!({ "type": "project", "project_id": 4_711 });
    for (field, value, named) in [
        ("name", json!(""), "name"),
        ("name", json!("   "), "name"),
        ("name", json!("n".repeat(101)), "name"),
        ("name", json!("two\nlines"), "name"),
        ("name", json!("\u{200b}\u{2060}\u{feff}"), "name"),
        ("name", json!("\u{3164} \u{2800}"), "name"),
        ("name", json!("gpj.\u{202e}tset"), "name"),
        ("name", json!("\u{2067}CI\u{2069}"), "name"),
        ("note", json!("all \u{202d}fine"), "note"),
        ("note", json!("n".repeat(1_001)), "note"),
        ("products", json!({}), "products"),
        (
            "products",
            json!({ "platform": "none", "uptime": "none" }),
            "products",
        ),
        ("expires_at", json!("2020-01-01T00:00:00Z"), "expires_at"),
        ("expires_at", json!(jiff::Timestamp::now()), "expires_at"),
        ("scope", unknown_project, "scope.project_id"),
    ] {
        let refused = world
            .owner
            .post("/v1/keys", with(field, value.clone()))
            .await
            .problem(422, "invalid");
        let errors = refused["errors"].as_object().unwrap();
        assert_eq!(
            errors.keys().collect::<Vec<_>>(),
            [named],
            "{field} {value}"
        );
        assert!(
            errors[named][0]
                .as_str()
                .is_some_and(|words| !words.is_empty()),
            "{refused:#}"
        );
    }
    let everything = json!({
        "name": "", "note": "n".repeat(1_001), "scope": organization(), "products": {},
        "expires_at": "2020-01-01T00:00:00Z",
    });
    let refused = world
        .owner
        .post("/v1/keys", everything)
        .await
        .problem(422, "invalid");
    assert_eq!(
        refused["errors"].as_object().unwrap().len(),
        4,
        "all at once: {refused:#}"
    );

    for fine in ["👩\u{200d}🚀", "می\u{200c}خواهم", "مفتاح الإنتاج", "מפתח"]
    {
        let made = world.issue(with("name", json!(fine))).await;
        assert_eq!(made.key["name"], fine);
        world.revoke(&made).await;
    }
    for (method, path, field) in [
        (Method::PATCH, "/v1/organization", "name"),
        (Method::POST, "/v1/projects", "name"),
        (
            Method::PATCH,
            &format!("/v1/projects/{}", world.shop.id),
            "name",
        ),
    ] {
        for wrong in ["\u{200d}\u{ad}", "a\u{2066}b"] {
            let body = Some(json!({ "name": wrong }));
            let answer = world.owner.send(method.clone(), path, body).await;
            let refused = answer.problem(422, "invalid");
            assert!(refused["errors"][field][0].is_string(), "{refused:#}");
        }
    }
    let key = world.issue(with("name", json!("é".repeat(100)))).await;
    for (field, value) in [
        ("name", json!(" ")),
        ("products", json!({})),
        ("expires_at", json!("2020-01-01T00:00:00Z")),
    ] {
        let refused = world
            .owner
            .patch(&key.path(""), json!({ field: value }))
            .await
            .problem(422, "invalid");
        assert!(refused["errors"][field][0].is_string(), "{refused:#}");
    }
    assert_eq!(
        world.owner.get("/v1/keys?live=true").await.expect(200)["data"],
        json!([key.key]),
        "nothing else was done"
    );
}

/// Neither guessed nor dropped: a typo in `expires_at` must not make a key that never expires.
#[tokio::test]
async fn a_body_of_another_shape_is_refused() {
    let world = World::new().await;
    let mut without_scope = with("name", json!("x"));
    without_scope.as_object_mut().unwrap().remove("scope");
    let refused: Vec<Value> = vec![
        with("expires", json!("2099-01-01T00:00:00Z")),
        with("secret", json!("mine")),
        with("name", json!(7)),
        with("name", Value::Null),
        with("scope", json!("organization")),
        with("scope", json!({ "type": "galaxy" })),
        with("scope", json!({ "type": "project" })),
        with("scope", json!({ "type": "project", "project_id": "1" })),
        with("scope", json!({ "type": "organization", "project_id": 1 })),
        with("products", json!({ "platform": "admin" })),
        with("products", json!({ "platform": "read", "billing": "read" })),
        with("expires_at", json!("tomorrow")),
        with("expires_at", json!(4_102_444_800_u64)),
        without_scope,
        json!([]),
        json!("key"),
        Value::Null,
    ];
    for body in refused {
        let answer = world.owner.post("/v1/keys", body.clone()).await;
        let code = answer.code().to_owned();
        assert!(
            ["invalid", "malformed"].contains(&code.as_str()),
            "{body}: {answer:?}"
        );
        let status = if code == "invalid" { 422 } else { 400 };
        answer.problem(status, &code);
    }
    assert_eq!(world.owner.get("/v1/keys").await.expect(200)["total"], 0);
}

#[tokio::test]
async fn what_is_no_json_is_refused() {
    let world = World::new().await;
    let good = with("name", json!("Good")).to_string();
    let send = async |kind: Option<&str>, body: Vec<u8>| {
        let mut request = world.owner.request(Method::POST, "/v1/keys").body(body);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        Answer::of(request.send().await.unwrap()).await
    };
    for body in [
        "",
        "{",
        "{'name':'x'}",
        "name=x",
        &format!("{good}{good}"),
        "\u{0}",
    ] {
        send(Some("application/json"), body.into())
            .await
            .problem(400, "malformed");
    }
    send(Some("application/json"), vec![b'"', 0xff, b'"'])
        .await
        .problem(400, "malformed");
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data"),
    ] {
        send(kind, good.clone().into())
            .await
            .problem(415, "unsupported_media_type");
    }
    let large = with("note", json!("n".repeat(3 * 1024 * 1024))).to_string();
    send(Some("application/json"), large.into())
        .await
        .problem(413, "too_large");
    assert_eq!(world.owner.get("/v1/keys").await.expect(200)["total"], 0);
    world.take(
        send(Some("application/json; charset=utf-8"), good.into())
            .await
            .expect(201),
    );
}

/// JSON may be nested without end; what reads it may not go down for ever.
#[tokio::test]
async fn deeply_nested_json_is_refused() {
    let world = World::new().await;
    for (open, close) in [("[", "]"), ("{\"name\":", "}")] {
        let body = format!("{}1{}", open.repeat(5_000), close.repeat(5_000));
        let request = world
            .owner
            .request(Method::POST, "/v1/keys")
            .header("content-type", "application/json");
        let answer = Answer::of(request.body(body).send().await.unwrap()).await;
        assert!(
            matches!(answer.status.as_u16(), 400 | 413 | 422),
            "{answer:?}"
        );
    }
    world.owner.get("/v1/session").await.expect(200);
}

#[tokio::test]
async fn odd_queries_are_refused() {
    let world = World::new().await;
    for query in ["limit=0", "limit=501", "cursor=x", "cursor="] {
        let refused = world
            .owner
            .get(&format!("/v1/keys?{query}"))
            .await
            .problem(422, "invalid");
        let field = query.split('=').next().unwrap();
        assert!(
            refused["errors"][field][0].is_string(),
            "{query}: {refused:#}"
        );
    }
    for query in [
        "limit=x",
        "limit=-1",
        "scope=galaxy",
        "status=alive",
        "project_id=one",
        "colour=red",
        "usage=much",
    ] {
        let answer = world.owner.get(&format!("/v1/keys?{query}")).await;
        let code = answer.code().to_owned();
        assert!(
            ["invalid", "malformed"].contains(&code.as_str()),
            "{query}: {answer:?}"
        );
        let status = if code == "invalid" { 422 } else { 400 };
        answer.problem(status, &code);
    }
    for query in ["limit=0", "cursor=x"] {
        world
            .owner
            .get(&format!("/v1/audit?{query}"))
            .await
            .problem(422, "invalid");
    }
}
