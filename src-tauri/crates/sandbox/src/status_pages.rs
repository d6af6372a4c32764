//! Status pages. Their secrets and images go in and never come out.

use serde_json::{Value, json};

use crate::collection::{Collection, PLAIN};
use crate::fields::Fields;
use crate::references::Reference;

pub(crate) const STATUS_PAGES: Collection = Collection {
    name: "status_pages",
    path: "/uptime/status-pages",
    filters: &[("tag", "tags")],
    references: &[
        Reference::to("components.*.componentable_id", "monitors"),
        Reference::to("components.*.components.*.componentable_id", "monitors"),
    ],
    unique: Some("subdomain"),
    images: &[
        ("logo_light", LOGO),
        ("logo_dark", LOGO),
        ("favicon_light", FAVICON),
        ("favicon_dark", FAVICON),
    ],
    settle,
    ..PLAIN
};

const LOGO: &[&str] = &["jpeg", "png", "svg"];
const FAVICON: &[&str] = &["png", "svg"];

/// Forgets the secrets, keeping only that they are there.
fn settle(page: &mut Fields, _: Option<i64>) {
    let mut private = page.get("access_ips").is_some_and(Value::is_array);
    for secret in ["access_token", "access_password"] {
        let enabled = format!("{secret}_enabled");
        let set = match page.remove(secret) {
            Some(value) => !value.is_null(),
            None => page.get(&enabled) == Some(&json!(true)),
        };
        page.insert(enabled, json!(set));
        private |= set;
    }
    page.insert("is_private".into(), json!(private));
}
