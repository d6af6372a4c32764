//! Status pages. Their secrets and images go in and never come out.

use serde_json::{Value, json};

use crate::collection::{Collection, PLAIN};
use crate::fields::Fields;
use crate::references::Reference;
use crate::specification::Specification;

pub(crate) const STATUS_PAGES: Collection = Collection {
    name: "status_pages",
    path: "/uptime/status-pages",
    made: |_| json!({ "color_scheme": "all", "timeframe": 90 }),
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

/// Forgets the secrets, keeping only that they are there, and completes theme and groups.
fn settle(page: &mut Fields, _: Option<i64>, specification: &Specification) {
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
    if let Some(Value::Object(theme)) = page.get_mut("theme") {
        complete(theme, specification);
    }
    let components = page.get_mut("components").and_then(Value::as_array_mut);
    for component in components.into_iter().flatten() {
        if component["componentable_type"] == "uptime/group"
            && let Value::Object(group) = component
        {
            group.entry("is_expanded").or_insert(json!(false));
        }
    }
}

/// Adds what a theme lacks: the colors that the specification gives as examples, of two the second for the dark.
fn complete(theme: &mut Fields, specification: &Specification) {
    let colors = specification.properties(specification.named("ThemeColors"));
    for (scheme, example) in [("light", 0), ("dark", 1)] {
        if let Value::Object(scheme) = theme.entry(scheme).or_insert(json!({})) {
            for (name, color) in colors.into_iter().flatten() {
                let examples = &color["examples"];
                let hex = examples.get(example).unwrap_or(&examples[0]);
                scheme.entry(name.as_str()).or_insert_with(|| hex.clone());
            }
        }
    }
    theme.entry("rounded").or_insert(json!(true));
    theme.entry("border_width").or_insert(json!(1));
}
