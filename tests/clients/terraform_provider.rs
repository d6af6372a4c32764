//! The official Terraform provider v0.0.12: phare/terraform-provider-phare, internal/client, internal/provider/resources
//! and internal/provider/datasources. Go's net/http with a JSON content type and Accept on every call, GET and DELETE
//! too; the project by id or slug with an organization key, by nothing with a project key, and never for projects, users
//! and integrations. Every attribute of the state is what a creation or update answered, so a plan is empty only while
//! reading answers the same; images go up in a form after the JSON.

use serde_json::{Value, json};

use super::{Client, Library, made, shop_key};
use crate::support::wire::Heard;
use crate::support::world::World;

const MONITORS: &str = "/uptime/monitors";
const PAGES: &str = "/uptime/status-pages";

/// The provider with one key and one project scope.
struct Provider(Client);

/// A resource as Terraform has it: where it is, and the bytes that its attributes were read from.
struct State {
    path: String,
    bytes: Vec<u8>,
}

impl State {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

impl Provider {
    fn new(client: Client) -> Self {
        let agent = "terraform-provider-phare/0.0.12 (Terraform/1.11.4)";
        Self(
            client
                .with("User-Agent", agent)
                .with("Accept", "application/json")
                .with("Content-Type", "application/json"),
        )
    }

    /// With an organization key and no project scope.
    async fn everywhere(world: &World) -> Self {
        let key = world.organization_key().await;
        Self::new(Client::new(Library::Go, world, &key))
    }

    /// With a project key, and with an organization key that has the project by its slug and by its id.
    async fn scoped(world: &World) -> [Self; 3] {
        let key = shop_key(world, "read_write", "read_write").await;
        let Self(everywhere) = Self::everywhere(world).await;
        let id = world.shop.id.to_string();
        [
            Self::new(Client::new(Library::Go, world, &key)),
            Self(
                everywhere
                    .clone()
                    .with("X-Phare-Project-Slug", &world.shop.slug),
            ),
            Self(everywhere.with("X-Phare-Project-Id", &id)),
        ]
    }

    async fn create(&self, path: &str, body: &str) -> State {
        let made = self.0.send("POST", path, Some(body.as_bytes())).await;
        let state = bytes(made, 201);
        let made: Value = serde_json::from_slice(&state).unwrap();
        has(&made, &serde_json::from_str(body).unwrap());
        State {
            path: format!("{path}/{}", made["id"].as_i64().unwrap()),
            bytes: state,
        }
    }

    /// Reads the resource for a plan, and insists that the plan is empty.
    async fn plan(&self, state: &State) {
        let read = bytes(self.0.get(&state.path).await, 200);
        assert_eq!(
            String::from_utf8_lossy(&read),
            String::from_utf8_lossy(&state.bytes),
            "the plan is not empty"
        );
    }

    async fn update(&self, state: &mut State, body: &str) {
        let updated = self
            .0
            .send("POST", &state.path, Some(body.as_bytes()))
            .await;
        let before = state.json();
        state.bytes = bytes(updated, 200);
        let after = state.json();
        has(&after, &serde_json::from_str(body).unwrap());
        for kept in ["id", "project_id", "slug", "created_at"] {
            assert_eq!(after.get(kept), before.get(kept), "{kept}");
        }
    }

    /// Gone is what a second deletion takes for done.
    async fn delete(&self, state: State) {
        self.0.delete(&state.path).await.expect(204);
        for gone in [
            self.0.get(&state.path).await,
            self.0.delete(&state.path).await,
        ] {
            let gone = gone.expect(404);
            assert_eq!(gone, json!({ "message": "Resource not found" }));
        }
    }

    /// The whole life of a resource; what is not to change is sent again with what is.
    async fn life(&self, path: &str, body: &Value, change: &Value) {
        let mut state = self.create(path, &go_json(body)).await;
        self.plan(&state).await;
        let mut wanted = body.clone();
        for (field, value) in change.as_object().unwrap() {
            wanted[field] = value.clone();
        }
        self.update(&mut state, &go_json(&wanted)).await;
        self.plan(&state).await;
        self.delete(state).await;
    }

    /// The form after the JSON. Of its answer the provider takes `updated_at` and nothing else.
    async fn upload(&self, state: &mut State, page: &Value, removed: &[&str], files: &[File<'_>]) {
        let client = self.0.clone().with(
            "Content-Type",
            &format!("multipart/form-data; boundary={BOUNDARY}"),
        );
        let body = form(&fields(page, removed), files);
        let answer = client.send("POST", &state.path, Some(&body)).await;
        let answer = answer.expect(200);
        let mut expected = state.json();
        expected["updated_at"] = answer["updated_at"].clone();
        state.bytes = expected.to_string().into_bytes();
    }
}

fn bytes(heard: Heard, status: u16) -> Vec<u8> {
    let bytes = heard.body.clone();
    heard.expect(status);
    bytes
}

/// JSON as Go writes it: no space, and three characters never as they are.
fn go_json(value: &Value) -> String {
    value
        .to_string()
        .replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
}

/// Every value that was sent is in the answer, lists whole and in their order, but for what never comes back.
#[track_caller]
fn has(answer: &Value, sent: &Value) {
    match (answer, sent) {
        (Value::Object(answered), Value::Object(fields)) => {
            for (field, value) in fields {
                if ["scope", "access_token", "access_password"].contains(&field.as_str()) {
                    assert_eq!(answered.get(field), None, "{field}");
                } else {
                    has(&answer[field], value);
                }
            }
        }
        (Value::Array(items), Value::Array(wanted)) => {
            assert_eq!(items.len(), wanted.len(), "{answer:#}");
            for (item, wanted) in items.iter().zip(wanted) {
                has(item, wanted);
            }
        }
        _ => assert_eq!(answer, sent),
    }
}

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

#[tokio::test]
async fn a_status_page_lives_with_its_images() {
    let world = World::new().await.unlimited().await;
    for provider in Provider::scoped(&world).await {
        let [front, back] = [
            made(&provider.0, "Front").await,
            made(&provider.0, "Back").await,
        ];
        let shown =
            |id: i64| json!({ "componentable_type": "uptime/monitor", "componentable_id": id });
        let page = json!({
            "name": "Shop",
            "subdomain": "shop",
            "domain": "status.shop.example",
            "title": "Shop status & more",
            "description": "How the shop is",
            "search_engine_indexed": false,
            "website_url": "https://shop.example",
            "color_scheme": "light",
            "theme": {
                "light": colors("#ffffff"),
                "dark": colors("#101010"),
                "rounded": false,
                "border_width": 3,
            },
            "components": [
                shown(back),
                {
                    "componentable_type": "uptime/group",
                    "name": "Group",
                    "is_expanded": true,
                    "components": [shown(front), shown(back)],
                },
                shown(front),
            ],
            "timeframe": 60,
            "subscription_channels": ["slack", "rss"],
            "access_ips": ["45.129.56.0/24", "10.0.0.1"],
            "access_token": "secret-token",
            "access_password": "secret-password",
        });
        let mut state = provider.create(PAGES, &go_json(&page)).await;
        assert_eq!(
            [
                &state.json()["access_token_enabled"],
                &state.json()["access_password_enabled"],
            ],
            [&json!(true), &json!(true)]
        );
        // The provider does not know this one: its form leaves it as somebody else set it.
        let hidden = json!({ "show_response_times": false });
        provider.update(&mut state, &hidden.to_string()).await;

        let (large, small) = (png(22_000), png(5_000));
        let files: [File<'_>; 4] = [
            ("logo_light", "logo.png", &large),
            ("logo_dark", "logo \"dark\".svg", SVG),
            ("favicon_light", "favicon.png", &small),
            ("favicon_dark", "favicon.svg", SVG),
        ];
        provider.upload(&mut state, &page, &[], &files).await;
        provider.plan(&state).await;

        let mut wanted = page.clone();
        wanted["title"] = json!("Shop");
        wanted["components"] = json!([shown(front), shown(back)]);
        wanted["subscription_channels"] = json!(["rss", "slack"]);
        provider.update(&mut state, &go_json(&wanted)).await;
        provider
            .upload(&mut state, &wanted, &["logo_dark"], &files[2..3])
            .await;
        provider.plan(&state).await;
        for never in ["logo_light", "favicon_dark", "images", "access_token"] {
            assert_eq!(state.json().get(never), None, "{never}");
        }
        provider.delete(state).await;
    }
}

/// What is optional is left out, and left out again.
#[tokio::test]
async fn a_status_page_lives_with_what_it_must_have() {
    let world = World::new().await;
    for provider in Provider::scoped(&world).await {
        let page = json!({
            "name": "Shop",
            "subdomain": "shop",
            "title": "Shop status",
            "description": "How the shop is",
            "search_engine_indexed": true,
            "website_url": "https://shop.example",
            "color_scheme": "all",
            "components": [],
            "timeframe": 90,
        });
        let change = json!({ "timeframe": 30 });
        provider.life(PAGES, &page, &change).await;
    }
}

/// The data sources: users and integrations without a project header, whatever the key; all else within the project.
#[tokio::test]
async fn data_sources_find_what_is_there() {
    let world = World::new().await.unlimited().await;
    let [with_project_key, by_slug, _] = Provider::scoped(&world).await;
    let everywhere = Provider::everywhere(&world).await;
    let front = made(&with_project_key.0, "Front").await;
    for provider in [&with_project_key, &everywhere] {
        let users =
            "/users?email=owner%40lighthouse.test%2Cnobody%40lighthouse.test&page=1&per_page=100";
        let users = page(provider.0.get(users).await.expect(200));
        assert_eq!(users.len(), 1);
        assert_eq!(users[0]["email"], "owner@lighthouse.test");
        let path = format!("/users/{}", users[0]["id"]);
        assert_eq!(provider.0.get(&path).await.expect(200), users[0]);

        let named = "/apps/email/integrations?name=Default&page=1&per_page=100";
        let named = page(provider.0.get(named).await.expect(200));
        assert!(named.iter().any(|found| found["name"] == "Default"));
        let path = format!("/apps/email/integrations/{}", named[0]["id"]);
        assert_eq!(provider.0.get(&path).await.expect(200), named[0]);
    }
    for provider in [&with_project_key, &by_slug] {
        let monitors = provider.0.get("/uptime/monitors?page=1&per_page=100").await;
        assert_eq!(page(monitors.expect(200))[0]["id"], front);
        for list in ["/alert-rules", PAGES] {
            let listed = provider.0.get(&format!("{list}?page=1&per_page=100")).await;
            assert_eq!(page(listed.expect(200)), [Value::Null; 0]);
        }
    }
    let projects = everywhere.0.get("/projects?page=1&per_page=100").await;
    let projects = page(projects.expect(200));
    assert!(
        projects
            .iter()
            .any(|project| project["slug"] == world.shop.slug)
    );
    // Where it would name one and has no scope, a plan fails before this is asked.
    everywhere.0.get(MONITORS).await.expect_project_missing();
}

/// What its decoder takes for a page: whole numbers, and links that are texts or null.
fn page(listed: Value) -> Vec<Value> {
    for number in ["current_page", "from", "to", "per_page"] {
        let number = &listed["meta"][number];
        assert!(number.is_u64() || number.is_null(), "{listed:#}");
    }
    assert!(listed["meta"]["path"].is_string(), "{listed:#}");
    for link in ["first", "last", "prev", "next"] {
        let link = &listed["links"][link];
        assert!(link.is_string() || link.is_null(), "{listed:#}");
    }
    listed["data"].as_array().unwrap().clone()
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

/// Field, file name, content.
pub(super) type File<'a> = (&'a str, &'a str, &'a [u8]);

pub(super) const BOUNDARY: &str = "3f2b8d6c1a904e7755d0c9e8b7a6f5e4d3c2b1a09f8e7d6c5b4a39281706";
const SVG: &[u8] = b"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\"/>";

/// A picture of that many bytes, with line ends and dashes in it as any bytes may have.
fn png(size: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\r\n--".to_vec();
    bytes.extend((bytes.len()..size).map(|at| (at * 31 % 251) as u8));
    bytes
}

fn colors(background: &str) -> Value {
    json!({
        "operational": "#16a34a",
        "degraded_performance": "#fbbf24",
        "partial_outage": "#f59e0b",
        "major_outage": "#ef4444",
        "maintenance": "#6366f1",
        "empty": "#d3d3d3",
        "background": background,
        "foreground": "#000001",
        "foreground_muted": "#737373",
        "background_card": "#fafafa",
    })
}

/// A page as fields of a form, in the provider's order; what is not set is not in it.
pub(super) fn fields(page: &Value, removed: &[&str]) -> Vec<(String, String)> {
    let text = |value: &Value| match value {
        Value::Bool(yes) => u8::from(*yes).to_string(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut fields = Vec::new();
    let mut put = |name: String, value: &Value| {
        if !value.is_null() {
            fields.push((name, text(value)));
        }
    };
    for name in [
        "name",
        "title",
        "description",
        "website_url",
        "search_engine_indexed",
        "subdomain",
        "domain",
        "color_scheme",
        "timeframe",
    ] {
        put(name.to_owned(), &page[name]);
    }
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for (at, component) in list(&page["components"]).iter().enumerate() {
        for name in [
            "componentable_type",
            "componentable_id",
            "name",
            "is_expanded",
        ] {
            put(format!("components[{at}][{name}]"), &component[name]);
        }
        for (inner, component) in list(&component["components"]).iter().enumerate() {
            for name in ["componentable_type", "componentable_id"] {
                let field = format!("components[{at}][components][{inner}][{name}]");
                put(field, &component[name]);
            }
        }
    }
    for name in ["subscription_channels", "access_ips"] {
        for (at, item) in list(&page[name]).iter().enumerate() {
            put(format!("{name}[{at}]"), item);
        }
    }
    for name in ["access_token", "access_password"] {
        put(name.to_owned(), &page[name]);
    }
    for name in ["rounded", "border_width"] {
        put(format!("theme[{name}]"), &page["theme"][name]);
    }
    for mode in ["light", "dark"] {
        for (color, value) in page["theme"][mode].as_object().into_iter().flatten() {
            put(format!("theme[{mode}][{color}]"), value);
        }
    }
    for field in removed {
        put((*field).to_owned(), &json!("false"));
    }
    fields
}

/// The bytes as Go's multipart writer puts them.
pub(super) fn form(fields: &[(String, String)], files: &[File<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    let part = |body: &mut Vec<u8>, head: String, content: &[u8]| {
        let before = if body.is_empty() { "" } else { "\r\n" };
        let head =
            format!("{before}--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n");
        body.extend(head.as_bytes());
        body.extend(content);
    };
    for (name, text) in fields {
        part(&mut body, format!("name=\"{name}\""), text.as_bytes());
    }
    for (name, file, content) in files {
        let file = file.replace('"', "\\\"");
        let kind = "Content-Type: application/octet-stream";
        let head = format!("name=\"{name}\"; filename=\"{file}\"\r\n{kind}");
        part(&mut body, head, content);
    }
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}
