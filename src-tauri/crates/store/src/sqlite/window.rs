//! The shared limit's window, one row.

use gardien_domain::limit::SavedCalls;
use sqlx::Row;
use sqlx::sqlite::SqlitePool;

use super::columns::{number, parse};

pub(super) async fn get(readers: &SqlitePool) -> sqlx::Result<SavedCalls> {
    let row = sqlx::query("SELECT finished, leased FROM limit_window")
        .fetch_optional(readers)
        .await?;
    let Some(row) = row else {
        return Ok(SavedCalls::default());
    };
    Ok(SavedCalls {
        finished: parse("finished", row.try_get("finished")?, serde_json::from_str)?,
        leased: number(&row, "leased")?,
    })
}

pub(super) async fn put(writer: &SqlitePool, calls: &SavedCalls) -> sqlx::Result<()> {
    let finished =
        serde_json::to_string(&calls.finished).map_err(|e| sqlx::Error::Encode(e.into()))?;
    sqlx::query(
        "INSERT INTO limit_window (one, finished, leased) VALUES (1, ?, ?)
         ON CONFLICT (one) DO UPDATE SET finished = excluded.finished, leased = excluded.leased",
    )
    .bind(finished)
    .bind(calls.leased)
    .execute(writer)
    .await?;
    Ok(())
}
