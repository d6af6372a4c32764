//! The shared limit's window, one row.

use gardien_domain::limit::SavedCalls;
use sqlx::PgConnection;

use crate::rows;

pub(super) async fn get(connection: &mut PgConnection) -> sqlx::Result<SavedCalls> {
    let row = sqlx::query("SELECT finished, by_key, leased FROM limit_window")
        .fetch_optional(connection)
        .await?;
    row.as_ref()
        .map_or_else(|| Ok(SavedCalls::default()), rows::calls)
}

pub(super) async fn put(connection: &mut PgConnection, calls: &SavedCalls) -> sqlx::Result<()> {
    let finished = serde_json::to_string(&calls.finished);
    let by_key = serde_json::to_string(&calls.by_key);
    let encoding = |error: serde_json::Error| sqlx::Error::Encode(error.into());
    sqlx::query(
        "INSERT INTO limit_window (one, finished, by_key, leased) VALUES (1, $1, $2, $3)
         ON CONFLICT (one) DO UPDATE SET finished = excluded.finished, by_key = excluded.by_key,
             leased = excluded.leased",
    )
    .bind(finished.map_err(encoding)?)
    .bind(by_key.map_err(encoding)?)
    .bind(i64::from(calls.leased))
    .execute(connection)
    .await?;
    Ok(())
}
