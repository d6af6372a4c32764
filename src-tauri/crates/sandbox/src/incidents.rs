//! Incidents that people open by hand, and the updates they write. The sandbox checks nothing, so no monitor opens one.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::collection::{Collection, PLAIN, Parent};
use crate::fields::{FieldErrors, Fields};
use crate::references::Reference;
use crate::time;

pub(crate) const INCIDENTS: Collection = Collection {
    name: "incidents",
    path: "/uptime/incidents",
    filters: &[("monitor_id", "monitors")],
    references: &[Reference::to("monitors.*", "monitors")],
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
        // The incident is at the stage of its latest update.
        told: |incident, update| {
            let state = update.get("state").cloned();
            incident.extend(state.map(|state| ("state".into(), state)));
        },
    }),
    // An update that does not say when is shown at once.
    settle: |update, _| {
        let made = update.get("created_at").cloned().unwrap_or(Value::Null);
        update.entry("published_at").or_insert(made);
    },
    ..PLAIN
};

fn recovery_after_start(incident: &Fields, errors: &mut FieldErrors) {
    let at = |field| time::at(incident, field);
    if let (Some(start), Some(recovery)) = (at("incident_at"), at("recovery_at"))
        && recovery < start
    {
        let complaint = "must be a date after or equal to incident at.";
        errors.complain("recovery_at", complaint);
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
