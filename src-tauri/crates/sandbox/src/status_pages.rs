//! Status pages. Their secrets and images go in and never come out.

use serde_json::{Value, json};

use crate::collection::{Collection, Fields, Made, PLAIN, fields};
use crate::images::{Image, Kind};
use crate::references::Reference;

pub(crate) const STATUS_PAGES: Collection = Collection {
    name: "status_pages",
    path: "/uptime/status-pages",
    made: Made::Alone(made),
    references: &[
        Reference {
            at: "components.*.componentable_id",
            collection: "monitors",
            brings: None,
        },
        Reference {
            at: "components.*.components.*.componentable_id",
            collection: "monitors",
            brings: None,
        },
    ],
    unique: Some("subdomain"),
    images: &[
        Image {
            field: "logo_light",
            kinds: LOGO,
        },
        Image {
            field: "logo_dark",
            kinds: LOGO,
        },
        Image {
            field: "favicon_light",
            kinds: FAVICON,
        },
        Image {
            field: "favicon_dark",
            kinds: FAVICON,
        },
    ],
    settle,
    ..PLAIN
};

const LOGO: &[Kind] = &[Kind::Jpeg, Kind::Png, Kind::Svg];
const FAVICON: &[Kind] = &[Kind::Png, Kind::Svg];

/// What opens a page, each with the field that says it is set.
const SECRETS: [(&str, &str); 2] = [
    ("access_token", "access_token_enabled"),
    ("access_password", "access_password_enabled"),
];

fn made(_: &Fields) -> Fields {
    fields(json!({ "color_scheme": "all", "timeframe": 90 }))
}

/// Forgets the secrets, keeping only that they are there, and completes theme and groups.
fn settle(page: &mut Fields, _: Option<i64>) {
    let mut private = page.get("access_ips").is_some_and(Value::is_array);
    for (secret, enabled) in SECRETS {
        let set = match page.remove(secret) {
            Some(value) => !value.is_null(),
            None => page.get(enabled) == Some(&json!(true)),
        };
        page.insert(enabled.into(), json!(set));
        private |= set;
    }
    page.insert("is_private".into(), json!(private));
    if let Some(Value::Object(theme)) = page.get_mut("theme") {
        complete(theme, &theme_of_phare());
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

/// Adds what `stored` lacks of `whole`, at any depth.
fn complete(stored: &mut Fields, whole: &Value) {
    for (name, value) in whole.as_object().into_iter().flatten() {
        match stored.entry(name.as_str()).or_insert(Value::Null) {
            Value::Object(inner) => complete(inner, value),
            missing @ Value::Null => *missing = value.clone(),
            _ => {}
        }
    }
}

/// The colors that the specification gives as examples.
fn theme_of_phare() -> Value {
    let colors = |background, foreground, muted, card| {
        json!({
            "operational": "#16a34a",
            "degraded_performance": "#fbbf24",
            "partial_outage": "#f59e0b",
            "major_outage": "#ef4444",
            "maintenance": "#6366f1",
            "empty": "#d3d3d3",
            "background": background,
            "foreground": foreground,
            "foreground_muted": muted,
            "background_card": card,
        })
    };
    json!({
        "light": colors("#ffffff", "#000000", "#737373", "#fafafa"),
        "dark": colors("#111111", "#ffffff", "#959595", "#1a1a1a"),
        "rounded": true,
        "border_width": 1,
    })
}
