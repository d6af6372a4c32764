//! What clients send beyond the specification.

use axum::body::{Body, to_bytes};
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::tour::status_page;
use super::{World, http_monitor};

const MONITORS: &str = "/uptime/monitors";
const PAGES: &str = "/uptime/status-pages";

async fn names(world: &World, path: &str) -> Vec<String> {
    let page = world.get(path, Some(1)).await;
    assert_eq!(page.status, 200, "{path}");
    let rows = page.body["data"].as_array().unwrap().iter();
    rows.map(|row| row["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn tags_come_back_are_found_and_are_taken_away() {
    let world = World::new().await;
    for (path, mut body) in [(MONITORS, http_monitor()), (PAGES, status_page())] {
        for (name, tags) in [
            ("One", json!(["team:café-1", "env.prod_2"])),
            ("Two", json!(["env:test"])),
            ("None", json!([])),
            ("Null", Value::Null),
        ] {
            body["name"] = json!(name);
            body["tags"] = tags.clone();
            if path == PAGES {
                body["subdomain"] = json!(name);
            }
            let made = world.post(path, Some(1), body.clone()).await;
            assert_eq!(
                (made.status, &made.body["tags"]),
                (201, &tags),
                "{path} {name}"
            );
        }
        for (query, found) in [
            ("", &["One", "Two", "None", "Null"][..]),
            ("?tag=env.prod_2", &["One"]),
            (
                "?page=1&per_page=100&tag=env%3Atest&tag=team%3Acaf%C3%A9-1",
                &["One", "Two"],
            ),
            ("?tag=env", &[]),
        ] {
            assert_eq!(
                names(&world, &format!("{path}{query}")).await,
                found,
                "{path}{query}"
            );
        }
        let one = format!("{path}/1");
        let kept = world.post(&one, Some(1), json!({ "name": "First" })).await;
        assert_eq!(kept.body["tags"][0], "team:café-1");
        let gone = world.post(&one, Some(1), json!({ "tags": null })).await;
        assert_eq!(gone.body["tags"], Value::Null);
        assert_eq!(
            names(&world, &format!("{path}?tag=env.prod_2")).await,
            [""; 0]
        );
    }
}

#[tokio::test]
async fn tags_have_limits() {
    let world = World::new().await;
    let many: Vec<String> = (0..21).map(|number| number.to_string()).collect();
    for (tags, field) in [
        (json!(many), "tags"),
        (json!("a"), "tags"),
        (json!([""]), "tags.0"),
        (json!(["a", "b c"]), "tags.1"),
        (json!(["a,b"]), "tags.0"),
        (json!(["x".repeat(101)]), "tags.0"),
    ] {
        let mut body = http_monitor();
        body["tags"] = tags.clone();
        let answer = world.post(MONITORS, Some(1), body).await;
        assert_eq!(answer.status, 422, "{tags}");
        assert!(
            answer.body["errors"].get(field).is_some(),
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_monitor_may_ping() {
    let world = World::new().await;
    let mut body = http_monitor();
    body["protocol"] = json!("icmp");
    body["request"] = json!({ "host": " shop.example " });
    let made = world.post(MONITORS, Some(1), body.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["request"], json!({ "host": "shop.example" }));
    assert_eq!(
        world.get("/uptime/monitors/1", Some(1)).await.body,
        made.body
    );
    for (request, complaint) in [
        (json!({}), "The request.host field is required."),
        (
            json!({ "host": "x".repeat(256) }),
            "The request.host field must not be greater than 255 characters.",
        ),
    ] {
        body["request"] = request;
        let refused = world.post(MONITORS, Some(1), body.clone()).await;
        assert_eq!(refused.body["errors"]["request.host"], json!([complaint]));
    }
}

/// At any depth, over changes of something else, until it is sent again.
#[tokio::test]
async fn what_the_specification_does_not_know_is_kept_and_returned() {
    let world = World::new().await;
    let mut body = http_monitor();
    body["x_runbook"] = json!({ "pages": [1, " two "], "note": null });
    body["request"]["x_retries"] = json!(3);
    body["request"]["headers"] = json!([{ "name": "A", "value": "b", "x_secret": true }]);
    let made = world.post(MONITORS, Some(1), body.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let one = "/uptime/monitors/1";
    let renamed = world
        .post(one, Some(1), json!({ "name": "Other" }))
        .await
        .body;
    let read = world.get(one, Some(1)).await.body;
    let listed = world.get(MONITORS, Some(1)).await.body["data"][0].clone();
    for seen in [made.body, renamed, read, listed] {
        assert_eq!(seen["x_runbook"], body["x_runbook"]);
        assert_eq!(seen["request"]["x_retries"], 3);
        assert_eq!(seen["request"]["headers"], body["request"]["headers"]);
    }
    let change = json!({ "x_runbook": null, "x_owner": "ops" });
    let changed = world.post(one, Some(1), change).await.body;
    assert_eq!(
        (&changed["x_runbook"], &changed["x_owner"]),
        (&Value::Null, &json!("ops"))
    );
    world
        .post(one, Some(1), json!({ "request": body["request"] }))
        .await;

    let texts = [
        ("x_layout", "wide"),
        ("theme[x_font]", "serif"),
        ("title", "Wide"),
    ];
    world.post(PAGES, Some(1), status_page()).await;
    let page = world
        .form("/uptime/status-pages/1", Some(1), &texts, &[])
        .await
        .body;
    assert_eq!(
        (&page["x_layout"], &page["theme"]["x_font"]),
        (&json!("wide"), &json!("serif"))
    );
}

/// Neither what the server makes nor what it keeps for itself can be set by its name.
#[tokio::test]
async fn what_the_server_makes_cannot_be_sent() {
    let world = World::new().await;
    let mut body = http_monitor();
    for (field, value) in [
        ("id", json!(7)),
        ("project_id", json!(2)),
        ("status", json!("online")),
        ("created_at", json!("2020-01-01T00:00:00Z")),
    ] {
        body[field] = value;
    }
    let made = world.post(MONITORS, Some(1), body).await;
    let plain = world.post(MONITORS, Some(1), http_monitor()).await;
    let mut expected = plain.body;
    expected["id"] = json!(1);
    assert_eq!(made.body, expected);

    let mut page = status_page();
    page["images"] = json!({ "logo_light": 1 });
    page["beyond"] = json!({ "id": 9 });
    page["access_token_enabled"] = json!(true);
    let document = world
        .documents
        .insert("images", Some(1), &json!({}))
        .await
        .unwrap();
    let path = "/uptime/status-pages/1";
    let sent = [
        ("POST", PAGES, page.clone()),
        ("POST", path, page),
        ("DELETE", path, Value::Null),
    ];
    for (method, path, body) in sent {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("x-phare-project-id", 1);
        let request = request.body(Body::from(body.to_string())).unwrap();
        // Not by `send`: it takes answers with names of the sandbox's own for wrong.
        let answer = world.router.clone().oneshot(request).await.unwrap();
        assert!(answer.status().is_success(), "{method} {path}");
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        if method == "POST" {
            let shown: Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(shown["id"], 1, "{shown}");
            assert_eq!(shown["access_token_enabled"], false, "{shown}");
        }
    }
    let kept = world.documents.get("images", document.id).await.unwrap();
    assert_eq!(
        kept,
        Some(document),
        "a picture that is none of the page's went with it"
    );
}
