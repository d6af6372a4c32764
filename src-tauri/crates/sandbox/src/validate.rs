//! Values against the specification's schemas, with every complaint in Laravel's words.
//!
//! Checking also cleans: strings are trimmed and absent fields filled in where the specification says with what. What
//! comes out is what is kept; fields that the specification does not know stay as they came within a field that it knows.

use serde_json::{Value, json};

use crate::fields::{FieldErrors, Fields, join};
use crate::specification::{Specification, branches, kind};
use crate::time;

/// Checks and cleans `value`.
pub(crate) fn check(
    specification: &Specification,
    schema: &Value,
    value: Value,
) -> Result<Value, FieldErrors> {
    checked(specification, schema, value, None)
}

/// The same of a record that was kept, where `sent` is what is new in it. What was kept before patterns were held against
/// it is no fault of a change of something else.
pub(crate) fn check_change(
    specification: &Specification,
    schema: &Value,
    value: Value,
    sent: &Fields,
) -> Result<Value, FieldErrors> {
    checked(specification, schema, value, Some(sent))
}

fn checked(
    specification: &Specification,
    schema: &Value,
    value: Value,
    sent: Option<&Fields>,
) -> Result<Value, FieldErrors> {
    let mut walk = Walk {
        specification,
        sent,
        errors: FieldErrors::default(),
    };
    let value = walk.value(schema, value, "");
    walk.errors.unless_any(value)
}

struct Walk<'a> {
    specification: &'a Specification,
    /// What is new; `None` where everything is.
    sent: Option<&'a Fields>,
    errors: FieldErrors,
}

impl<'a> Walk<'a> {
    fn value(&mut self, schema: &Value, value: Value, path: &str) -> Value {
        let schema = self.specification.resolve(schema);
        let value = match value {
            Value::String(text) => Value::String(text.trim().to_owned()),
            value => value,
        };
        // As in Laravel no text is null, where no text could not hold.
        let never_empty = || {
            let format = schema["format"].as_str();
            schema["minLength"].is_u64() || matches!(format, Some("date-time" | "binary"))
        };
        let absent = value.is_null() || value == "" && never_empty();
        if absent && self.specification.allows_null(schema) {
            return Value::Null;
        }
        let branches = branches(schema);
        if !branches.is_empty() {
            return self.branch(branches, value, path);
        }
        if let Some(choices) = schema["enum"].as_array() {
            let value = whole_number(value);
            if !choices.contains(&value) {
                self.errors.not_on_offer(path);
            }
            return value;
        }
        match kind(schema) {
            "object" => self.object(schema, value, path),
            "array" => self.array(schema, value, path),
            "string" => self.string(schema, value, path),
            "integer" | "number" => self.number(schema, value, path),
            "boolean" if !value.is_boolean() => self.wrong("must be true or false.", value, path),
            _ => value,
        }
    }

    fn wrong(&mut self, complaint: &str, value: Value, path: &str) -> Value {
        self.errors.complain(path, complaint);
        value
    }

    fn object(&mut self, schema: &Value, value: Value, path: &str) -> Value {
        let Value::Object(sent) = value else {
            return self.wrong("must be an object.", value, path);
        };
        let specification = self.specification;
        let Some(properties) = specification.properties(schema) else {
            return self.free_form(schema, sent, path);
        };
        let required = schema["required"].as_array();
        let mut kept = Fields::new();
        for (name, property) in properties {
            let field = join(path, name);
            let as_sent = property["x-kept-as-sent"] == true;
            let property = self.decided(property, name, &sent).unwrap_or(property);
            let missing = match sent.get(name) {
                None => true,
                Some(Value::Null) => !specification.allows_null(property),
                Some(Value::String(text)) => text.trim().is_empty(),
                Some(Value::Array(items)) => {
                    items.is_empty() && specification.resolve(property).get("minItems").is_some()
                }
                Some(_) => false,
            };
            if missing && required.is_some_and(|required| required.contains(&json!(name))) {
                self.errors.complain(&field, "is required.");
            } else if let Some(value) = sent.get(name) {
                let checked = self.value(property, value.clone(), &field);
                kept.insert(name.clone(), if as_sent { value.clone() } else { checked });
            } else if let Some(value) = specification.absent(property) {
                kept.insert(name.clone(), value);
            }
        }
        // Of the record itself whoever keeps it looks after those.
        for (name, value) in sent.into_iter().filter(|_| !path.is_empty()) {
            kept.entry(name).or_insert(value);
        }
        Value::Object(kept)
    }

    /// An object without named fields keeps what it holds.
    fn free_form(&mut self, schema: &Value, mut sent: Fields, path: &str) -> Value {
        let each = &schema["additionalProperties"];
        if each.is_object() {
            for (name, value) in &mut sent {
                *value = self.value(each, value.take(), &join(path, name));
            }
        }
        Value::Object(sent)
    }

    /// The schema of a field that a sibling decides on. What is kept as it came may also be empty, if the field may.
    fn decided(&self, property: &Value, name: &str, record: &Fields) -> Option<&'a Value> {
        let (decision, value) = (property.get("x-decided-by")?, record.get(name)?);
        if property["x-kept-as-sent"] == true && (value.is_null() || *value == json!({})) {
            return None;
        }
        let sibling = record.get(decision["field"].as_str()?)?.as_str()?;
        let name = decision["schemas"][sibling.trim()].as_str()?;
        Some(self.specification.named(name))
    }

    fn array(&mut self, schema: &Value, value: Value, path: &str) -> Value {
        let Value::Array(mut items) = value else {
            return self.wrong("must be an array.", value, path);
        };
        self.bounds(schema, items.len() as f64, path);
        for (index, item) in items.iter_mut().enumerate() {
            let path = join(path, index);
            *item = self.value(&schema["items"], item.take(), &path);
        }
        Value::Array(items)
    }

    fn string(&mut self, schema: &Value, value: Value, path: &str) -> Value {
        let Some(text) = value.as_str() else {
            return self.wrong("must be a string.", value, path);
        };
        self.bounds(schema, text.chars().count() as f64, path);
        let complaint = match schema["format"].as_str() {
            Some("date-time") if !time::is_date_time(text) => "must be a valid date.",
            Some("json") if serde_json::from_str::<Value>(text).is_err() => {
                "must be a valid JSON string."
            }
            _ if self.is_new(path) && !self.specification.fits_pattern(schema, text) => {
                "format is invalid."
            }
            _ => return value,
        };
        self.wrong(complaint, value, path)
    }

    /// Whether what is at this path was sent.
    fn is_new(&self, path: &str) -> bool {
        let Some(sent) = self.sent else {
            return true;
        };
        let mut names = path.split('.');
        let first = names.next().and_then(|name| sent.get(name));
        let at = names.try_fold(first, |value, name| {
            let value = value?;
            let item = name.parse().ok().and_then(|index: usize| value.get(index));
            Some(item.or_else(|| value.get(name)))
        });
        at.flatten().is_some()
    }

    fn number(&mut self, schema: &Value, value: Value, path: &str) -> Value {
        let integer = kind(schema) == "integer";
        let value = if integer { whole_number(value) } else { value };
        match value.as_f64().filter(|_| !integer || value.is_i64()) {
            Some(number) => self.bounds(schema, number, path),
            None if integer => self.errors.complain(path, "must be an integer."),
            None => self.errors.complain(path, "must be a number."),
        }
        value
    }

    /// Holds a size against the least and the most that the schema has for its kind of value.
    fn bounds(&mut self, schema: &Value, size: f64, path: &str) {
        let (key, [at_least, at_most], unit) = match kind(schema) {
            "array" => ("Items", ["have at least", "not have more than"], " items"),
            "string" => ("Length", SIZE, " characters"),
            // `minimum` and `maximum`.
            _ => ("imum", SIZE, ""),
        };
        let (least, most) = (&schema[format!("min{key}")], &schema[format!("max{key}")]);
        let too_small = least.as_f64().is_some_and(|least| size < least);
        let too_large = most.as_f64().is_some_and(|most| size > most);
        for (broken, words, bound) in [(too_small, at_least, least), (too_large, at_most, most)] {
            if broken {
                let unit = if *bound == 1 && unit == " items" {
                    " item"
                } else {
                    unit
                };
                let complaint = format!("must {words} {bound}{unit}.");
                self.errors.complain(path, complaint);
            }
        }
    }

    /// One of several schemas: the one whose fixed field says so, else the one with the fewest complaints.
    fn branch(&mut self, branches: &[Value], value: Value, path: &str) -> Value {
        let specification = self.specification;
        for branch in branches {
            if let Some((field, only)) = specification.fixed_field(branch)
                && value.get(field) == Some(only)
            {
                return self.value(branch, value, path);
            }
        }
        if value.is_object()
            && let Some(first) = branches.first()
            && let Some((field, _)) = specification.fixed_field(first)
        {
            let path = join(path, field);
            match value.get(field) {
                Some(_) => self.errors.not_on_offer(&path),
                None => self.errors.complain(&path, "is required."),
            }
            return value;
        }
        let attempts = branches.iter().map(|branch| {
            let mut walk = Walk {
                specification,
                sent: self.sent,
                errors: FieldErrors::default(),
            };
            (walk.value(branch, value.clone(), path), walk.errors.0)
        });
        let Some((value, errors)) = attempts.min_by_key(|(_, errors)| errors.len()) else {
            return value;
        };
        self.errors.0.extend(errors);
        value
    }
}

/// The words about the size of a text or a number.
const SIZE: [&str; 2] = ["be at least", "not be greater than"];

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

#[cfg(test)]
mod tests;
