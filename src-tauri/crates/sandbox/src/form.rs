//! Bodies of `multipart/form-data`: bracketed names become lists and objects, texts become what the schema says.

use axum::body::Body;
use bytes::Bytes;
use multer::{Constraints, Multipart, SizeLimit};
use serde_json::{Value, json};

use crate::answers::Rejection;
use crate::fields::{FieldErrors, Fields, fields};
use crate::specification::{Specification, branches, kind};

/// Bytes of a whole form: four pictures of the largest size, and text.
const LARGEST_FORM: u64 = 10 * 1024 * 1024;

/// Names in a name. The deepest that the specification has is five.
const DEEPEST: usize = 8;

/// What a request brings.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) fields: Fields,
    /// Files, each with the name of its field.
    pub(crate) files: Vec<(String, Bytes)>,
}

/// Whether a content type is that of a form.
pub(crate) fn is_form(content_type: &str) -> bool {
    let kind = content_type.get(..19).unwrap_or_default();
    kind.eq_ignore_ascii_case("multipart/form-data")
}

/// Reads a form whose fields are those of `schema`.
pub(crate) async fn read(
    specification: &Specification,
    schema: &Value,
    content_type: &str,
    body: Body,
) -> Result<Sent, Rejection> {
    let boundary = multer::parse_boundary(content_type).map_err(refusal)?;
    let limits = SizeLimit::new().whole_stream(LARGEST_FORM);
    let constraints = Constraints::new().size_limit(limits);
    let mut form = Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
    let mut tree = json!({});
    let mut files = Vec::new();
    while let Some(part) = form.next_field().await.map_err(refusal)? {
        let name = part.name().unwrap_or_default().to_owned();
        if part.file_name().is_some() {
            files.push((name, part.bytes().await.map_err(refusal)?));
        } else {
            let text = part.text().await.map_err(refusal)?;
            plant(&mut tree, &names(&name), text);
        }
    }
    Ok(Sent {
        fields: fields(typed(specification, schema, tree)),
        files,
    })
}

fn refusal(error: multer::Error) -> Rejection {
    match error {
        multer::Error::StreamSizeExceeded { .. } => Rejection::TooLarge,
        _ => Rejection::Invalid(FieldErrors::one("body", "The body must be a whole form.")),
    }
}

/// `a[0][b]` is `a`, `0`, `b`.
pub(crate) fn names(name: &str) -> Vec<&str> {
    let (first, rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    let rest = rest.split('[').skip(1);
    std::iter::once(first)
        .chain(rest.map(|name| name.trim_end_matches(']')))
        .take(DEEPEST)
        .collect()
}

/// Puts a text into the tree. An empty name is the next item of a list; of a name sent twice the last counts.
pub(crate) fn plant(tree: &mut Value, names: &[&str], text: String) {
    let [name, rest @ ..] = names else {
        *tree = Value::String(text);
        return;
    };
    if !tree.is_object() {
        *tree = json!({});
    }
    if let Value::Object(branch) = tree {
        let name = match *name {
            "" => branch.len().to_string(),
            name => name.to_owned(),
        };
        plant(branch.entry(name).or_insert(Value::Null), rest, text);
    }
}

/// A tree of texts as values of the schema's types. What does not fit stays text, for validation to name.
pub(crate) fn typed(specification: &Specification, schema: &Value, tree: Value) -> Value {
    let schema = specification.resolve(schema);
    let item = |item| typed(specification, &schema["items"], item);
    match (tree, kind(schema)) {
        (Value::String(text), _) if text.is_empty() && specification.allows_null(schema) => {
            Value::Null
        }
        (Value::String(text), "array") => {
            let items = text.split(',').filter(|item| !item.is_empty());
            items.map(|text| item(json!(text))).collect()
        }
        (Value::String(text), kind) => match (kind, text.as_str()) {
            ("boolean", "1") => json!(true),
            ("boolean", "0") => json!(false),
            // Of several ways to write a number one is good: 030 and +30 are none.
            ("integer", _) => match text.parse::<i64>() {
                Ok(number) if number.to_string() == text => json!(number),
                _ => Value::String(text),
            },
            _ => Value::String(text),
        },
        (Value::Object(branch), "array") => {
            let mut items: Vec<(String, Value)> = branch.into_iter().collect();
            items.sort_by_key(|(index, _)| index.parse().unwrap_or(u64::MAX));
            items.into_iter().map(|(_, value)| item(value)).collect()
        }
        (Value::Object(mut branch), _) => {
            for (name, value) in &mut branch {
                let field = property(specification, schema, name).unwrap_or(&Value::Null);
                *value = typed(specification, field, value.take());
            }
            Value::Object(branch)
        }
        (other, _) => other,
    }
}

/// A field of an object, or of any object that a union allows.
fn property<'a>(
    specification: &'a Specification,
    schema: &'a Value,
    name: &str,
) -> Option<&'a Value> {
    if let Some(fields) = specification.properties(schema) {
        return fields.get(name);
    }
    let mut branches = branches(specification.resolve(schema)).iter();
    branches.find_map(|branch| property(specification, branch, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parts: &[(&str, &str)]) -> Value {
        let specification = Specification::load().unwrap();
        let mut tree = json!({});
        for (name, text) in parts {
            plant(&mut tree, &names(name), (*text).to_owned());
        }
        typed(
            &specification,
            specification.named("StatusPageUpdate"),
            tree,
        )
    }

    #[test]
    fn texts_become_what_the_schema_says() {
        let form = read(&[
            ("name", "1"),
            ("search_engine_indexed", "0"),
            ("timeframe", "30"),
            ("domain", ""),
            ("theme[rounded]", "1"),
            ("theme[border_width]", "2"),
            ("theme[light][empty]", "#000000"),
            ("logo_dark", "false"),
            ("unknown[a][b]", "c"),
        ]);
        let expected = json!({
            "name": "1",
            "search_engine_indexed": false,
            "timeframe": 30,
            "domain": null,
            "theme": { "rounded": true, "border_width": 2, "light": { "empty": "#000000" } },
            "logo_dark": "false",
            "unknown": { "a": { "b": "c" } },
        });
        assert_eq!(form, expected);
    }

    #[test]
    fn lists_keep_the_order_of_their_indexes() {
        let form = read(&[
            ("components[10][componentable_type]", "uptime/monitor"),
            ("components[10][componentable_id]", "7"),
            ("components[2][name]", "Group"),
            ("components[2][is_expanded]", "1"),
            ("components[2][components][1][componentable_id]", "5"),
            ("components[2][components][0][componentable_id]", "6"),
            ("subscription_channels", "rss,atom"),
            ("access_ips[]", "10.0.0.1"),
            ("access_ips[]", "10.0.0.0/8"),
        ]);
        let expected = json!({
            "components": [
                {
                    "name": "Group",
                    "is_expanded": true,
                    "components": [{ "componentable_id": 6 }, { "componentable_id": 5 }],
                },
                { "componentable_type": "uptime/monitor", "componentable_id": 7 },
            ],
            "subscription_channels": ["rss", "atom"],
            "access_ips": ["10.0.0.1", "10.0.0.0/8"],
        });
        assert_eq!(form, expected);
    }

    #[test]
    fn odd_names_and_values_stay_for_validation() {
        let form = read(&[
            ("search_engine_indexed", "yes"),
            ("timeframe", "many"),
            ("name[0]", "x"),
            ("components", ""),
            ("access_ips[x", "y"),
            ("[", "z"),
        ]);
        let expected = json!({
            "search_engine_indexed": "yes",
            "timeframe": "many",
            "name": { "0": "x" },
            "components": [],
            "access_ips": ["y"],
            "5": { "0": "z" },
        });
        assert_eq!(form, expected);
    }
}
