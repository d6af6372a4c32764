//! Values against the specification's schemas, with every complaint in Laravel's words.
//!
//! Checking also cleans: strings are trimmed, unknown fields dropped, absent ones filled in where the specification
//! says with what. What comes out is what is kept.

use serde_json::{Map, Value, json};

use crate::specification::Specification;
use crate::time;

/// A field whose schema another field of the same record decides.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The field.
    pub(crate) field: &'static str,
    /// The field that decides.
    pub(crate) by: &'static str,
    /// `(value of the deciding field, name of the schema)`.
    pub(crate) schemas: &'static [(&'static str, &'static str)],
    /// Whether the value is kept as it came, once it holds. Then it may also be empty, where the field may be null.
    pub(crate) as_sent: bool,
}

/// Complaints about fields, in the order of the fields.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct FieldErrors(Vec<(String, String)>);

impl FieldErrors {
    /// One complaint about one field.
    pub(crate) fn one(field: &str, message: impl Into<String>) -> Self {
        Self(vec![(field.to_owned(), message.into())])
    }

    pub(crate) fn push(&mut self, field: &str, message: impl Into<String>) {
        self.0.push((field.to_owned(), message.into()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The body of a 422: the first complaint and how many more there are, then all of them by field.
    pub(crate) fn body(&self) -> Value {
        let first = self.0.first().map_or("", |(_, message)| message);
        let message = match self.0.len() {
            0 | 1 => first.to_owned(),
            2 => format!("{first} (and 1 more error)"),
            errors => format!("{first} (and {} more errors)", errors - 1),
        };
        let mut errors = Map::new();
        for (field, message) in &self.0 {
            let lines = errors.entry(field.as_str()).or_insert_with(|| json!([]));
            if let Value::Array(lines) = lines {
                lines.push(json!(message));
            }
        }
        json!({ "message": message, "errors": errors })
    }
}

/// Checks and cleans `value`.
pub(crate) fn check(
    specification: &Specification,
    schema: &Value,
    shapes: &[Shape],
    value: Value,
) -> Result<Value, FieldErrors> {
    let mut walk = Walk {
        specification,
        shapes,
        errors: FieldErrors::default(),
    };
    let value = walk.value(schema, value, "");
    if walk.errors.is_empty() {
        Ok(value)
    } else {
        Err(walk.errors)
    }
}

struct Walk<'a> {
    specification: &'a Specification,
    shapes: &'a [Shape],
    errors: FieldErrors,
}

impl<'a> Walk<'a> {
    fn complain(&mut self, path: &str, complaint: &str) {
        let attribute = path.replace('_', " ");
        self.errors
            .push(path, format!("The {attribute} field {complaint}"));
    }

    fn selected_is_invalid(&mut self, path: &str) {
        let attribute = path.replace('_', " ");
        self.errors
            .push(path, format!("The selected {attribute} is invalid."));
    }

    fn value(&mut self, schema: &Value, value: Value, path: &str) -> Value {
        let specification = self.specification;
        let schema = specification.resolve(schema);
        let value = match value {
            Value::String(text) => Value::String(text.trim().to_owned()),
            value => value,
        };
        // As in Laravel no text is null, where no text could not hold.
        let no_text = value == ""
            && (schema["minLength"].is_u64()
                || ["date-time", "binary"]
                    .iter()
                    .any(|format| schema["format"] == *format));
        if (value.is_null() || no_text) && specification.allows_null(schema) {
            return Value::Null;
        }
        let branches = schema.get("oneOf").or_else(|| schema.get("anyOf"));
        if let Some(branches) = branches.and_then(Value::as_array) {
            return self.branch(branches, value, path);
        }
        if let Some(choices) = schema["enum"].as_array() {
            let value = whole_number(value);
            if !choices.contains(&value) {
                self.selected_is_invalid(path);
            }
            return value;
        }
        match kind(schema) {
            "object" => return self.object(schema, value, path),
            "array" => return self.array(schema, value, path),
            "string" => self.string(schema, &value, path),
            "integer" => {
                let value = whole_number(value);
                self.number(schema, value.as_i64().is_some(), "an integer", &value, path);
                return value;
            }
            "number" => self.number(schema, value.is_number(), "a number", &value, path),
            "boolean" if !value.is_boolean() => self.complain(path, "must be true or false."),
            _ => {}
        }
        value
    }

    fn object(&mut self, schema: &Value, value: Value, path: &str) -> Value {
        let Value::Object(sent) = value else {
            self.complain(path, "must be an object.");
            return value;
        };
        let specification = self.specification;
        let Some(properties) = specification.properties(schema) else {
            return self.free_form(schema, sent, path);
        };
        let mut kept = Map::new();
        for (name, property) in properties {
            let field = join(path, name);
            let (property, as_sent) = self.shape(path, name, &sent).unwrap_or((property, false));
            let required = schema["required"]
                .as_array()
                .is_some_and(|required| required.iter().any(|required| required == name));
            let missing = match sent.get(name) {
                None => true,
                Some(Value::Null) => !specification.allows_null(property),
                Some(Value::String(text)) => text.trim().is_empty(),
                Some(Value::Array(items)) => {
                    items.is_empty() && specification.resolve(property).get("minItems").is_some()
                }
                Some(_) => false,
            };
            if required && missing {
                self.complain(&field, "is required.");
            } else if let Some(value) = sent.get(name) {
                let checked = self.value(property, value.clone(), &field);
                kept.insert(name.clone(), if as_sent { value.clone() } else { checked });
            } else if let Some(value) = specification.absent(property) {
                kept.insert(name.clone(), value);
            }
        }
        Value::Object(kept)
    }

    /// An object without named fields keeps what it holds.
    fn free_form(&mut self, schema: &Value, sent: Map<String, Value>, path: &str) -> Value {
        let Some(each) = schema
            .get("additionalProperties")
            .filter(|each| each.is_object())
        else {
            return Value::Object(sent);
        };
        let checked = sent.into_iter().map(|(name, value)| {
            let value = self.value(each, value, &join(path, &name));
            (name, value)
        });
        Value::Object(checked.collect())
    }

    /// The schema that a sibling decides on, for a field of the record itself, and whether the value stays as sent.
    fn shape(
        &self,
        path: &str,
        name: &str,
        record: &Map<String, Value>,
    ) -> Option<(&'a Value, bool)> {
        let shape = self
            .shapes
            .iter()
            .find(|shape| path.is_empty() && shape.field == name)?;
        let empty = match record.get(name)? {
            Value::Null => true,
            Value::Object(fields) => fields.is_empty(),
            _ => false,
        };
        if shape.as_sent && empty {
            return None;
        }
        let decided = record.get(shape.by)?.as_str()?.trim();
        let (_, schema) = shape.schemas.iter().find(|(value, _)| *value == decided)?;
        Some((self.specification.named(schema), shape.as_sent))
    }

    fn array(&mut self, schema: &Value, value: Value, path: &str) -> Value {
        let Value::Array(items) = value else {
            self.complain(path, "must be an array.");
            return value;
        };
        let count = items.len() as u64;
        if let Some(least) = schema["minItems"].as_u64().filter(|least| count < *least) {
            self.complain(
                path,
                &format!("must have at least {least} {}.", items_of(least)),
            );
        }
        if let Some(most) = schema["maxItems"].as_u64().filter(|most| count > *most) {
            self.complain(
                path,
                &format!("must not have more than {most} {}.", items_of(most)),
            );
        }
        let each = &schema["items"];
        let checked = items
            .into_iter()
            .enumerate()
            .map(|(index, item)| self.value(each, item, &join(path, &index.to_string())));
        Value::Array(checked.collect())
    }

    fn string(&mut self, schema: &Value, value: &Value, path: &str) {
        let Some(text) = value.as_str() else {
            self.complain(path, "must be a string.");
            return;
        };
        let length = text.chars().count() as u64;
        if let Some(least) = schema["minLength"].as_u64().filter(|least| length < *least) {
            self.complain(path, &format!("must be at least {least} characters."));
        }
        if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
            self.complain(
                path,
                &format!("must not be greater than {most} characters."),
            );
        }
        match schema["format"].as_str() {
            Some("date-time") if !time::is_date_time(text) => {
                self.complain(path, "must be a valid date.");
            }
            Some("uri") if !is_address(text) => self.complain(path, "must be a valid URL."),
            Some("json") if serde_json::from_str::<Value>(text).is_err() => {
                self.complain(path, "must be a valid JSON string.");
            }
            _ => {}
        }
    }

    fn number(&mut self, schema: &Value, fits: bool, kind: &str, value: &Value, path: &str) {
        let Some(number) = value.as_f64().filter(|_| fits) else {
            self.complain(path, &format!("must be {kind}."));
            return;
        };
        let (least, most) = (&schema["minimum"], &schema["maximum"]);
        if least.as_f64().is_some_and(|least| number < least) {
            self.complain(path, &format!("must be at least {least}."));
        }
        if most.as_f64().is_some_and(|most| number > most) {
            self.complain(path, &format!("must not be greater than {most}."));
        }
    }

    /// One of several schemas: the one whose fixed field says so, else the one with the fewest complaints.
    fn branch(&mut self, branches: &[Value], value: Value, path: &str) -> Value {
        let specification = self.specification;
        let chosen: Vec<&Value> = branches
            .iter()
            .filter(|branch| {
                fixed_field(specification, branch)
                    .is_some_and(|(field, fixed)| value.get(field) == Some(fixed))
            })
            .collect();
        let fixed = branches
            .first()
            .and_then(|branch| fixed_field(specification, branch));
        if let (true, true, Some((field, _))) = (chosen.is_empty(), value.is_object(), fixed) {
            let field_path = join(path, field);
            if value.get(field).is_some() {
                self.selected_is_invalid(&field_path);
            } else {
                self.complain(&field_path, "is required.");
            }
            return value;
        }
        let candidates = if chosen.is_empty() {
            branches.iter().collect()
        } else {
            chosen
        };
        let attempt = |branch: &&Value| {
            let mut walk = Walk {
                specification,
                shapes: &[],
                errors: FieldErrors::default(),
            };
            let value = walk.value(branch, value.clone(), path);
            (value, walk.errors)
        };
        let best = candidates
            .iter()
            .map(attempt)
            .min_by_key(|(_, errors)| errors.0.len());
        match best {
            Some((value, errors)) => {
                self.errors.0.extend(errors.0);
                value
            }
            None => value,
        }
    }
}

/// A field that can only have one value: it tells the branches of a union apart.
fn fixed_field<'a>(
    specification: &'a Specification,
    branch: &'a Value,
) -> Option<(&'a str, &'a Value)> {
    specification
        .properties(branch)?
        .iter()
        .find_map(|(name, field)| match field["enum"].as_array()?.as_slice() {
            [only] => Some((name.as_str(), only)),
            _ => None,
        })
}

/// The type of a value that is not null.
pub(crate) fn kind(schema: &Value) -> &str {
    let stated = &schema["type"];
    let among = || {
        stated
            .as_array()?
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
    };
    stated.as_str().or_else(among).unwrap_or("")
}

/// 60.0 is the integer 60, in JSON Schema as in JavaScript.
fn whole_number(value: Value) -> Value {
    // Beyond this not every integer has a float of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value.as_f64() {
        Some(number) if value.is_f64() && number.fract() == 0.0 && number.abs() <= EXACT => {
            json!(number as i64)
        }
        _ => value,
    }
}

fn is_address(text: &str) -> bool {
    text.parse::<http::Uri>()
        .is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some_and(|host| !host.is_empty()))
}

fn items_of(count: u64) -> &'static str {
    if count == 1 { "item" } else { "items" }
}

fn join(path: &str, field: &str) -> String {
    if path.is_empty() {
        field.to_owned()
    } else {
        format!("{path}.{field}")
    }
}

#[cfg(test)]
mod tests;
