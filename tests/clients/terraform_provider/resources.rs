//! Projects, monitors and alert rules, from their creation to their end.

use serde_json::{Value, json};

use super::{MONITORS, Provider, State};
use crate::clients::made;
use crate::support::world::World;

#[tokio::test]
async fn projects_live() {
    let world = World::new().await;
    let provider = Provider::everywhere(&world).await;
    let users = provider
        .0
        .get("/users?email=owner%40lighthouse.test%2Cnobody%40lighthouse.test&page=1&per_page=100")
        .await
        .expect(200);
    let body = json!({
        "name": "Infra",
        "members": [users["data"][0]["id"]],
        "settings": {
            "use_incident_ai": false,
            "use_incident_merging": true,
            "incident_merging_time_window": 30,
        },
    });
    let change = json!({
        "name": "Infrastructure",
        "settings": {
            "use_incident_ai": true,
            "use_incident_merging": false,
            "incident_merging_time_window": 180,
        },
    });
    provider.life("/projects", &body, &change).await;

    // With a project key the provider itself creates, deletes and imports none; it lets an update through.
    let [with_project_key, ..] = Provider::scoped(&world).await;
    let path = format!("/projects/{}", world.shop.id);
    for refused in [
        with_project_key.0.post_json("/projects", &body).await,
        with_project_key.0.post_json(&path, &body).await,
        with_project_key.0.delete(&path).await,
    ] {
        assert!(refused.expect(403)["message"].is_string());
    }
}

#[tokio::test]
async fn monitors_live() {
    let world = World::new().await.unlimited().await;
    let http = json!({
        "name": "Shop front <é & co>",
        "protocol": "http",
        "request": {
            "method": "POST",
            "url": "https://shop.example/health?deep=1&slow=0",
            "tls_skip_verify": false,
            "body": "{\"a\": 1}",
            "follow_redirects": false,
            "user_agent_secret": "0123",
            "headers": [{ "name": "X-B", "value": "2" }, { "name": "X-A", "value": "1" }],
        },
        "interval": 30,
        "timeout": 5000,
        "success_assertions": [
            { "type": "status_code", "operator": "in", "value": "2xx,30x" },
            { "type": "response_header", "selector": "Server", "operator": "equals", "value": "x" },
        ],
        "incident_confirmations": 1,
        "recovery_confirmations": 2,
        "region_threshold": 2,
        "regions": ["sa-bra-gru", "ng-nld-ams"],
    });
    let mut change = http.clone();
    change["request"]["headers"] = json!([{ "name": "X-A", "value": "1" }]);
    change["regions"] = json!(["ng-nld-ams", "eu-deu-fra", "sa-bra-gru"]);
    let tcp = json!({
        "name": "Database",
        "protocol": "tcp",
        "request": { "tls_skip_verify": true, "host": "db.example", "port": "5432", "connection": "tls" },
        "interval": 60,
        "timeout": 20000,
        "incident_confirmations": 3,
        "recovery_confirmations": 3,
        "region_threshold": 1,
        "regions": ["eu-deu-fra"],
    });
    let port = json!({
        "request": { "tls_skip_verify": false, "host": "db.example", "port": "5433", "connection": "plain" },
    });
    for provider in Provider::scoped(&world).await {
        provider.life(MONITORS, &http, &change).await;
        provider.life(MONITORS, &tcp, &port).await;
    }
}

#[tokio::test]
async fn alert_rules_live() {
    let world = World::new().await.unlimited().await;
    for provider in Provider::scoped(&world).await {
        for scope in ["project", "organization"] {
            for (app, event, event_settings, settings) in [
                (
                    "email",
                    "uptime.monitor_certificate.expiring",
                    r#"{"days_before_expiry":14}"#,
                    "{}",
                ),
                (
                    "pushover",
                    "uptime.incident.created",
                    r#"{"type":"monitor"}"#,
                    // The order of the names is the person's own.
                    r#"{"retry":60,"priority":"emergency","expire":3600}"#,
                ),
                (
                    "outgoing_webhook",
                    "uptime.monitor.deleted",
                    "{}",
                    r#"{"schema":"{\"text\":\"<b>é {{ name }}</b> & \\u00e9/\", \"b\": [1.0, 1e3]}"}"#,
                ),
            ] {
                let integrations = format!("/apps/{app}/integrations?page=1&per_page=100");
                let found = provider.0.get(&integrations).await.expect(200);
                let rule = |rate: u32| {
                    let id = &found["data"][0]["id"];
                    let settings = settings.replace('&', "\\u0026").replace('<', "\\u003c");
                    let settings = settings.replace('>', "\\u003e");
                    format!(
                        r#"{{"event":"{event}","scope":"{scope}","integration_id":{id},"rate_limit":{rate},"event_settings":{event_settings},"integration_settings":{settings}}}"#
                    )
                };
                let mut state = provider.create("/alert-rules", &rule(1440)).await;
                let kept = |state: &State| {
                    // Both are text in the state: JSON that means the same is not the same.
                    let text = String::from_utf8(state.bytes.clone()).unwrap();
                    assert!(
                        text.contains(&format!(r#""event_settings":{event_settings},"#)),
                        "{text}"
                    );
                    assert!(
                        text.contains(&format!(r#""integration_settings":{settings},"#)),
                        "{text}"
                    );
                };
                kept(&state);
                let project = (scope == "project").then_some(world.shop.id);
                assert_eq!(state.json()["project_id"], json!(project));
                provider.plan(&state).await;
                provider.update(&mut state, &rule(0)).await;
                kept(&state);
                provider.plan(&state).await;
                provider.delete(state).await;
            }
        }
    }
}

/// After a 5xx it tries again with its body used up: a JSON content type and not one byte.
#[tokio::test]
async fn a_repeat_without_its_body_changes_nothing() {
    let world = World::new().await;
    let [provider, ..] = Provider::scoped(&world).await;
    let id = made(&provider.0, "Front").await;
    let path = format!("{MONITORS}/{id}");
    let before = provider.0.get(&path).await.expect(200);
    // Were it taken, the provider would hold the change for made.
    for (path, missing) in [(path.as_str(), "body"), (MONITORS, "name")] {
        let refused = provider.0.post(path).await.expect(422);
        let lines = refused["errors"].as_object().unwrap();
        assert!(lines.contains_key(missing), "{refused:#}");
        // Its decoder wants lists of texts and nothing else.
        for lines in lines.values() {
            let lines = lines.as_array().unwrap();
            assert!(lines.iter().all(Value::is_string), "{refused:#}");
        }
    }
    let listed = provider.0.get(MONITORS).await.expect(200);
    assert_eq!(listed["data"], json!([before]));
}
