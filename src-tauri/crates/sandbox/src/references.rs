//! Ids that one record holds of others.

use serde_json::Value;

/// A field with ids of records of another collection, of the same project or of the organization.
#[derive(Debug)]
pub(crate) struct Reference {
    /// Names joined by dots, `*` for each item of a list.
    pub(crate) at: &'static str,
    /// Name in the store of the collection they are in.
    pub(crate) collection: &'static str,
    /// A field of the other record that stands beside the id while the record is checked, so that it can decide a shape.
    pub(crate) brings: Option<&'static str>,
}

impl Reference {
    /// The field of the record itself.
    pub(crate) fn field(&self) -> &'static str {
        self.at.split('.').next().unwrap_or(self.at)
    }

    /// The ids in a record, each with its path.
    pub(crate) fn ids(&self, record: &Value) -> Vec<(String, i64)> {
        let mut found = Vec::new();
        collect(record, &self.path(), String::new(), &mut found);
        found
    }

    /// Takes an id out of a record. False when it was not there.
    pub(crate) fn forget(&self, record: &mut Value, id: i64) -> bool {
        if !self.ids(record).iter().any(|(_, found)| *found == id) {
            return false;
        }
        let path = self.path();
        forget(record, &path, id);
        // A plain list of ids that is empty counts as never sent: where it may be left out, it may not be empty.
        if let ([name, "*"], Value::Object(fields)) = (path.as_slice(), record)
            && fields
                .get(*name)
                .and_then(Value::as_array)
                .is_some_and(Vec::is_empty)
        {
            fields.shift_remove(*name);
        }
        true
    }

    fn path(&self) -> Vec<&'static str> {
        self.at.split('.').collect()
    }
}

fn collect(value: &Value, path: &[&str], at: String, found: &mut Vec<(String, i64)>) {
    match (path, value) {
        ([], value) => found.extend(value.as_i64().map(|id| (at, id))),
        (["*", rest @ ..], Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, rest, format!("{at}.{index}"), found);
            }
        }
        ([name, rest @ ..], Value::Object(fields)) => {
            let at = if at.is_empty() {
                (*name).to_owned()
            } else {
                format!("{at}.{name}")
            };
            collect(fields.get(*name).unwrap_or(&Value::Null), rest, at, found);
        }
        _ => {}
    }
}

fn forget(value: &mut Value, path: &[&str], id: i64) {
    match (path, value) {
        (["*"], Value::Array(items)) => items.retain(|item| item.as_i64() != Some(id)),
        (["*", field], Value::Array(items)) => {
            items.retain(|item| item[*field].as_i64() != Some(id));
        }
        (["*", rest @ ..], Value::Array(items)) => {
            for item in items {
                forget(item, rest, id);
            }
        }
        ([name, rest @ ..], Value::Object(fields)) => {
            if let Some(value) = fields.get_mut(*name) {
                forget(value, rest, id);
            }
        }
        _ => {}
    }
}
