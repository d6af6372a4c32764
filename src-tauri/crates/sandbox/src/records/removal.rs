//! What goes with a record that is removed.

use super::Records;
use crate::answers::Refusal;
use crate::collection::{COLLECTIONS, Collection, Owner, Parent};
use crate::images;
use crate::projects::PROJECTS;

impl Records<'_> {
    /// Removes a record, all that belongs to it and every mention of it.
    pub(crate) async fn delete(&self, id: i64) -> Result<(), Refusal> {
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
    async fn forget(&self, other: &Collection, id: i64) -> Result<(), Refusal> {
        let belongs = match &other.parent {
            _ if self.collection.name == PROJECTS.name && other.owner == Owner::Either => {
                Some("project_id")
            }
            Some(Parent::Record {
                field, collection, ..
            }) if collection.name == self.collection.name => Some(*field),
            _ => None,
        };
        let mentions: Vec<_> = other
            .references
            .iter()
            .filter(|reference| reference.collection == self.collection.name)
            .collect();
        if belongs.is_none() && mentions.is_empty() {
            return Ok(());
        }
        let others = self.sandbox.every(other.name, self.project, |_| true);
        for mut document in others.await? {
            if belongs.is_some_and(|field| document.body[field] == id) {
                self.documents().delete(other.name, document.id).await?;
                continue;
            }
            let mut changed = false;
            for mention in &mentions {
                changed |= mention.forget(&mut document.body, id);
            }
            if changed {
                self.documents()
                    .replace(other.name, document.id, &document.body)
                    .await?;
            }
        }
        Ok(())
    }
}
