//! Documents in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use gardien_store::{Document, Documents, StoreError};
use serde_json::Value;

#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<BTreeMap<String, Collection>>);

/// The last id given, and the documents by id.
type Collection = (i64, BTreeMap<i64, Document>);

impl Memory {
    fn with<T>(&self, collection: &str, f: impl FnOnce(&mut Collection) -> T) -> T {
        f(self
            .0
            .lock()
            .unwrap()
            .entry(collection.to_owned())
            .or_default())
    }
}

#[async_trait::async_trait]
impl Documents for Memory {
    async fn insert(
        &self,
        collection: &str,
        project: Option<i64>,
        body: &Value,
    ) -> Result<Document, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.with(collection, |(last, rows)| {
            *last += 1;
            let document = Document {
                id: *last,
                project,
                body: body.clone(),
            };
            rows.insert(*last, document.clone());
            document
        }))
    }
    async fn insert_all(
        &self,
        collection: &str,
        project: Option<i64>,
        bodies: &[Value],
    ) -> Result<(), StoreError> {
        for body in bodies {
            self.insert(collection, project, body).await?;
        }
        Ok(())
    }
    async fn get(&self, collection: &str, id: i64) -> Result<Option<Document>, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.with(collection, |(_, rows)| rows.get(&id).cloned()))
    }
    async fn list(
        &self,
        collection: &str,
        project: Option<i64>,
        offset: u64,
        limit: u32,
    ) -> Result<Vec<Document>, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.with(collection, |(_, rows)| {
            rows.values()
                .filter(|row| project.is_none() || row.project == project)
                .skip(usize::try_from(offset).unwrap())
                .take(limit as usize)
                .cloned()
                .collect()
        }))
    }
    async fn replace(&self, collection: &str, id: i64, body: &Value) -> Result<bool, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.with(collection, |(_, rows)| {
            rows.get_mut(&id)
                .map(|row| row.body = body.clone())
                .is_some()
        }))
    }
    async fn delete(&self, collection: &str, id: i64) -> Result<bool, StoreError> {
        Ok(self.with(collection, |(_, rows)| rows.remove(&id).is_some()))
    }
    async fn delete_of_project(&self, project: i64) -> Result<(), StoreError> {
        for (_, rows) in self.0.lock().unwrap().values_mut() {
            rows.retain(|_, row| row.project != Some(project));
        }
        Ok(())
    }
}
