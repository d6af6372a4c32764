//! Whether a record may be as it is wanted: by its schema, by the rules of its row and by the records around it.

use std::collections::HashSet;

use gardien_store::StoreError;
use serde_json::{Value, json};

use super::Records;
use crate::answers::Rejection;
use crate::fields::{FieldErrors, Fields, fields};
use crate::form::Sent;
use crate::{images, validate};

impl Records<'_> {
    /// The fields that a client may set, cleaned and complete, of a record as it will be. `sent` is what of it is new.
    pub(super) async fn checked(
        &self,
        mut record: Fields,
        sent: &Sent,
        id: Option<i64>,
    ) -> Result<Fields, Rejection> {
        let creation = self.specification().creation(self.collection.path);
        let taken = creation.and_then(|creation| creation.taken.as_ref());
        self.bring(&mut record).await?;
        let (taken, record) = (taken.unwrap_or(&Value::Null), Value::Object(record));
        let specification = self.specification();
        let record = fields(match id {
            None => validate::check(specification, taken, record),
            Some(_) => validate::check_change(specification, taken, record, &sent.fields),
        }?);
        let mut errors = FieldErrors::default();
        for rule in self.collection.rules {
            rule(&record, &mut errors);
        }
        images::check(self.collection.images, &record, &sent.files, &mut errors);
        let mut fresh = record.clone();
        fresh.retain(|name, _| sent.fields.contains_key(name));
        let fresh = Value::Object(fresh);
        self.check_references(&fresh, &mut errors).await?;
        self.check_unique(&fresh, id, &mut errors).await?;
        Ok(errors.unless_any(record)?)
    }

    /// Sets fields of records referred to beside the ids, for shapes that they decide.
    async fn bring(&self, record: &mut Fields) -> Result<(), StoreError> {
        for reference in self.collection.references {
            if let Some(brought) = reference.brings
                && let Some(id) = record.get(reference.at).and_then(Value::as_i64)
                && let Some(other) = self.documents().get(reference.collection, id).await?
            {
                record.insert(brought.into(), other.body[brought].clone());
            }
        }
        Ok(())
    }

    async fn check_references(
        &self,
        fresh: &Value,
        errors: &mut FieldErrors,
    ) -> Result<(), StoreError> {
        for reference in self.collection.references {
            for (path, id) in reference.ids(fresh) {
                let other = self.documents().get(reference.collection, id).await?;
                let reached = |project: Option<i64>| project.is_none() || project == self.project;
                if !other.is_some_and(|other| reached(other.project)) {
                    errors.not_on_offer(&path);
                }
            }
        }
        Ok(())
    }

    async fn check_unique(
        &self,
        fresh: &Value,
        id: Option<i64>,
        errors: &mut FieldErrors,
    ) -> Result<(), StoreError> {
        if let Some(field) = self.collection.unique
            && let Some(wanted) = fresh[field].as_str()
            && self
                .taken(field, id)
                .await?
                .contains(&wanted.to_lowercase())
        {
            let attribute = field.replace('_', " ");
            errors.push(field, format!("The {attribute} has already been taken."));
        }
        Ok(())
    }

    /// Makes a text that must be unique so, where the server makes it.
    pub(super) async fn number(&self, made: &mut Fields) -> Result<(), StoreError> {
        if let Some(field) = self.collection.unique
            && let Some(text) = made.get(field).and_then(Value::as_str)
        {
            let text = first_free(text, &self.taken(field, None).await?);
            made.insert(field.into(), json!(text));
        }
        Ok(())
    }

    /// What records but this one have in a field, in small letters.
    async fn taken(&self, field: &str, id: Option<i64>) -> Result<HashSet<String>, StoreError> {
        let mut others = self.sandbox.every(self.collection.name, None).await?;
        others.retain(|other| Some(other.id) != id);
        let texts = others.iter().filter_map(|other| other.body[field].as_str());
        Ok(texts.map(str::to_lowercase).collect())
    }
}

fn first_free(text: &str, taken: &HashSet<String>) -> String {
    // One more number than there are taken: one of them is free.
    let numbered = (2..=taken.len() + 2).map(|number| format!("{text}-{number}"));
    std::iter::once(text.to_owned())
        .chain(numbered)
        .find(|text| !taken.contains(text))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_slug_gets_the_first_free_number() {
        let taken = ["shop", "shop-2", "shop-4"].map(str::to_owned).into();
        assert_eq!(first_free("shop", &taken), "shop-3");
        assert_eq!(first_free("other", &taken), "other");
    }
}
