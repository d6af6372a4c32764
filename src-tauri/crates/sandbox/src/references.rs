//! Ids that one record holds of others.

use serde_json::Value;

use crate::fields::join;

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
    pub(crate) const fn to(at: &'static str, collection: &'static str) -> Self {
        Self {
            at,
            collection,
            brings: None,
        }
    }

    /// The ids in a record, each with its path.
    pub(crate) fn ids(&self, record: &Value) -> Vec<(String, i64)> {
        let path: Vec<&str> = self.at.split('.').collect();
        let mut found = Vec::new();
        collect(record, &path, "", &mut found);
        found
    }

    /// Takes what names an id out of the lists of a record. False when it was not there.
    pub(crate) fn forget(&self, record: &mut Value, id: i64) -> bool {
        let mut found = self.ids(record);
        found.retain(|(_, named)| *named == id);
        // From the last, so that the places of the others stay theirs.
        for (path, _) in found.iter().rev() {
            let item = path.trim_end_matches(|letter: char| !letter.is_ascii_digit());
            let Some((list, place)) = item.rsplit_once('.') else {
                continue;
            };
            let items = record.pointer_mut(&format!("/{}", list.replace('.', "/")));
            if let (Some(Value::Array(items)), Ok(place)) = (items, place.parse::<usize>()) {
                items.remove(place);
            }
        }
        // A plain list of ids that is empty counts as never sent: where it may be left out, it may not be empty.
        if let (Some(name), Value::Object(fields)) = (self.at.strip_suffix(".*"), record)
            && fields.get(name) == Some(&Value::Array(Vec::new()))
            && !found.is_empty()
        {
            fields.shift_remove(name);
        }
        !found.is_empty()
    }
}

fn collect(value: &Value, path: &[&str], at: &str, found: &mut Vec<(String, i64)>) {
    match (path, value) {
        ([], value) => found.extend(value.as_i64().map(|id| (at.to_owned(), id))),
        (["*", rest @ ..], Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, rest, &join(at, index), found);
            }
        }
        ([name, rest @ ..], value) => collect(&value[*name], rest, &join(at, name), found),
    }
}
