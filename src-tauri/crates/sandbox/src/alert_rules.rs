//! Alert rules, of the organization or of one project. `scope` says which and never comes back; `project_id` does.
//!
//! Phare refuses to delete a rule that is in use. Nothing that its API can set uses one, so here none ever is.

use serde_json::{Value, json};

use crate::collection::{Collection, Owner, PLAIN};
use crate::references::Reference;
use crate::validate::Shape;

pub(crate) const ALERT_RULES: Collection = Collection {
    name: "alert_rules",
    path: "/alert-rules",
    owner: Owner::Either,
    references: &[Reference {
        brings: Some("app"),
        ..Reference::to("integration_id", "integrations")
    }],
    shapes: &[
        Shape {
            field: "event_settings",
            by: "event",
            schemas: &[
                ("uptime.monitor_certificate.expiring", CERTIFICATE),
                ("uptime.incident.created", INCIDENT),
                ("uptime.incident.propagated", INCIDENT),
                ("uptime.incident.partially_recovered", INCIDENT),
                ("uptime.incident.recovered", INCIDENT),
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
    // A rule that does not say its scope is the project's: the narrower one.
    settle: |rule, project, _| match rule.remove("scope").as_ref().and_then(Value::as_str) {
        Some("organization") => {
            rule.insert("project_id".into(), Value::Null);
        }
        Some(_) => {
            rule.insert("project_id".into(), json!(project));
        }
        None => {
            rule.entry("project_id").or_insert(json!(project));
        }
    },
    ..PLAIN
};

const CERTIFICATE: &str = "CertificateExpiringEventSettings";
const INCIDENT: &str = "IncidentEventSettings";
