//! Phare's own keys.

use gardien_domain::{PhareKey, PhareKeyId};
use sqlx::PgConnection;

use crate::columns::{micros, stored};
use crate::rows::{phare_key, phare_key_id};
use crate::{Revision, phare_slot};

pub(super) async fn put(
    connection: &mut PgConnection,
    key: &PhareKey,
    at: Revision,
) -> sqlx::Result<()> {
    let slot = |secret| phare_slot::write(secret).map_err(|e| sqlx::Error::Encode(e.into()));
    sqlx::query(
        "INSERT INTO phare_keys (id, name, purpose, current_slot, next_slot, switched_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
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
    sqlx::query("DELETE FROM deleted_phare_keys WHERE id = $1")
        .bind(key.id.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn delete(
    connection: &mut PgConnection,
    id: PhareKeyId,
    at: Revision,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM phare_keys WHERE id = $1")
        .bind(id.0)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO deleted_phare_keys (id, revision) VALUES ($1, $2)
         ON CONFLICT (id) DO UPDATE SET revision = excluded.revision",
    )
    .bind(id.0)
    .bind(stored(at))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn all(connection: &mut PgConnection) -> sqlx::Result<Vec<PhareKey>> {
    changed(connection, None).await
}

/// Those that were changed after this revision, by id.
pub(super) async fn changed(
    connection: &mut PgConnection,
    since: Option<Revision>,
) -> sqlx::Result<Vec<PhareKey>> {
    let rows = sqlx::query(
        "SELECT id, name, purpose, current_slot, next_slot, switched_at
         FROM phare_keys WHERE revision > $1 ORDER BY id",
    )
    .bind(since.map_or(i64::MIN, stored));
    let rows = rows.fetch_all(connection).await?;
    rows.iter().map(phare_key).collect()
}

/// Those that were deleted after this revision.
pub(super) async fn deleted(
    connection: &mut PgConnection,
    since: Revision,
) -> sqlx::Result<Vec<PhareKeyId>> {
    let rows = sqlx::query("SELECT id FROM deleted_phare_keys WHERE revision > $1 ORDER BY id")
        .bind(stored(since))
        .fetch_all(connection)
        .await?;
    rows.iter().map(phare_key_id).collect()
}
