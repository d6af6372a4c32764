//! The one row of the organization.

use gardien_domain::Organization;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteExecutor;

use crate::Revision;
use crate::columns::stored;
use crate::rows::organization;

pub(super) async fn put(
    connection: &mut SqliteConnection,
    organization: &Organization,
    at: Revision,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO organization (one, name, calls_per_minute, at_limit, burst, longest_wait_seconds,
             cache_seconds, revision)
         VALUES (1, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (one) DO UPDATE SET name = excluded.name,
             calls_per_minute = excluded.calls_per_minute, at_limit = excluded.at_limit,
             burst = excluded.burst, longest_wait_seconds = excluded.longest_wait_seconds,
             cache_seconds = excluded.cache_seconds, revision = excluded.revision",
    )
    .bind(&organization.name)
    .bind(organization.calls_per_minute)
    .bind(organization.at_limit.as_str())
    .bind(organization.burst)
    .bind(organization.longest_wait_seconds)
    .bind(organization.cache_seconds)
    .bind(stored(at))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn get(executor: impl SqliteExecutor<'_>) -> sqlx::Result<Option<Organization>> {
    let row = sqlx::query("SELECT * FROM organization").fetch_optional(executor);
    row.await?.as_ref().map(organization).transpose()
}

/// If it was changed after this revision.
pub(super) async fn changed(
    executor: impl SqliteExecutor<'_>,
    since: Revision,
) -> sqlx::Result<Option<Organization>> {
    let row = sqlx::query("SELECT * FROM organization WHERE revision > ?").bind(stored(since));
    let row = row.fetch_optional(executor).await?;
    row.as_ref().map(organization).transpose()
}
