//! Every operation once, in an order that makes each succeed, and every answer against the schema of the specification.

use gardien_phare::{OPERATIONS, SPECIFICATION, match_request};
use serde_json::{Value, json};

use super::{Answer, World, http_monitor};

/// A body that makes a status page of monitor 1.
pub(super) fn status_page() -> Value {
    json!({
        "name": "Status",
        "subdomain": "shop",
        "title": "Shop status",
        "description": "How the shop is",
        "search_engine_indexed": false,
        "website_url": "https://shop.example",
        "components": [
            {
                "componentable_type": "uptime/group",
                "name": "Front",
                "components": [{ "componentable_type": "uptime/monitor", "componentable_id": 1 }],
            },
            {
                "componentable_type": "uptime/monitor",
                "componentable_id": 1,
                "display_name": "Shop",
            },
        ],
    })
}

impl World {
    /// Makes one record of each kind in project 1, all with id 1, and looks at and changes each.
    pub(super) async fn tour(&self) -> Vec<(&'static str, Answer)> {
        let rule = json!({
            "event": "uptime.incident.created",
            "integration_id": 1,
            "rate_limit": 0,
            "scope": "project",
        });
        let incident = json!({
            "title": "Down",
            "impact": "major_outage",
            "exclude_from_downtime": false,
            "monitors": [1],
        });
        let update = json!({ "state": "identified", "content": "The cable." });
        let window = json!({
            "title": "New disks",
            "monitoring_mode": "mute",
            "starts_at": "2026-03-10T00:00:00Z",
            "ends_at": "2026-03-10T01:00:00Z",
            "monitors": [1],
            "status_pages": [1],
        });
        let name = json!({ "name": "Other" });
        let title = json!({ "title": "Other" });
        let none = Value::Null;
        let tour = [
            ("GET", "/", &none),
            ("GET", "/projects", &none),
            ("GET", "/projects/1", &none),
            ("POST", "/projects/1", &name),
            ("GET", "/users", &none),
            ("GET", "/users/1", &none),
            ("GET", "/apps/email/integrations", &none),
            ("GET", "/apps/email/integrations/1", &none),
            ("POST", "/alert-rules", &rule),
            ("GET", "/alert-rules", &none),
            ("GET", "/alert-rules/1", &none),
            ("POST", "/alert-rules/1", &json!({ "rate_limit": 60 })),
            ("POST", "/uptime/monitors", &http_monitor()),
            ("GET", "/uptime/monitors", &none),
            ("GET", "/uptime/monitors/1", &none),
            ("POST", "/uptime/monitors/1", &name),
            ("POST", "/uptime/monitors/1/pause", &none),
            ("POST", "/uptime/monitors/1/resume", &none),
            ("POST", "/uptime/status-pages", &status_page()),
            ("GET", "/uptime/status-pages", &none),
            ("GET", "/uptime/status-pages/1", &none),
            ("POST", "/uptime/status-pages/1", &title),
            ("POST", "/uptime/incidents", &incident),
            ("GET", "/uptime/incidents", &none),
            ("GET", "/uptime/incidents/1", &none),
            ("POST", "/uptime/incidents/1", &title),
            ("POST", "/uptime/incidents/1/updates", &update),
            ("GET", "/uptime/incidents/1/updates", &none),
            ("GET", "/uptime/incidents/1/updates/1", &none),
            (
                "POST",
                "/uptime/incidents/1/updates/1",
                &json!({ "content": "Repaired." }),
            ),
            ("GET", "/uptime/status-pages/1/current-status", &none),
            ("GET", "/uptime/monitors/1/report", &none),
            ("GET", "/uptime/reports", &none),
            ("POST", "/uptime/maintenance-windows", &window),
            ("GET", "/uptime/maintenance-windows", &none),
            ("GET", "/uptime/maintenance-windows/1", &none),
            ("POST", "/uptime/maintenance-windows/1", &title),
        ];
        let mut answers = Vec::new();
        for (method, path, body) in tour {
            answers.push(self.visit(method, path, body).await);
        }
        answers
    }

    /// Ends and removes what the tour made.
    async fn end_tour(&self) -> Vec<(&'static str, Answer)> {
        let second = json!({ "name": "Third", "members": [1] });
        let none = Value::Null;
        let mut answers = Vec::new();
        for (method, path, body) in [
            ("POST", "/uptime/maintenance-windows/1/complete", &none),
            ("DELETE", "/uptime/maintenance-windows/1", &none),
            (
                "POST",
                "/uptime/maintenance-windows",
                &json!({
                    "title": "Later",
                    "monitoring_mode": "pause",
                    "starts_at": "2027-03-10T00:00:00Z",
                    "ends_at": "2027-03-10T01:00:00Z",
                }),
            ),
            ("POST", "/uptime/maintenance-windows/2/cancel", &none),
            ("POST", "/uptime/incidents/1/recover", &none),
            ("DELETE", "/uptime/incidents/1/updates/1", &none),
            ("DELETE", "/uptime/incidents/1", &none),
            ("DELETE", "/uptime/status-pages/1", &none),
            ("DELETE", "/uptime/monitors/1", &none),
            ("DELETE", "/alert-rules/1", &none),
            ("POST", "/projects", &second),
            ("DELETE", "/projects/3", &none),
        ] {
            answers.push(self.visit(method, path, body).await);
        }
        answers
    }

    async fn visit(&self, method: &str, path: &str, body: &Value) -> (&'static str, Answer) {
        let operation = match_request(&method.parse().unwrap(), path)
            .unwrap()
            .operation;
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = self.send(method, path, Some(1), &body).await;
        assert!(answer.status < 300, "{method} {path}: {answer:?}");
        (operation.id, answer)
    }
}

/// The schema of an answer, with all that it refers to.
fn schema_of(document: &Value, id: &str, status: u16) -> Option<Value> {
    let operation = OPERATIONS
        .iter()
        .find(|operation| operation.id == id)
        .unwrap();
    let method = operation.method.as_str().to_lowercase();
    let answers = &document["paths"][operation.path][method]["responses"];
    let answer = answers
        .get(status.to_string())
        .unwrap_or_else(|| panic!("{id}: {status}"));
    let mut schema = answer["content"]["application/json"].get("schema")?.clone();
    schema["components"] = document["components"].clone();
    Some(schema)
}

#[tokio::test]
async fn every_answer_of_a_tour_of_all_operations_holds_against_its_schema() {
    let world = World::new().await;
    let document: Value = serde_json::from_str(SPECIFICATION).unwrap();
    let mut visited = world.tour().await;
    visited.extend(world.end_tour().await);
    for (id, answer) in &visited {
        let Some(schema) = schema_of(&document, id, answer.status) else {
            assert_eq!(answer.body, Value::Null, "{id}");
            continue;
        };
        let options = jsonschema::options().should_validate_formats(true);
        let validator = options.build(&schema).unwrap();
        let complaints: Vec<String> = validator
            .iter_errors(&answer.body)
            .map(|error| format!("{} {error}", error.instance_path()))
            .collect();
        assert!(
            complaints.is_empty(),
            "{id}: {complaints:#?} {:#}",
            answer.body
        );
    }
    for operation in OPERATIONS {
        let seen = visited.iter().any(|(id, _)| *id == operation.id);
        assert!(seen, "{} was left out", operation.id);
    }
}
