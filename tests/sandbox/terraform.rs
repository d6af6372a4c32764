//! The Terraform provider's way: create, read, read again for an empty plan, update, delete; always with a JSON content
//! type, images in a form after the JSON.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::{Answer, Caller};
use crate::support::world::{World, new_key};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\xff";
const SVG: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>";

/// The provider with one key.
struct Provider(Caller);

impl Provider {
    async fn exchange(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut request = self
            .0
            .request(method, path)
            .header("content-type", "application/json");
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        Answer::of(request.send().await.unwrap()).await
    }

    async fn create(&self, path: &str, body: &Value) -> (String, Value) {
        let made = self
            .exchange(Method::POST, path, Some(body))
            .await
            .expect(201);
        has(&made, body);
        (format!("{path}/{}", made["id"].as_i64().unwrap()), made)
    }

    async fn read(&self, path: &str) -> Value {
        self.exchange(Method::GET, path, None).await.expect(200)
    }

    async fn update(&self, path: &str, body: &Value) -> Value {
        let updated = self
            .exchange(Method::POST, path, Some(body))
            .await
            .expect(200);
        has(&updated, body);
        updated
    }

    async fn delete(&self, path: &str) {
        self.exchange(Method::DELETE, path, None).await.expect(204);
        self.exchange(Method::GET, path, None).await.expect(404);
    }

    async fn form(
        &self,
        path: &str,
        texts: &[(String, String)],
        files: &[(&str, &str, &[u8])],
    ) -> Value {
        let mut body = Vec::new();
        for (name, text) in texts {
            body.extend(
                format!(
                    "--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n"
                )
                .into_bytes(),
            );
        }
        for (name, file, bytes) in files {
            let head = format!(
                "--edge\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
            );
            body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
        }
        body.extend(b"--edge--\r\n");
        let request = self.0.request(Method::POST, path);
        let request = request
            .header("content-type", "multipart/form-data; boundary=edge")
            .body(body);
        Answer::of(request.send().await.unwrap()).await.expect(200)
    }

    /// The whole life of a resource.
    async fn life(&self, path: &str, body: &Value, change: &Value) {
        let (at, made) = self.create(path, body).await;
        assert_eq!(self.read(&at).await, made);
        assert_eq!(self.read(&at).await, made, "the second plan is not empty");
        let mut wanted = body.clone();
        for (field, value) in change.as_object().unwrap() {
            wanted[field] = value.clone();
        }
        let updated = self.update(&at, &wanted).await;
        assert_eq!(self.read(&at).await, updated);
        assert_eq!(
            (&updated["id"], &updated["created_at"]),
            (&made["id"], &made["created_at"])
        );
        self.delete(&at).await;
    }
}

/// Every value that was sent comes back as text for text, but for those that never do.
#[track_caller]
fn has(answer: &Value, sent: &Value) {
    for (field, value) in sent.as_object().unwrap() {
        if ["scope", "access_token", "access_password"].contains(&field.as_str()) {
            assert_eq!(answer.get(field), None, "{field}");
        } else if field != "components" {
            assert_eq!(answer[field].to_string(), value.to_string(), "{field}");
        }
    }
}

/// A project key, and an organization key that names the project.
async fn providers(world: &World) -> [Provider; 2] {
    let key = world
        .issue(new_key(
            "Terraform",
            world.shop.scope(),
            "read_write",
            "read_write",
        ))
        .await;
    let everywhere = world.organization_key().await;
    let named = world
        .holder(&everywhere)
        .header("x-phare-project-slug", &world.shop.slug);
    [Provider(world.holder(&key)), Provider(named)]
}

#[tokio::test]
async fn a_project_lives() {
    let world = World::new().await;
    let key = world.organization_key().await;
    let provider = Provider(world.holder(&key));
    let user = provider.read("/users?email=owner@sandbox.test").await;
    let body = json!({
        "name": "Infra",
        "members": [user["data"][0]["id"]],
        "settings": {
            "use_incident_ai": false,
            "use_incident_merging": true,
            "incident_merging_time_window": 30,
        },
    });
    provider
        .life("/projects", &body, &json!({ "name": "Infrastructure" }))
        .await;
}

#[tokio::test]
async fn alert_rules_live() {
    let world = World::new().await.unlimited().await;
    for provider in providers(&world).await {
        let mail = provider
            .read("/apps/email/integrations?name=Default&page=1&per_page=100")
            .await;
        assert_eq!(mail["data"][0]["name"], "Default");
        let webhook = provider.read("/apps/outgoing_webhook/integrations").await;
        for (integration, settings) in [
            (&mail, json!({})),
            (&webhook, json!({ "schema": "{\"text\":\"{{ name }}\"}" })),
        ] {
            for scope in ["project", "organization"] {
                let body = json!({
                    "scope": scope,
                    "event": "uptime.monitor_certificate.expiring",
                    "integration_id": integration["data"][0]["id"],
                    "rate_limit": 1440,
                    "event_settings": { "days_before_expiry": 14 },
                    "integration_settings": settings,
                });
                let change =
                    json!({ "rate_limit": 0, "event_settings": { "days_before_expiry": 7 } });
                provider.life("/alert-rules", &body, &change).await;
            }
        }
    }
}

#[tokio::test]
async fn monitors_live() {
    let world = World::new().await.unlimited().await;
    let http = json!({
        "name": "Shop front",
        "protocol": "http",
        "request": {
            "method": "POST",
            "url": "https://shop.example/health?deep=1",
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
    let tcp = json!({
        "name": "Database",
        "protocol": "tcp",
        "request": { "host": "db.example", "port": "5432", "connection": "tls", "tls_skip_verify": true },
        "interval": 60,
        "timeout": 20000,
        "incident_confirmations": 3,
        "recovery_confirmations": 3,
        "region_threshold": 1,
        "regions": ["eu-deu-fra"],
    });
    for provider in providers(&world).await {
        for body in [&http, &tcp] {
            provider
                .life(
                    "/uptime/monitors",
                    body,
                    &json!({ "name": "Renamed", "interval": 300 }),
                )
                .await;
        }
    }
}

#[tokio::test]
async fn a_status_page_lives_with_its_images() {
    let world = World::new().await.unlimited().await;
    for provider in providers(&world).await {
        let front = super::http_monitor("Front");
        let front = provider
            .exchange(Method::POST, "/uptime/monitors", Some(&front))
            .await
            .expect(201);
        let shown =
            json!({ "componentable_type": "uptime/monitor", "componentable_id": front["id"] });
        let body = json!({
            "name": "Shop",
            "subdomain": "shop",
            "title": "Shop status",
            "description": "How the shop is",
            "search_engine_indexed": false,
            "website_url": "https://shop.example",
            "color_scheme": "light",
            "timeframe": 60,
            "subscription_channels": ["slack", "rss"],
            "access_token": "secret-token",
            "components": [
                { "componentable_type": "uptime/group", "name": "Group", "is_expanded": true, "components": [shown] },
                shown,
            ],
        });
        let (page, made) = provider.create("/uptime/status-pages", &body).await;
        assert_eq!(
            (&made["access_token_enabled"], &made["is_private"]),
            (&json!(true), &json!(true))
        );
        let front = json!({
            "componentable_type": "uptime/monitor",
            "componentable_id": front["id"],
            "display_name": null,
        });
        let group = json!({
            "componentable_type": "uptime/group",
            "name": "Group",
            "is_expanded": true,
            "components": [front],
        });
        assert_eq!(made["components"], json!([group, front]));
        provider.life_of_page(&page, &made).await;
        provider.delete(&page).await;
    }
}

impl Provider {
    /// Uploads, reads, removes images; nothing that the page shows changes.
    async fn life_of_page(&self, page: &str, made: &Value) {
        let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let id = made["components"][1]["componentable_id"].to_string();
        let mut texts = vec![
            text("name", "Shop"),
            text("title", "Shop status"),
            text("description", "How the shop is"),
            text("website_url", "https://shop.example"),
            text("search_engine_indexed", "0"),
            text("subdomain", "shop"),
            text("color_scheme", "light"),
            text("timeframe", "60"),
            text("components[0][componentable_type]", "uptime/group"),
            text("components[0][name]", "Group"),
            text("components[0][is_expanded]", "1"),
            text(
                "components[0][components][0][componentable_type]",
                "uptime/monitor",
            ),
            text("components[0][components][0][componentable_id]", &id),
            text("components[1][componentable_type]", "uptime/monitor"),
            text("components[1][componentable_id]", &id),
            text("subscription_channels[0]", "slack"),
            text("subscription_channels[1]", "rss"),
            text("access_token", "secret-token"),
        ];
        for (mode, colors) in [
            ("light", &made["theme"]["light"]),
            ("dark", &made["theme"]["dark"]),
        ] {
            for (color, value) in colors.as_object().unwrap() {
                texts.push(text(
                    &format!("theme[{mode}][{color}]"),
                    value.as_str().unwrap(),
                ));
            }
        }
        let files: &[(&str, &str, &[u8])] = &[
            ("logo_light", "logo.png", PNG),
            ("logo_dark", "logo.svg", SVG),
            ("favicon_light", "favicon.png", PNG),
            ("favicon_dark", "favicon.svg", SVG),
        ];
        let uploaded = self.form(page, &texts, files).await;
        let mut expected = made.clone();
        expected["updated_at"] = uploaded["updated_at"].clone();
        assert_eq!(uploaded, expected);
        assert_eq!(self.read(page).await, expected);
        texts.push(text("logo_dark", "false"));
        let removed = self.form(page, &texts, &files[..1]).await;
        expected["updated_at"] = removed["updated_at"].clone();
        assert_eq!(removed, expected);
        for hidden in ["logo_light", "favicon_dark", "access_token", "images"] {
            assert_eq!(removed.get(hidden), None, "{hidden}");
        }
    }
}
