//! Phare's own keys.

use gardien_domain::{PhareKey, PhareKeyId};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteExecutor;

use crate::columns::{micros, stored};
use crate::rows::phare_key;
use crate::{Revision, phare_slot};

pub(super) async fn put(
    connection: &mut SqliteConnection,
    key: &PhareKey,
    at: Revision,
) -> sqlx::Result<()> {
    let slot = |secret| phare_slot::write(secret).map_err(|e| sqlx::Error::Encode(e.into()));
    sqlx::query(
        "INSERT INTO phare_keys (id, name, purpose, current_slot, next_slot, switched_at, revision)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, purpose = excluded.purpose,
             current_slot = excluded.current_slot, next_slot = excluded.next_slot,
             switched_at = excluded.switched_at, revision = excluded.revision",
    )
    .bind(key.id.0)
    .bind(&key.name)
    .bind(key.purpose.as_str())
    .bind(slot(&key.current)?)
    .bind(key.next.as_ref().map(slot).transpose()?)
    .bind(key.switched_at.map(micros))
    .bind(stored(at))
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM deleted_phare_keys WHERE id = ?")
        .bind(key.id.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn delete(
    connection: &mut SqliteConnection,
    id: PhareKeyId,
    at: Revision,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM phare_keys WHERE id = ?")
        .bind(id.0)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO deleted_phare_keys (id, revision) VALUES (?, ?)
         ON CONFLICT (id) DO UPDATE SET revision = excluded.revision",
    )
    .bind(id.0)
    .bind(stored(at))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn all(executor: impl SqliteExecutor<'_>) -> sqlx::Result<Vec<PhareKey>> {
    let rows = sqlx::query("SELECT * FROM phare_keys ORDER BY id");
    rows.fetch_all(executor)
        .await?
        .iter()
        .map(phare_key)
        .collect()
}

/// Those that were changed after this revision, in no order.
pub(super) async fn changed(
    executor: impl SqliteExecutor<'_>,
    since: Revision,
) -> sqlx::Result<Vec<PhareKey>> {
    let rows = sqlx::query("SELECT * FROM phare_keys WHERE revision > ?").bind(stored(since));
    rows.fetch_all(executor)
        .await?
        .iter()
        .map(phare_key)
        .collect()
}
