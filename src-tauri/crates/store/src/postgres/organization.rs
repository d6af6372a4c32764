//! The one row of the organization.

use gardien_domain::Organization;
use sqlx::PgConnection;

use crate::Revision;
use crate::columns::stored;
use crate::rows::organization;

pub(super) async fn put(
    connection: &mut PgConnection,
    organization: &Organization,
    at: Revision,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO organization (one, name, calls_per_minute, at_limit, burst, longest_wait_seconds,
             cache_seconds, revision)
         VALUES (1, $1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (one) DO UPDATE SET name = excluded.name,
             calls_per_minute = excluded.calls_per_minute, at_limit = excluded.at_limit,
             burst = excluded.burst, longest_wait_seconds = excluded.longest_wait_seconds,
             cache_seconds = excluded.cache_seconds, revision = excluded.revision",
    )
    .bind(&organization.name)
    .bind(i64::from(organization.calls_per_minute))
    .bind(organization.at_limit.as_str())
    .bind(organization.burst.map(i64::from))
    .bind(i64::from(organization.longest_wait_seconds))
    .bind(i64::from(organization.cache_seconds))
    .bind(stored(at))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn get(connection: &mut PgConnection) -> sqlx::Result<Option<Organization>> {
    changed(connection, None).await
}

/// If it was changed after this revision.
pub(super) async fn changed(
    connection: &mut PgConnection,
    since: Option<Revision>,
) -> sqlx::Result<Option<Organization>> {
    let row = sqlx::query(
        "SELECT name, calls_per_minute, at_limit, burst, longest_wait_seconds, cache_seconds
         FROM organization WHERE revision > $1",
    )
    .bind(since.map_or(i64::MIN, stored));
    let row = row.fetch_optional(connection).await?;
    row.as_ref().map(organization).transpose()
}
