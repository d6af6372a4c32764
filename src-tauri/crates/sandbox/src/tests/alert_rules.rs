use serde_json::{Value, json};

use super::World;

const RULES: &str = "/alert-rules";

fn rule(scope: &str) -> Value {
    json!({
        "event": "uptime.incident.created",
        "integration_id": 1,
        "rate_limit": 30,
        "scope": scope,
        "event_settings": { "type": "manual" },
        "integration_settings": {},
    })
}

/// The integration of an app.
async fn integration(world: &World, app: &str) -> Value {
    let path = format!("/apps/{app}/integrations");
    world.get(&path, None).await.body["data"][0]["id"].clone()
}

#[tokio::test]
async fn the_scope_decides_the_project_and_never_comes_back() {
    let world = World::new().await;
    let shops = world.post(RULES, Some(1), rule("project")).await;
    let expected = json!({
        "id": 1,
        "project_id": 1,
        "event": "uptime.incident.created",
        "integration_id": 1,
        "rate_limit": 30,
        "event_settings": { "type": "manual" },
        "integration_settings": {},
        "created_at": "2026-03-10T00:10:46+00:00",
        "updated_at": "2026-03-10T00:10:46+00:00",
    });
    assert_eq!((shops.status, &shops.body), (201, &expected));
    let all = world.post(RULES, Some(1), rule("organization")).await.body;
    assert_eq!(all["project_id"], Value::Null);

    // Every project has the organization's rules, and its own.
    let listed = world.get(RULES, Some(2)).await.body;
    assert_eq!(listed["data"], json!([all]));
    let listed = world.get(RULES, Some(1)).await.body;
    assert_eq!(listed["data"], json!([expected, all]));
    assert_eq!(world.get("/alert-rules/2", Some(2)).await.body, all);
    assert_eq!(world.get("/alert-rules/1", Some(2)).await.status, 404);
    let gone = world.delete("/alert-rules/2", Some(2)).await;
    assert_eq!(gone.status, 204);
    assert_eq!(world.get("/alert-rules/2", Some(1)).await.status, 404);
}

#[tokio::test]
async fn a_rule_changes_its_scope_and_keeps_it_otherwise() {
    let world = World::new().await;
    world.post(RULES, Some(1), rule("project")).await;
    let change = |project, change| world.post("/alert-rules/1", Some(project), change);
    let moved = change(1, json!({ "scope": "organization" })).await.body;
    assert_eq!(moved["project_id"], Value::Null);
    let kept = change(2, json!({ "rate_limit": 0 })).await.body;
    assert_eq!(
        (&kept["project_id"], &kept["rate_limit"]),
        (&Value::Null, &json!(0))
    );
    let moved = change(2, json!({ "scope": "project" })).await.body;
    assert_eq!(moved["project_id"], 2);
    assert_eq!(world.get("/alert-rules/1", Some(1)).await.status, 404);
    assert_eq!(world.delete("/alert-rules/1", Some(2)).await.status, 204);
    assert_eq!(world.get("/alert-rules/1", Some(2)).await.status, 404);
}

#[tokio::test]
async fn a_rule_without_a_scope_is_the_projects() {
    let world = World::new().await;
    let mut body = rule("");
    body.as_object_mut().unwrap().shift_remove("scope");
    assert_eq!(world.post(RULES, Some(2), body).await.body["project_id"], 2);
}

#[tokio::test]
async fn settings_come_back_as_they_were_sent() {
    let world = World::new().await;
    let webhook = integration(&world, "outgoing_webhook").await;
    let pushover = integration(&world, "pushover").await;
    for (event, settings, integration, more) in [
        (
            "uptime.monitor_certificate.expiring",
            json!({ "days_before_expiry": 14 }),
            &webhook,
            json!({ "schema": "{ \"b\": \"{{ name }}\",\n\"a\": [1, 2.0] } " }),
        ),
        (
            "uptime.incident.recovered",
            json!({ "type": "all" }),
            &pushover,
            json!({ "expire": 60, "priority": "emergency" }),
        ),
        (
            "uptime.incident.recovered",
            Value::Null,
            &pushover,
            json!({}),
        ),
        (
            "uptime.monitor.created",
            json!({}),
            &json!(1),
            json!({ "z": 1, "a": [] }),
        ),
    ] {
        let mut body = rule("project");
        body["event"] = json!(event);
        body["event_settings"] = settings;
        body["integration_id"] = integration.clone();
        body["integration_settings"] = more;
        let made = world.post(RULES, Some(1), body.clone()).await.body;
        for field in ["event_settings", "integration_settings"] {
            assert_eq!(made[field].to_string(), body[field].to_string(), "{event}");
        }
    }
}

#[tokio::test]
async fn settings_that_do_not_fit_event_or_app_are_refused() {
    let world = World::new().await;
    let webhook = integration(&world, "outgoing_webhook").await;
    let ntfy = integration(&world, "ntfy").await;
    for (field, value, integration, named, message) in [
        (
            "event_settings",
            json!({ "type": "some" }),
            &json!(1),
            "event_settings.type",
            "The selected event settings.type is invalid.",
        ),
        (
            "event_settings",
            json!({ "days_before_expiry": 3 }),
            &json!(1),
            "event_settings.type",
            "The event settings.type field is required.",
        ),
        (
            "integration_settings",
            json!({ "schema": "{" }),
            &webhook,
            "integration_settings.schema",
            "The integration settings.schema field must be a valid JSON string.",
        ),
        (
            "integration_settings",
            json!({ "priority": "emergency" }),
            &ntfy,
            "integration_settings.priority",
            "The selected integration settings.priority is invalid.",
        ),
        (
            "integration_id",
            json!(99),
            &json!(99),
            "integration_id",
            "The selected integration id is invalid.",
        ),
        (
            "rate_limit",
            json!(7),
            &json!(1),
            "rate_limit",
            "The selected rate limit is invalid.",
        ),
    ] {
        let mut body = rule("project");
        body["integration_id"] = integration.clone();
        body[field] = value;
        let refused = world.post(RULES, Some(1), body).await;
        let expected = json!({ "message": message, "errors": { named: [message] } });
        assert_eq!((refused.status, refused.body), (422, expected));
    }
}
