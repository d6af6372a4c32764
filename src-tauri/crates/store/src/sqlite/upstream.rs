//! The one row of what projects and keys belong to.

use gardien_domain::AdoptedUpstream;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteExecutor;

use crate::columns::micros;
use crate::rows;

pub(super) async fn put(
    connection: &mut SqliteConnection,
    upstream: &AdoptedUpstream,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO upstream (one, kind, url, adopted_at) VALUES (1, ?, ?, ?)
         ON CONFLICT (one) DO UPDATE SET kind = excluded.kind, url = excluded.url,
             adopted_at = excluded.adopted_at",
    )
    .bind(upstream.identity.kind())
    .bind(upstream.identity.url())
    .bind(micros(upstream.since))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn get(
    executor: impl SqliteExecutor<'_>,
) -> sqlx::Result<Option<AdoptedUpstream>> {
    let row = sqlx::query("SELECT kind, url, adopted_at FROM upstream").fetch_optional(executor);
    row.await?.as_ref().map(rows::upstream).transpose()
}
