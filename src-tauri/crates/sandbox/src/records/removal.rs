//! What goes with a record that is removed.

use gardien_store::StoreError;

use super::Records;
use crate::answers::Rejection;
use crate::collection::{Collection, Owner, Parent};
use crate::images;
use crate::projects::PROJECTS;
use crate::table::COLLECTIONS;

impl Records<'_> {
    /// Removes a record, all that belongs to it and every mention of it.
    pub(crate) async fn delete(&self, id: i64) -> Result<(), Rejection> {
        let _writing = self.sandbox.writing.lock().await;
        let document = self.find(id).await?;
        // Before the record itself: cut short, it can be done again.
        images::drop_all(self.documents(), &document.body).await?;
        if self.collection.name == PROJECTS.name {
            self.documents().delete_of_project(id).await?;
        }
        for other in COLLECTIONS {
            self.forget(other, id).await?;
        }
        self.documents().delete(self.collection.name, id).await?;
        Ok(())
    }

    /// Takes what another collection holds of a record of this one that goes.
    async fn forget(&self, other: &Collection, id: i64) -> Result<(), StoreError> {
        let name = self.collection.name;
        let belongs = match &other.parent {
            _ if name == PROJECTS.name && other.owner == Owner::Either => Some("project_id"),
            Some(Parent::Record {
                field, collection, ..
            }) if collection.name == name => Some(*field),
            _ => None,
        };
        let mentions = other.references.iter();
        let mentions: Vec<_> = mentions
            .filter(|mention| mention.collection == name)
            .collect();
        if belongs.is_none() && mentions.is_empty() {
            return Ok(());
        }
        for mut document in self.sandbox.every(other.name, self.project).await? {
            if belongs.is_some_and(|field| document.body[field] == id) {
                self.documents().delete(other.name, document.id).await?;
                continue;
            }
            let forgets = mentions
                .iter()
                .map(|mention| mention.forget(&mut document.body, id));
            if forgets.fold(false, |changed, forgot| changed | forgot) {
                let body = &document.body;
                self.documents()
                    .replace(other.name, document.id, body)
                    .await?;
            }
        }
        Ok(())
    }
}
