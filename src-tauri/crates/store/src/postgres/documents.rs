//! Documents, as JSON text.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::postgres::PgTransaction;
use sqlx::{Connection, PgConnection, QueryBuilder};

use super::fault::store_error;
use super::{Postgres, WRITE, ask, bounded};
use crate::rows::document;
use crate::{Document, Documents, StoreError};

/// The project under which documents of all are counted.
const ALL: i64 = 0;

#[async_trait]
impl Documents for Postgres {
    async fn insert(
        &self,
        collection: &str,
        project: Option<i64>,
        body: &Value,
    ) -> Result<Document, StoreError> {
        let bodies = std::slice::from_ref(body);
        let id = ask!(self, connection => insert(connection, collection, project, bodies))?;
        Ok(Document {
            id,
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
        ask!(self, connection => insert(connection, collection, project, bodies)).map(drop)
    }

    async fn get(&self, collection: &str, id: i64) -> Result<Option<Document>, StoreError> {
        ask!(self, connection => get(connection, collection, id))
    }

    async fn list(
        &self,
        collection: &str,
        project: Option<i64>,
        offset: u64,
        limit: u32,
    ) -> Result<Vec<Document>, StoreError> {
        ask!(self, connection => list(connection, collection, project, offset, limit))
    }

    async fn replace(&self, collection: &str, id: i64, body: &Value) -> Result<bool, StoreError> {
        let query = sqlx::query("UPDATE documents SET body = $1 WHERE collection = $2 AND id = $3")
            .bind(body.to_string())
            .bind(collection)
            .bind(id);
        let done = ask!(self, connection => query.execute(connection))?;
        Ok(done.rows_affected() == 1)
    }

    async fn delete(&self, collection: &str, id: i64) -> Result<bool, StoreError> {
        let query = sqlx::query("DELETE FROM documents WHERE collection = $1 AND id = $2")
            .bind(collection)
            .bind(id);
        let deleted = ask!(self, connection => async {
            let mut transaction = alone(connection).await?;
            let done = query.execute(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(done.rows_affected())
        })?;
        Ok(deleted == 1)
    }

    async fn delete_of_project(&self, project: i64) -> Result<(), StoreError> {
        let query = sqlx::query("DELETE FROM documents WHERE project_id = $1").bind(project);
        ask!(self, connection => async {
            let mut transaction = alone(connection).await?;
            query.execute(&mut *transaction).await?;
            transaction.commit().await
        })
    }
}

/// A transaction that alone adds and removes documents, so that counts of them are right. Others go on reading.
async fn alone(connection: &mut PgConnection) -> sqlx::Result<PgTransaction<'_>> {
    let mut transaction = connection.begin_with(WRITE).await?;
    sqlx::query("LOCK TABLE document_ids IN EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await?;
    Ok(transaction)
}

/// Answers the first of their ids.
async fn insert(
    connection: &mut PgConnection,
    collection: &str,
    project: Option<i64>,
    bodies: &[Value],
) -> sqlx::Result<i64> {
    let bodies: Vec<String> = bodies.iter().map(Value::to_string).collect();
    let count = i64::try_from(bodies.len()).unwrap_or(i64::MAX);
    let mut transaction = alone(connection).await?;
    let last: i64 = sqlx::query_scalar(
        "INSERT INTO document_ids AS given (collection, last) VALUES ($1, $2)
         ON CONFLICT (collection) DO UPDATE SET last = given.last + excluded.last RETURNING last",
    )
    .bind(collection)
    .bind(count)
    .fetch_one(&mut *transaction)
    .await?;
    let before = last - count;
    sqlx::query(
        "INSERT INTO documents (collection, id, project_id, body)
         SELECT $1, $2 + place, $3, body FROM unnest($4::text[]) WITH ORDINALITY AS added (body, place)",
    )
    .bind(collection)
    .bind(before)
    .bind(project)
    .bind(bodies)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(before + 1)
}

async fn get(
    connection: &mut PgConnection,
    collection: &str,
    id: i64,
) -> sqlx::Result<Option<Document>> {
    let row =
        sqlx::query("SELECT id, project_id, body FROM documents WHERE collection = $1 AND id = $2")
            .bind(collection)
            .bind(id)
            .fetch_optional(connection)
            .await?;
    row.as_ref().map(document).transpose()
}

async fn list(
    connection: &mut PgConnection,
    collection: &str,
    project: Option<i64>,
    offset: u64,
    limit: u32,
) -> sqlx::Result<Vec<Document>> {
    let offset = i64::try_from(offset).unwrap_or(i64::MAX);
    let mut query = QueryBuilder::<sqlx::Postgres>::new("");
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
    query
        .push(" ORDER BY id LIMIT ")
        .push_bind(i64::from(limit));
    if offset > 0 {
        query.push(" OFFSET ").push_bind(offset);
        query.push(" - coalesce((SELECT before FROM start), 0)");
    }
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(document).collect()
}

/// Begins a query with `start`: the first id of the block that the document after `offset` others lies in, and how many
/// lie before it. So whole blocks are passed over by their counts, and only within one documents one by one.
fn push_start(
    query: &mut QueryBuilder<sqlx::Postgres>,
    collection: &str,
    project: Option<i64>,
    offset: i64,
) {
    query.push(
        "WITH counted AS (
             SELECT block, documents, (sum(documents) OVER (ORDER BY block))::bigint AS reached
             FROM document_blocks WHERE collection = ",
    );
    query.push_bind(collection.to_owned());
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
