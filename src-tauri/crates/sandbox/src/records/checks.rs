//! Whether a record may be as it is wanted: by its schema, by the rules of its row and by the records around it.

use gardien_store::Document;
use serde_json::Value;

use super::Records;
use crate::answers::Refusal;
use crate::collection::{Fields, fields};
use crate::form::Sent;
use crate::images;
use crate::validate::{self, FieldErrors};

impl Records<'_> {
    /// The fields that a client may set, cleaned and complete, of a record as it will be. `sent` is what of it is new.
    pub(super) async fn checked(
        &self,
        mut record: Fields,
        sent: &Sent,
        id: Option<i64>,
    ) -> Result<Fields, Refusal> {
        let schema = self
            .specification()
            .creation(self.collection.path)
            .unwrap_or(&Value::Null);
        self.bring(&mut record).await?;
        let shapes = self.collection.shapes;
        let checked = validate::check(self.specification(), schema, shapes, Value::Object(record));
        let record = fields(checked.map_err(Refusal::Invalid)?);
        let mut errors = FieldErrors::default();
        for rule in self.collection.rules {
            rule(&record, &mut errors);
        }
        images::check(self.collection.images, &record, &sent.files, &mut errors);
        self.check_references(&record, sent, &mut errors).await?;
        self.check_unique(&record, sent, id, &mut errors).await?;
        if errors.is_empty() {
            Ok(record)
        } else {
            Err(Refusal::Invalid(errors))
        }
    }

    /// Sets fields of records referred to beside the ids, for shapes that they decide.
    async fn bring(&self, record: &mut Fields) -> Result<(), Refusal> {
        for reference in self.collection.references {
            if let Some(brought) = reference.brings
                && let Some(id) = record.get(reference.field()).and_then(Value::as_i64)
                && let Some(other) = self.documents().get(reference.collection, id).await?
            {
                record.insert(brought.into(), other.body[brought].clone());
            }
        }
        Ok(())
    }

    async fn check_references(
        &self,
        record: &Fields,
        sent: &Sent,
        errors: &mut FieldErrors,
    ) -> Result<(), Refusal> {
        let fresh: Fields = record
            .iter()
            .filter(|(name, _)| sent.fields.contains_key(*name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let fresh = Value::Object(fresh);
        for reference in self.collection.references {
            for (path, id) in reference.ids(&fresh) {
                let other = self.documents().get(reference.collection, id).await?;
                let known = other
                    .is_some_and(|other| other.project.is_none() || other.project == self.project);
                if !known {
                    let attribute = path.replace('_', " ");
                    errors.push(&path, format!("The selected {attribute} is invalid."));
                }
            }
        }
        Ok(())
    }

    async fn check_unique(
        &self,
        record: &Fields,
        sent: &Sent,
        id: Option<i64>,
        errors: &mut FieldErrors,
    ) -> Result<(), Refusal> {
        let Some(field) = self.collection.unique else {
            return Ok(());
        };
        let lower = |value: &Value| value.as_str().map(str::to_lowercase);
        let wanted = record.get(field).and_then(lower);
        if wanted.is_none() || !sent.fields.contains_key(field) {
            return Ok(());
        }
        let taken = |other: &Document| Some(other.id) != id && lower(&other.body[field]) == wanted;
        let others = self.sandbox.every(self.collection.name, None, taken);
        if !others.await?.is_empty() {
            let attribute = field.replace('_', " ");
            errors.push(field, format!("The {attribute} has already been taken."));
        }
        Ok(())
    }
}
