//! Monitors. The sandbox keeps them; it checks nothing, so they stay at `fetching`.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::collection::{Collection, Fields, Made, PLAIN, fields};
use crate::validate::{FieldErrors, Shape};

pub(crate) const MONITORS: Collection = Collection {
    name: "monitors",
    path: "/uptime/monitors",
    made: Made::Alone(made),
    shapes: &[Shape {
        field: "request",
        by: "protocol",
        schemas: &[("http", "HttpRequest"), ("tcp", "TcpRequest")],
        as_sent: false,
    }],
    rules: &[threshold_within_regions],
    actions: &[("pause", pause), ("resume", resume)],
    ..PLAIN
};

fn made(_: &Fields) -> Fields {
    fields(json!({
        "status": "fetching",
        "paused": false,
        "response_time": null,
        "last_checked_at": null,
    }))
}

/// The specification lets the threshold go to 10 but regions only to 6; more than there are can never fail.
fn threshold_within_regions(monitor: &Fields, errors: &mut FieldErrors) {
    let threshold = monitor.get("region_threshold").and_then(Value::as_u64);
    let regions = monitor.get("regions").and_then(Value::as_array);
    if let (Some(threshold), Some(regions)) = (threshold, regions)
        && threshold > regions.len() as u64
    {
        errors.push(
            "region_threshold",
            "The region threshold field must not be greater than the number of regions.",
        );
    }
}

fn pause(monitor: &mut Fields, _: Timestamp) -> Result<(), FieldErrors> {
    monitor.insert("paused".into(), json!(true));
    monitor.insert("status".into(), json!("paused"));
    Ok(())
}

fn resume(monitor: &mut Fields, _: Timestamp) -> Result<(), FieldErrors> {
    if monitor.get("paused") == Some(&json!(true)) {
        monitor.insert("paused".into(), json!(false));
        monitor.insert("status".into(), json!("fetching"));
    }
    Ok(())
}
