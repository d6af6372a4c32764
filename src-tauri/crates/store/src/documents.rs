//! Documents in numbered collections: what the sandbox keeps.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::StoreError;

/// A stored document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Unique in its collection, never used again.
    pub id: i64,
    /// The project it belongs to, if any.
    pub project: Option<i64>,
    /// Its content, keys in the order they were given; without `id` and `project_id`.
    pub body: serde_json::Value,
}

/// Documents in numbered collections.
#[async_trait]
pub trait Documents: Send + Sync + Debug {
    /// Adds a document under the next id of its collection, from 1.
    async fn insert(
        &self,
        collection: &str,
        project: Option<i64>,
        body: &serde_json::Value,
    ) -> Result<Document, StoreError>;

    /// Adds documents under the next ids of their collection, in this order: all of them or none.
    async fn insert_all(
        &self,
        collection: &str,
        project: Option<i64>,
        bodies: &[serde_json::Value],
    ) -> Result<(), StoreError>;

    /// One document.
    async fn get(&self, collection: &str, id: i64) -> Result<Option<Document>, StoreError>;

    /// Documents by id, of one project or of all.
    async fn list(
        &self,
        collection: &str,
        project: Option<i64>,
        offset: u64,
        limit: u32,
    ) -> Result<Vec<Document>, StoreError>;

    /// Replaces the content. False when there is no such document.
    async fn replace(
        &self,
        collection: &str,
        id: i64,
        body: &serde_json::Value,
    ) -> Result<bool, StoreError>;

    /// Removes a document. False when there was none.
    async fn delete(&self, collection: &str, id: i64) -> Result<bool, StoreError>;

    /// Removes every document of a project, in all collections.
    async fn delete_of_project(&self, project: i64) -> Result<(), StoreError>;
}
