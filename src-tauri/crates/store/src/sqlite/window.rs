//! The shared limit's window, one row.

use gardien_domain::limit::SavedCalls;
use sqlx::sqlite::SqlitePool;

use crate::rows;

pub(super) async fn get(readers: &SqlitePool) -> sqlx::Result<SavedCalls> {
    let row = sqlx::query("SELECT finished, by_key, leased FROM limit_window")
        .fetch_optional(readers)
        .await?;
    row.as_ref()
        .map_or_else(|| Ok(SavedCalls::default()), rows::calls)
}

pub(super) async fn put(writer: &SqlitePool, calls: &SavedCalls) -> sqlx::Result<()> {
    let finished = serde_json::to_string(&calls.finished);
    let by_key = serde_json::to_string(&calls.by_key);
    let encoding = |error: serde_json::Error| sqlx::Error::Encode(error.into());
    sqlx::query(
        "INSERT INTO limit_window (one, finished, by_key, leased) VALUES (1, ?, ?, ?)
         ON CONFLICT (one) DO UPDATE SET finished = excluded.finished, by_key = excluded.by_key,
             leased = excluded.leased",
    )
    .bind(finished.map_err(encoding)?)
    .bind(by_key.map_err(encoding)?)
    .bind(calls.leased)
    .execute(writer)
    .await?;
    Ok(())
}
