//! Monitors: made, changed, paused, deleted, and seen in their project only.

use reqwest::Method;
use serde_json::{Value, json};

use super::http_monitor;
use crate::support::people::Caller;
use crate::support::world::{World, new_key};

const MONITORS: &str = "/uptime/monitors";

/// Somebody who may do everything in Shop, and the same in Blog.
async fn holders(world: &World) -> (Caller, Caller) {
    let shop = world
        .issue(new_key(
            "Shop",
            world.shop.scope(),
            "read_write",
            "read_write",
        ))
        .await;
    let everywhere = world.organization_key().await;
    (
        world.holder(&shop),
        world.holder_in(&everywhere, &world.blog),
    )
}

fn of(monitor: &Value) -> String {
    format!("{MONITORS}/{}", monitor["id"])
}

#[tokio::test]
async fn a_new_monitor_is_complete() {
    let world = World::new().await;
    let (shop, _) = holders(&world).await;
    let made = shop
        .post(MONITORS, http_monitor("  Shop front "))
        .await
        .expect(201);
    let expected = json!({
        "id": made["id"],
        "project_id": world.shop.id,
        "status": "fetching",
        "paused": false,
        "response_time": null,
        "name": "Shop front",
        "protocol": "http",
        "request": {
            "method": "GET",
            "url": "https://shop.example/",
            "tls_skip_verify": false,
            "body": null,
            "follow_redirects": true,
            "user_agent_secret": null,
            "headers": null,
        },
        "interval": 60,
        "timeout": 20_000,
        "success_assertions": [],
        "incident_confirmations": 3,
        "recovery_confirmations": 3,
        "region_threshold": 1,
        "regions": ["eu-deu-fra", "as-jpn-hnd"],
        "last_checked_at": null,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    });
    assert_eq!(made, expected);
    assert_eq!(shop.get(&of(&made)).await.expect(200), expected);
    assert_eq!(
        shop.get(MONITORS).await.expect(200)["data"],
        json!([expected])
    );
}

#[tokio::test]
async fn an_update_changes_only_what_was_sent() {
    let world = World::new().await;
    let (shop, _) = holders(&world).await;
    let mut body = http_monitor("Before");
    body["success_assertions"] =
        json!([{ "type": "status_code", "operator": "in", "value": "200" }]);
    let before = shop.post(MONITORS, body).await.expect(201);
    let change =
        json!({ "interval": 300, "id": 9, "project_id": 2, "status": "online", "created_at": "x" });
    let after = shop.post(&of(&before), change).await.expect(200);
    let mut expected = before.clone();
    expected["interval"] = json!(300);
    expected["updated_at"] = after["updated_at"].clone();
    assert_eq!(after, expected);
    assert_eq!(shop.get(&of(&before)).await.expect(200), expected);
    let all_at_once = ["name", "timeout", "region_threshold"].map(|field| match field {
        "name" => json!({ field: "After" }),
        "timeout" => json!({ field: 5_000 }),
        _ => json!({ field: 2 }),
    });
    let path = of(&before);
    let [a, b, c] = all_at_once.map(|change| shop.post(&path, change));
    let answers = tokio::join!(a, b, c);
    for answer in [answers.0, answers.1, answers.2] {
        answer.expect(200);
    }
    let after = shop.get(&of(&before)).await.expect(200);
    let seen = [
        &after["name"],
        &after["timeout"],
        &after["region_threshold"],
        &after["interval"],
    ];
    assert_eq!(
        seen,
        [&json!("After"), &json!(5_000), &json!(2), &json!(300)]
    );
}

#[tokio::test]
async fn pause_resume_and_delete_answer_without_a_body() {
    let world = World::new().await;
    let (shop, _) = holders(&world).await;
    let made = shop
        .post(MONITORS, http_monitor("Pausing"))
        .await
        .expect(201);
    for (action, paused, status) in [
        ("resume", false, "fetching"),
        ("pause", true, "paused"),
        ("pause", true, "paused"),
        ("resume", false, "fetching"),
    ] {
        let answer = shop
            .send(Method::POST, &format!("{}/{action}", of(&made)), None)
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.body),
            (204, Value::Null),
            "{action}"
        );
        let shown = shop.get(&of(&made)).await.expect(200);
        assert_eq!(
            (&shown["paused"], &shown["status"]),
            (&json!(paused), &json!(status)),
            "{action}"
        );
    }
    assert_eq!(shop.delete(&of(&made)).await.expect(204), Value::Null);
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let gone = shop.send(method, &of(&made), None).await;
        assert_eq!(gone.expect(404), json!({ "message": "Resource not found" }));
    }
    let next = shop.post(MONITORS, http_monitor("Next")).await.expect(201);
    assert!(
        next["id"].as_i64() > made["id"].as_i64(),
        "an id was used again"
    );
}

#[tokio::test]
async fn each_wrong_field_is_told() {
    let world = World::new().await;
    let (shop, _) = holders(&world).await;
    for (pointer, value, field, message) in [
        ("/name", Value::Null, "name", "The name field is required."),
        (
            "/name",
            json!(" a "),
            "name",
            "The name field must be at least 2 characters.",
        ),
        (
            "/name",
            json!("é".repeat(46)),
            "name",
            "The name field must not be greater than 45 characters.",
        ),
        (
            "/protocol",
            json!("icmp"),
            "protocol",
            "The selected protocol is invalid.",
        ),
        (
            "/request/url",
            Value::Null,
            "request.url",
            "The request.url field is required.",
        ),
        (
            "/request/method",
            json!("get"),
            "request.method",
            "The selected request.method is invalid.",
        ),
        (
            "/regions",
            json!([]),
            "regions",
            "The regions field is required.",
        ),
        (
            "/regions/1",
            json!("eu-nld-ams"),
            "regions.1",
            "The selected regions.1 is invalid.",
        ),
    ] {
        let mut body = http_monitor("Wrong");
        *body.pointer_mut(pointer).unwrap() = value;
        let refused = shop.post(MONITORS, body).await.expect(422);
        assert_eq!(
            refused,
            json!({ "message": message, "errors": { field: [message] } }),
            "{pointer}"
        );
    }
    for body in ["[]", "{", "7"] {
        let request = shop
            .request(Method::POST, MONITORS)
            .header("content-type", "application/json")
            .body(body);
        assert_eq!(request.send().await.unwrap().status(), 422, "{body}");
    }
    let made = shop.post(MONITORS, http_monitor("Right")).await.expect(201);
    shop.post(&of(&made), json!({ "interval": 61 }))
        .await
        .expect(422);
    assert_eq!(shop.get(MONITORS).await.expect(200)["data"], json!([made]));
}

#[tokio::test]
async fn another_projects_monitor_is_as_good_as_none() {
    let world = World::new().await;
    let (shop, blog) = holders(&world).await;
    let made = shop
        .post(MONITORS, http_monitor("Shop's"))
        .await
        .expect(201);
    for (method, rest) in [
        (Method::GET, ""),
        (Method::POST, ""),
        (Method::DELETE, ""),
        (Method::POST, "/pause"),
        (Method::POST, "/resume"),
    ] {
        let path = format!("{}{rest}", of(&made));
        let foreign = blog
            .send(method.clone(), &path, Some(json!({ "name": "Stolen" })))
            .await;
        assert_eq!(
            foreign.expect(404),
            json!({ "message": "Resource not found" }),
            "{method} {rest}"
        );
    }
    assert_eq!(blog.get(MONITORS).await.expect(200)["data"], json!([]));
    assert_eq!(shop.get(&of(&made)).await.expect(200), made);
    // The organization key sees it where it is.
    let everywhere = world.organization_key().await;
    assert_eq!(
        world
            .holder_in(&everywhere, &world.shop)
            .get(&of(&made))
            .await
            .expect(200),
        made
    );
}
