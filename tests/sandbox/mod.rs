//! The built-in Phare, as a key holder sees it through the gateway: what a gateway and a database in between could
//! spoil. What it answers is told where it is made.

mod isolation;
mod listings;
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
