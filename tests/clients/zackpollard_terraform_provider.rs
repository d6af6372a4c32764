//! The earlier Terraform provider: zackpollard/phare-terraform-provider, internal/client and internal/provider. Go's
//! net/http with a JSON content type and Accept on every call and no project header. After a creation it reads the record
//! back; an update's answer is taken as it is; anything from 400 on fails with `message` and with `errors` as lists of
//! lines. Its status pages and alert rules have fields of their time.

use serde_json::{Value, json};

use super::{Client, Library, shop_key};
use crate::support::world::{Issued, World, new_key, organization};

fn go(world: &World, key: &Issued) -> Client {
    Client::new(Library::Go, world, key)
        .with("User-Agent", "Go-http-client/1.1")
        .with("Accept", "application/json")
        .with("Content-Type", "application/json")
}

async fn provider(world: &World) -> Client {
    let key = shop_key(world, "read_write", "read_write").await;
    go(world, &key)
}

/// Every value that it sent is in the answer.
#[track_caller]
fn has(answer: &Value, sent: &Value) {
    for (field, value) in sent.as_object().unwrap() {
        if value.is_object() {
            has(&answer[field], value);
        } else {
            assert_eq!(&answer[field], value, "{field}");
        }
    }
}

impl Client {
    async fn life(&self, path: &str, body: &Value, change: &Value) {
        let made = self.post_json(path, body).await.expect(201);
        has(&made, body);
        let at = format!("{path}/{}", made["id"].as_i64().unwrap());
        assert_eq!(self.get(&at).await.expect(200), made);
        let mut wanted = body.clone();
        for (field, value) in change.as_object().unwrap() {
            wanted[field] = value.clone();
        }
        let updated = self.post_json(&at, &wanted).await.expect(200);
        has(&updated, &wanted);
        assert_eq!(updated["created_at"], made["created_at"]);
        assert_eq!(self.get(&at).await.expect(200), updated);
        self.delete(&at).await.expect(204);
        let gone = self.get(&at).await.expect(404);
        assert_eq!(gone, json!({ "message": "Resource not found" }));
    }
}

fn monitor() -> Value {
    json!({
        "name": "Monitor for Status Page Test",
        "protocol": "http",
        "request": {
            "method": "GET",
            "url": "https://shop.example",
            "tls_skip_verify": false,
            "follow_redirects": true,
        },
        "interval": 60,
        "timeout": 5000,
        "incident_confirmations": 1,
        "recovery_confirmations": 1,
        "regions": ["na-usa-iad"],
        "success_assertions": [{ "type": "status_code", "operator": "in", "value": "2xx" }],
    })
}

#[tokio::test]
async fn monitors_live_pause_and_resume() {
    let world = World::new().await;
    let provider = provider(&world).await;
    provider
        .life("/uptime/monitors", &monitor(), &json!({ "timeout": 7000 }))
        .await;
    let mut tcp = monitor();
    tcp.as_object_mut().unwrap().remove("success_assertions");
    tcp["protocol"] = json!("tcp");
    tcp["request"] = json!({
        "host": "db.example", "port": "5432", "connection": "plain", "tls_skip_verify": false,
    });
    provider
        .life("/uptime/monitors", &tcp, &json!({ "interval": 300 }))
        .await;

    let made = provider.post_json("/uptime/monitors", &monitor()).await;
    let at = format!("/uptime/monitors/{}", made.expect(201)["id"]);
    for (action, paused) in [("pause", true), ("resume", false)] {
        provider.post(&format!("{at}/{action}")).await.expect(204);
        assert_eq!(provider.get(&at).await.expect(200)["paused"], paused);
    }
}

#[tokio::test]
async fn alert_rules_live() {
    let world = World::new().await;
    let provider = provider(&world).await;
    let listed = provider.get("/apps/email/integrations").await.expect(200);
    let rule = json!({
        "event": "uptime.incident.created",
        "integration_id": listed["data"][0]["id"],
        "rate_limit": 30,
        "event_settings": { "type": "all" },
        "project_id": world.shop.id,
    });
    provider
        .life("/alert-rules", &rule, &json!({ "rate_limit": 1440 }))
        .await;
    let listed = provider.get("/alert-rules").await.expect(200);
    assert_eq!(listed["data"], json!([]));
}

/// The colors, logo and favicon of its time mean nothing any more, and come back like all else.
#[tokio::test]
async fn status_pages_live_with_their_old_colors() {
    let world = World::new().await;
    let provider = provider(&world).await;
    let made = provider.post_json("/uptime/monitors", &monitor()).await;
    let shown = json!({
        "componentable_type": "uptime/monitor",
        "componentable_id": made.expect(201)["id"],
    });
    let page = json!({
        "name": "Test Status Page",
        "title": "Test Status",
        "description": "Test status page description",
        "search_engine_indexed": false,
        "website_url": "https://shop.example",
        "subdomain": "tf-test-status",
        "timeframe": 90,
        "colors": {
            "operational": "#16a34a",
            "degradedPerformance": "#fbbf24",
            "partialOutage": "#f59e0b",
            "majorOutage": "#ef4444",
            "maintenance": "#6366f1",
            "empty": "#d3d3d3",
        },
        "components": [shown],
        "logo": "https://shop.example/logo.png",
        "favicon": "https://shop.example/favicon.png",
    });
    let path = "/uptime/status-pages";
    let created = provider.post_json(path, &page).await.expect(201);
    let at = format!("{path}/{}", created["id"].as_i64().unwrap());
    let mut wanted = page.clone();
    wanted["title"] = json!("Updated Status");
    let updated = provider.post_json(&at, &wanted).await.expect(200);
    for (answer, sent) in [(&created, &page), (&updated, &wanted)] {
        for (field, value) in sent.as_object().unwrap() {
            match field.as_str() {
                "components" => {
                    for name in ["componentable_type", "componentable_id"] {
                        assert_eq!(answer["components"][0][name], shown[name], "{name}");
                    }
                }
                field => assert_eq!(&answer[field], value, "{field}"),
            }
        }
    }
    assert_eq!(provider.get(&at).await.expect(200), updated);
    provider.delete(&at).await.expect(204);
}

/// Its data source.
#[tokio::test]
async fn an_incident_is_read() {
    let world = World::new().await;
    let provider = provider(&world).await;
    let incident = json!({
        "title": "Down",
        "impact": "partial_outage",
        "description": "Nobody knows why",
        "exclude_from_downtime": true,
        "incident_at": "2026-03-10T00:10:46+00:00",
    });
    let made = provider.post_json("/uptime/incidents", &incident).await;
    let path = format!("/uptime/incidents/{}", made.expect(201)["id"]);
    let read = provider.get(&path).await.expect(200);
    has(&read, &incident);
    for field in ["slug", "state", "status", "created_at", "updated_at"] {
        assert!(read[field].is_string(), "{field}: {read:#}");
    }
    for field in ["id", "project_id"] {
        assert!(read[field].is_i64(), "{field}: {read:#}");
    }
    let listed = provider.get("/uptime/incidents").await.expect(200);
    assert_eq!(listed["data"], json!([read]));
}

#[tokio::test]
async fn failures_are_lists_of_lines() {
    let world = World::new().await;
    let provider = provider(&world).await;
    let mut short = monitor();
    short["name"] = json!("M");
    let refused = provider.post_json("/uptime/monitors", &short).await;
    let refused = refused.expect(422);
    assert_eq!(
        refused["errors"],
        json!({ "name": ["The name field must be at least 2 characters."] })
    );
    // It names no project, so an organization key is of no use to it.
    let key = new_key("Terraform", organization(), "read_write", "read_write");
    let everywhere = go(&world, &world.issue(key).await);
    for path in ["/uptime/monitors", "/alert-rules", "/uptime/status-pages"] {
        everywhere.get(path).await.expect_project_missing();
    }
}
