//! Maintenance windows. The clock moves them from scheduled to in progress to completed; people cut them short.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::collection::{Collection, PLAIN};
use crate::fields::{FieldErrors, Fields};
use crate::references::Reference;
use crate::time;

pub(crate) const MAINTENANCE_WINDOWS: Collection = Collection {
    name: "maintenance_windows",
    path: "/uptime/maintenance-windows",
    filters: &[
        ("monitor_id", "monitors"),
        ("status_page_id", "status_pages"),
        ("state", "state"),
    ],
    references: &[
        Reference::to("monitors.*", "monitors"),
        Reference::to("status_pages.*", "status_pages"),
    ],
    rules: &[end_after_start],
    derive: |window, _, now| {
        let state = json!(state(window, now));
        window.insert("state".into(), state);
    },
    actions: &[
        ("cancel", |window, now| {
            end(window, now, &["scheduled", "in_progress"], "cancelled")
        }),
        ("complete", |window, now| {
            end(window, now, &["in_progress"], "completed")
        }),
    ],
    ..PLAIN
};

fn end_after_start(window: &Fields, errors: &mut FieldErrors) {
    if let (Some(start), Some(end)) = (time::at(window, "starts_at"), time::at(window, "ends_at"))
        && end <= start
    {
        errors.complain("ends_at", "must be a date after starts at.");
    }
}

/// The stage at this time. Only one that a person ended early is written down.
fn state(window: &Fields, now: Timestamp) -> &str {
    if let Some(state) = window.get("state").and_then(Value::as_str) {
        return state;
    }
    let begun = |field| time::at(window, field).is_some_and(|time| time <= now);
    match (begun("starts_at"), begun("ends_at")) {
        (_, true) => "completed",
        (true, false) => "in_progress",
        (false, false) => "scheduled",
    }
}

fn end(window: &mut Fields, now: Timestamp, from: &[&str], to: &str) -> Result<(), FieldErrors> {
    let state = state(window, now);
    if !from.contains(&state) {
        let state = state.replace('_', " ");
        let message = format!("A maintenance window that is {state} cannot be {to}.");
        return Err(FieldErrors::one("state", message));
    }
    window.insert("state".into(), json!(to));
    Ok(())
}
