//! One record of every kind that a project has.

use serde_json::{Value, json};

use super::http_monitor;
use crate::support::people::Caller;

/// Their ids.
pub struct Records {
    pub rule: i64,
    pub monitor: i64,
    pub page: i64,
    pub incident: i64,
    pub update: i64,
    pub window: i64,
}

impl Records {
    /// Makes them. The name is in the page's subdomain.
    pub async fn make(holder: &Caller, name: &str) -> Self {
        let make = async |path: &str, body: Value| {
            holder.post(path, body).await.expect(201)["id"]
                .as_i64()
                .unwrap()
        };
        let rule = json!({
            "event": "uptime.incident.created",
            "integration_id": 1,
            "rate_limit": 0,
            "scope": "project",
        });
        let rule = make("/alert-rules", rule).await;
        let monitor = make("/uptime/monitors", http_monitor(name)).await;
        let page = json!({
            "name": "Status",
            "subdomain": format!("{name}-status"),
            "title": "Status",
            "description": "How it is",
            "search_engine_indexed": true,
            "website_url": "https://shop.example",
            "components": [{ "componentable_type": "uptime/monitor", "componentable_id": monitor }],
        });
        let page = make("/uptime/status-pages", page).await;
        let incident = json!({
            "title": "Down",
            "impact": "major_outage",
            "exclude_from_downtime": false,
            "monitors": [monitor],
        });
        let incident = make("/uptime/incidents", incident).await;
        let update = json!({ "state": "identified", "content": "The cable." });
        let update = make(&format!("/uptime/incidents/{incident}/updates"), update).await;
        let window = json!({
            "title": "Disks",
            "monitoring_mode": "mute",
            "starts_at": "2020-01-01T00:00:00Z",
            "ends_at": "2120-01-01T00:00:00Z",
            "monitors": [monitor],
            "status_pages": [page],
        });
        let window = make("/uptime/maintenance-windows", window).await;
        Self {
            rule,
            monitor,
            page,
            incident,
            update,
            window,
        }
    }

    /// A path of an operation with these ids in it.
    pub fn path(&self, template: &str) -> String {
        let ids = [
            ("{alertRuleId}", self.rule),
            ("{monitorId}", self.monitor),
            ("{statusPageId}", self.page),
            ("{incidentId}", self.incident),
            ("{incidentUpdateId}", self.update),
            ("{maintenanceWindowId}", self.window),
        ];
        ids.iter().fold(template.to_owned(), |path, (name, id)| {
            path.replace(name, &id.to_string())
        })
    }

    /// All of them, as their project sees them.
    pub async fn seen(&self, holder: &Caller) -> Vec<Value> {
        let mut seen = Vec::new();
        for path in [
            "/alert-rules/{alertRuleId}",
            "/uptime/monitors/{monitorId}",
            "/uptime/status-pages/{statusPageId}",
            "/uptime/incidents/{incidentId}",
            "/uptime/incidents/{incidentId}/updates/{incidentUpdateId}",
            "/uptime/maintenance-windows/{maintenanceWindowId}",
        ] {
            seen.push(holder.get(&self.path(path)).await.expect(200));
        }
        seen
    }
}
