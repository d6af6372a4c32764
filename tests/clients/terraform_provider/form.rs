//! What goes up after the JSON: a status page and its images as a form.

use serde_json::{Value, json};

/// Field, file name, content.
pub(in crate::clients) type File<'a> = (&'a str, &'a str, &'a [u8]);

pub(in crate::clients) const BOUNDARY: &str =
    "3f2b8d6c1a904e7755d0c9e8b7a6f5e4d3c2b1a09f8e7d6c5b4a39281706";

/// A page as fields of a form, in the provider's order; what is not set is not in it.
pub(in crate::clients) fn fields(page: &Value, removed: &[&str]) -> Vec<(String, String)> {
    let text = |value: &Value| match value {
        Value::Bool(yes) => u8::from(*yes).to_string(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut fields = Vec::new();
    let mut put = |name: String, value: &Value| {
        if !value.is_null() {
            fields.push((name, text(value)));
        }
    };
    for name in [
        "name",
        "title",
        "description",
        "website_url",
        "search_engine_indexed",
        "subdomain",
        "domain",
        "color_scheme",
        "timeframe",
    ] {
        put(name.to_owned(), &page[name]);
    }
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for (at, component) in list(&page["components"]).iter().enumerate() {
        for name in [
            "componentable_type",
            "componentable_id",
            "name",
            "is_expanded",
        ] {
            put(format!("components[{at}][{name}]"), &component[name]);
        }
        for (inner, component) in list(&component["components"]).iter().enumerate() {
            for name in ["componentable_type", "componentable_id"] {
                let field = format!("components[{at}][components][{inner}][{name}]");
                put(field, &component[name]);
            }
        }
    }
    for name in ["subscription_channels", "access_ips"] {
        for (at, item) in list(&page[name]).iter().enumerate() {
            put(format!("{name}[{at}]"), item);
        }
    }
    for name in ["access_token", "access_password"] {
        put(name.to_owned(), &page[name]);
    }
    for name in ["rounded", "border_width"] {
        put(format!("theme[{name}]"), &page["theme"][name]);
    }
    for mode in ["light", "dark"] {
        for (color, value) in page["theme"][mode].as_object().into_iter().flatten() {
            put(format!("theme[{mode}][{color}]"), value);
        }
    }
    for field in removed {
        put((*field).to_owned(), &json!("false"));
    }
    fields
}

/// The bytes as Go's multipart writer puts them.
pub(in crate::clients) fn form(fields: &[(String, String)], files: &[File<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    let part = |body: &mut Vec<u8>, head: String, content: &[u8]| {
        let before = if body.is_empty() { "" } else { "\r\n" };
        let head =
            format!("{before}--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n");
        body.extend(head.as_bytes());
        body.extend(content);
    };
    for (name, text) in fields {
        part(&mut body, format!("name=\"{name}\""), text.as_bytes());
    }
    for (name, file, content) in files {
        let file = file.replace('"', "\\\"");
        let kind = "Content-Type: application/octet-stream";
        let head = format!("name=\"{name}\"; filename=\"{file}\"\r\n{kind}");
        part(&mut body, head, content);
    }
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}
