//! Documents, as JSON text.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::{QueryBuilder, SqliteConnection};

use super::Sqlite;
use super::fault::store_error;
use crate::rows::document;
use crate::{Document, Documents, StoreError};

/// The project under which documents of all are counted.
const ALL: i64 = 0;

/// Documents that one statement adds: four values each, of the 32,766 that SQLite binds.
const ROWS: usize = 500;

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
            let id = next_id(&mut transaction, collection, 1).await?;
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

    async fn insert_all(
        &self,
        collection: &str,
        project: Option<i64>,
        bodies: &[Value],
    ) -> Result<(), StoreError> {
        let inserted = async {
            let mut transaction = self.write().await?;
            let mut id = next_id(&mut transaction, collection, bodies.len()).await?;
            for bodies in bodies.chunks(ROWS) {
                let mut insert = QueryBuilder::<sqlx::Sqlite>::new(
                    "INSERT INTO documents (collection, id, project_id, body) ",
                );
                insert.push_values(bodies, |mut row, body| {
                    row.push_bind(collection)
                        .push_bind(id)
                        .push_bind(project)
                        .push_bind(body.to_string());
                    id += 1;
                });
                insert.build().execute(&mut *transaction).await?;
            }
            transaction.commit().await
        };
        inserted.await.map_err(store_error)
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
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        let mut query = QueryBuilder::<sqlx::Sqlite>::new("");
        if offset > 0 {
            push_start(&mut query, collection, project, offset);
        }
        query.push("SELECT id, project_id, body FROM documents WHERE collection = ");
        query.push_bind(collection);
        if let Some(project) = project {
            query.push(" AND project_id = ").push_bind(project);
        }
        if offset > 0 {
            query.push(" AND id >= (SELECT id FROM start)");
        }
        query.push(" ORDER BY id LIMIT ").push_bind(limit);
        if offset > 0 {
            query.push(" OFFSET ").push_bind(offset);
            query.push(" - coalesce((SELECT before FROM start), 0)");
        }
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

/// Begins a query with `start`: the first id of the block that the document after `offset` others lies in, and how many
/// lie before it. So whole blocks are passed over by their counts, and only within one documents one by one.
fn push_start(
    query: &mut QueryBuilder<sqlx::Sqlite>,
    collection: &str,
    project: Option<i64>,
    offset: i64,
) {
    query.push(
        "WITH counted AS (
             SELECT block, documents, sum(documents) OVER (ORDER BY block) AS reached
             FROM document_blocks WHERE collection = ",
    );
    query.push_bind(collection);
    query.push(" AND project_id = ");
    query.push_bind(project.unwrap_or(ALL));
    query.push(
        "), start AS (
             SELECT block * 1000 AS id, reached - documents AS before
             FROM counted WHERE reached > ",
    );
    query.push_bind(offset);
    query.push(" ORDER BY block LIMIT 1) ");
}

/// The first of so many ids that the collection gives next.
async fn next_id(
    connection: &mut SqliteConnection,
    collection: &str,
    count: usize,
) -> sqlx::Result<i64> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let last: i64 = sqlx::query_scalar(
        "INSERT INTO document_ids (collection, last) VALUES (?, ?)
         ON CONFLICT (collection) DO UPDATE SET last = last + excluded.last RETURNING last",
    )
    .bind(collection)
    .bind(count)
    .fetch_one(connection)
    .await?;
    Ok(last - count + 1)
}
