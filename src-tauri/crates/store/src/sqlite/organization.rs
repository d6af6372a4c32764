//! The one row of the organization.

use gardien_domain::Organization;
use sqlx::sqlite::SqlitePool;
use sqlx::{Row, SqliteConnection};

use super::columns::{number, word};

pub(super) async fn put(
    connection: &mut SqliteConnection,
    organization: &Organization,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO organization (one, name, calls_per_minute, at_limit) VALUES (1, ?, ?, ?)
         ON CONFLICT (one) DO UPDATE SET name = excluded.name,
             calls_per_minute = excluded.calls_per_minute, at_limit = excluded.at_limit",
    )
    .bind(&organization.name)
    .bind(organization.calls_per_minute)
    .bind(organization.at_limit.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn get(readers: &SqlitePool) -> sqlx::Result<Option<Organization>> {
    let row = sqlx::query("SELECT name, calls_per_minute, at_limit FROM organization")
        .fetch_optional(readers)
        .await?;
    row.map(|row| {
        Ok(Organization {
            name: row.try_get("name")?,
            calls_per_minute: number(&row, "calls_per_minute")?,
            at_limit: word(&row, "at_limit")?,
        })
    })
    .transpose()
}
