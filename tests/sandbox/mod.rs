//! The built-in Phare, as a key holder sees it through the gateway.

mod isolation;
mod listings;
mod monitors;
mod projects;
mod records;
mod rest;
mod schemathesis;

use serde_json::{Value, json};

/// A body that makes a monitor.
fn http_monitor(name: &str) -> Value {
    json!({
        "name": name,
        "protocol": "http",
        "request": { "method": "GET", "url": "https://shop.example/" },
        "regions": ["eu-deu-fra", "as-jpn-hnd"],
    })
}
