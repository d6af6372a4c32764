//! The fields of a record, and complaints about them in Laravel's words.

use std::fmt::Display;

use serde_json::{Map, Value, json};

/// The fields of a record.
pub(crate) type Fields = Map<String, Value>;

/// Fields from a JSON object literal.
pub(crate) fn fields(object: Value) -> Fields {
    match object {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}

/// The path of what a path holds under a name.
pub(crate) fn join(path: &str, name: impl Display) -> String {
    if path.is_empty() {
        name.to_string()
    } else {
        format!("{path}.{name}")
    }
}

/// Complaints about fields, each with its field, in the order of the fields.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct FieldErrors(pub(crate) Vec<(String, String)>);

impl FieldErrors {
    /// One complaint about one field.
    pub(crate) fn one(field: &str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.push(field, message);
        errors
    }

    pub(crate) fn push(&mut self, field: &str, message: impl Into<String>) {
        self.0.push((field.to_owned(), message.into()));
    }

    /// "The … field …"
    pub(crate) fn complain(&mut self, field: &str, complaint: impl Display) {
        let attribute = field.replace('_', " ");
        self.push(field, format!("The {attribute} field {complaint}"));
    }

    /// Says that a value is none of those on offer.
    pub(crate) fn not_on_offer(&mut self, field: &str) {
        let attribute = field.replace('_', " ");
        self.push(field, format!("The selected {attribute} is invalid."));
    }

    /// `value`, if there is no complaint.
    pub(crate) fn unless_any<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }

    /// The body of a 422: the first complaint and how many more there are, then all of them by field.
    pub(crate) fn body(&self) -> Value {
        let first = self.0.first().map_or("", |(_, message)| message);
        let more = match self.0.len() {
            0 | 1 => String::new(),
            2 => " (and 1 more error)".to_owned(),
            errors => format!(" (and {} more errors)", errors - 1),
        };
        let mut errors = Fields::new();
        for (field, message) in &self.0 {
            let lines = errors.entry(field.as_str()).or_insert_with(|| json!([]));
            if let Value::Array(lines) = lines {
                lines.push(json!(message));
            }
        }
        json!({ "message": format!("{first}{more}"), "errors": errors })
    }
}
