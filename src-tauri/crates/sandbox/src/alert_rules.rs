//! Alert rules, of the organization or of one project. `scope` says which and never comes back; `project_id` does.
//!
//! Phare refuses to delete a rule that is in use. Nothing that its API can set uses one, so here none ever is.

use serde_json::{Value, json};

use crate::collection::{Collection, Fields, Owner, PLAIN};
use crate::references::Reference;
use crate::validate::Shape;

pub(crate) const ALERT_RULES: Collection = Collection {
    name: "alert_rules",
    path: "/alert-rules",
    owner: Owner::Either,
    references: &[Reference {
        at: "integration_id",
        collection: "integrations",
        brings: Some("app"),
    }],
    shapes: &[
        Shape {
            field: "event_settings",
            by: "event",
            schemas: &[
                (
                    "uptime.monitor_certificate.expiring",
                    "CertificateExpiringEventSettings",
                ),
                ("uptime.incident.created", "IncidentEventSettings"),
                ("uptime.incident.propagated", "IncidentEventSettings"),
                (
                    "uptime.incident.partially_recovered",
                    "IncidentEventSettings",
                ),
                ("uptime.incident.recovered", "IncidentEventSettings"),
            ],
            as_sent: true,
        },
        Shape {
            field: "integration_settings",
            by: "app",
            schemas: &[
                ("ntfy", "NtfySettings"),
                ("outgoing_webhook", "OutgoingWebhookSettings"),
                ("pushover", "PushoverSettings"),
            ],
            as_sent: true,
        },
    ],
    settle,
    ..PLAIN
};

/// A rule that does not say its scope is the project's: the narrower one.
fn settle(rule: &mut Fields, project: Option<i64>) {
    match rule.remove("scope").as_ref().and_then(Value::as_str) {
        Some("organization") => {
            rule.insert("project_id".into(), Value::Null);
        }
        Some(_) => {
            rule.insert("project_id".into(), json!(project));
        }
        None => {
            rule.entry("project_id").or_insert_with(|| json!(project));
        }
    }
}
