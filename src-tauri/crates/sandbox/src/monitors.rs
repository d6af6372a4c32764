//! Monitors. The sandbox keeps them; it checks nothing, so they stay at `fetching`.

use serde_json::{Value, json};

use crate::collection::{Collection, PLAIN};
use crate::fields::{FieldErrors, Fields};

pub(crate) const MONITORS: Collection = Collection {
    name: "monitors",
    path: "/uptime/monitors",
    filters: &[("tag", "tags")],
    rules: &[threshold_within_regions],
    actions: &[
        ("pause", |monitor, _| {
            set(monitor, true, "paused");
            Ok(())
        }),
        ("resume", |monitor, _| {
            if monitor.get("paused") == Some(&json!(true)) {
                set(monitor, false, "fetching");
            }
            Ok(())
        }),
    ],
    ..PLAIN
};

/// The specification lets the threshold go to 10 but regions only to 6; more than there are can never fail.
fn threshold_within_regions(monitor: &Fields, errors: &mut FieldErrors) {
    let threshold = monitor.get("region_threshold").and_then(Value::as_u64);
    let regions = monitor.get("regions").and_then(Value::as_array);
    if let (Some(threshold), Some(regions)) = (threshold, regions)
        && threshold > regions.len() as u64
    {
        let complaint = "must not be greater than the number of regions.";
        errors.complain("region_threshold", complaint);
    }
}

fn set(monitor: &mut Fields, paused: bool, status: &str) {
    monitor.insert("paused".into(), json!(paused));
    monitor.insert("status".into(), json!(status));
}
