//! Documents, as JSON text.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row};

use super::Sqlite;
use super::columns::parse;
use super::fault::store_error;
use crate::{Document, Documents, StoreError};

#[async_trait]
impl Documents for Sqlite {
    async fn insert(
        &self,
        collection: &str,
        project: Option<i64>,
        body: &Value,
    ) -> Result<Document, StoreError> {
        let inserted = async {
            let mut transaction = self.write().await?;
            let id: i64 = sqlx::query_scalar(
                "INSERT INTO document_ids (collection, last) VALUES (?, 1)
                 ON CONFLICT (collection) DO UPDATE SET last = last + 1 RETURNING last",
            )
            .bind(collection)
            .fetch_one(&mut *transaction)
            .await?;
            sqlx::query(
                "INSERT INTO documents (collection, id, project_id, body) VALUES (?, ?, ?, ?)",
            )
            .bind(collection)
            .bind(id)
            .bind(project)
            .bind(body.to_string())
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(id)
        };
        Ok(Document {
            id: inserted.await.map_err(store_error)?,
            project,
            body: body.clone(),
        })
    }

    async fn get(&self, collection: &str, id: i64) -> Result<Option<Document>, StoreError> {
        let row = sqlx::query(
            "SELECT id, project_id, body FROM documents WHERE collection = ? AND id = ?",
        )
        .bind(collection)
        .bind(id)
        .fetch_optional(&self.readers)
        .await;
        row.and_then(|row| row.as_ref().map(document).transpose())
            .map_err(store_error)
    }

    async fn list(
        &self,
        collection: &str,
        project: Option<i64>,
        offset: u64,
        limit: u32,
    ) -> Result<Vec<Document>, StoreError> {
        let mut query = QueryBuilder::<sqlx::Sqlite>::new(
            "SELECT id, project_id, body FROM documents WHERE collection = ",
        );
        query.push_bind(collection);
        if let Some(project) = project {
            query.push(" AND project_id = ").push_bind(project);
        }
        query.push(" ORDER BY id LIMIT ").push_bind(limit);
        query.push(" OFFSET ");
        query.push_bind(i64::try_from(offset).unwrap_or(i64::MAX));
        let rows = query.build().fetch_all(&self.readers).await;
        rows.and_then(|rows| rows.iter().map(document).collect())
            .map_err(store_error)
    }

    async fn replace(&self, collection: &str, id: i64, body: &Value) -> Result<bool, StoreError> {
        let replaced = sqlx::query("UPDATE documents SET body = ? WHERE collection = ? AND id = ?")
            .bind(body.to_string())
            .bind(collection)
            .bind(id)
            .execute(&self.writer)
            .await;
        replaced
            .map(|done| done.rows_affected() == 1)
            .map_err(store_error)
    }

    async fn delete(&self, collection: &str, id: i64) -> Result<bool, StoreError> {
        let deleted = sqlx::query("DELETE FROM documents WHERE collection = ? AND id = ?")
            .bind(collection)
            .bind(id)
            .execute(&self.writer)
            .await;
        deleted
            .map(|done| done.rows_affected() == 1)
            .map_err(store_error)
    }

    async fn delete_of_project(&self, project: i64) -> Result<(), StoreError> {
        let deleted = sqlx::query("DELETE FROM documents WHERE project_id = ?")
            .bind(project)
            .execute(&self.writer)
            .await;
        deleted.map(|_| ()).map_err(store_error)
    }
}

fn document(row: &SqliteRow) -> sqlx::Result<Document> {
    Ok(Document {
        id: row.try_get("id")?,
        project: row.try_get("project_id")?,
        body: parse("body", row.try_get("body")?, serde_json::from_str)?,
    })
}
