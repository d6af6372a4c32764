//! Incidents that people open by hand, and the updates they write. The sandbox checks nothing, so no monitor opens one.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::collection::{Collection, Fields, Made, PLAIN, Parent, fields};
use crate::references::Reference;
use crate::time;
use crate::validate::{FieldErrors, Shape};

pub(crate) const INCIDENTS: Collection = Collection {
    name: "incidents",
    path: "/uptime/incidents",
    filters: &[("monitor_id", "monitors")],
    made: Made::Alone(made),
    references: &[Reference {
        at: "monitors.*",
        collection: "monitors",
        brings: None,
    }],
    shapes: &[Shape {
        field: "impact",
        by: "impact",
        // Not among what may be written, but clients in use send them and expect a 201.
        schemas: &[
            ("operational", "IncidentImpact"),
            ("maintenance", "IncidentImpact"),
        ],
        as_sent: false,
    }],
    rules: &[recovery_after_start],
    derive,
    actions: &[("recover", recover)],
    ..PLAIN
};

pub(crate) const UPDATES: Collection = Collection {
    name: "incident_updates",
    path: "/uptime/incidents/{incidentId}/updates",
    parent: Some(Parent::Record {
        field: "incident_id",
        collection: &INCIDENTS,
        told,
    }),
    made: Made::Alone(written),
    settle: published,
    ..PLAIN
};

fn made(_: &Fields) -> Fields {
    fields(json!({ "type": "manual", "state": "investigating" }))
}

fn recovery_after_start(incident: &Fields, errors: &mut FieldErrors) {
    if let (Some(start), Some(recovery)) = (
        time::at(incident, "incident_at"),
        time::at(incident, "recovery_at"),
    ) && recovery < start
    {
        errors.push(
            "recovery_at",
            "The recovery at field must be a date after or equal to incident at.",
        );
    }
}

/// Whether it was over at this time.
pub(crate) fn recovered(incident: &Fields, now: Timestamp) -> bool {
    time::at(incident, "recovery_at").is_some_and(|recovery| recovery <= now)
}

fn derive(incident: &mut Fields, id: i64, now: Timestamp) {
    let recovered = recovered(incident, now);
    let status = if recovered { "recovered" } else { "ongoing" };
    incident.insert("status".into(), json!(status));
    if recovered {
        incident.insert("state".into(), json!("resolved"));
    }
    incident.insert("slug".into(), json!(format!("APP-{id}")));
}

fn recover(incident: &mut Fields, now: Timestamp) -> Result<(), FieldErrors> {
    if recovered(incident, now) {
        let message = "The incident has already recovered.";
        return Err(FieldErrors::one("status", message));
    }
    incident.insert("recovery_at".into(), json!(time::written(now)));
    incident.insert("state".into(), json!("resolved"));
    Ok(())
}

/// Phare sees one key, whoever calls it through Gardien.
fn written(_: &Fields) -> Fields {
    fields(json!({ "creator": { "id": 1, "type": "api_key", "label": "Gardien" } }))
}

/// An update that does not say when is shown at once.
fn published(update: &mut Fields, _: Option<i64>) {
    let made = update.get("created_at").cloned().unwrap_or(Value::Null);
    update.entry("published_at").or_insert(made);
}

/// The incident is at the stage of its latest update.
fn told(incident: &mut Fields, update: &Fields) {
    if let Some(state) = update.get("state") {
        incident.insert("state".into(), state.clone());
    }
}
