//! Keys.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt};
use gardien_domain::key::PreviousSecrets;
use gardien_domain::{
    Key, KeyFilter, KeyId, KeyOrder, KeyPlace, KeySort, ProjectId, Scope, ScopeKind, SecretDigest,
};
use jiff::Timestamp;
use sqlx::sqlite::{SqliteExecutor, SqlitePool};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::{key_filter, key_order, uses};
use crate::columns::{micros, number, searched, stored};
use crate::rows::{key, stored_key};
use crate::{KeyRows, Revision, StoredKey};

const SELECT: &str = "SELECT keys.*, used_at, operation, client, address,
         projects.name AS project_name, members.email AS creator
     FROM keys JOIN members ON members.id = keys.created_by
     LEFT JOIN key_uses ON key_uses.number = keys.number
     LEFT JOIN projects ON projects.id = keys.project_id";

/// Leaves the last use as it is; that of a secret that was replaced goes with the secret.
pub(super) async fn put(
    connection: &mut SqliteConnection,
    key: &Key,
    at: Revision,
) -> sqlx::Result<()> {
    let kind = match key.scope() {
        Scope::Organization {} => ScopeKind::Organization,
        Scope::Project { .. } => ScopeKind::Project,
    };
    let PreviousSecrets { last, earlier } = key.previous();
    sqlx::query(
        "INSERT INTO keys (id, name, note, display, search, scope, project_id,
             platform, uptime, digest, previous_digest, previous_valid_until, earlier_digest, earlier_valid_until,
             created_at, created_by, expires_at, revoked_at, revoked_by, at_most, reserved, weight, revision)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, note = excluded.note,
             display = excluded.display, search = excluded.search, scope = excluded.scope, project_id = excluded.project_id,
             platform = excluded.platform, uptime = excluded.uptime, digest = excluded.digest,
             previous_digest = excluded.previous_digest,
             previous_valid_until = excluded.previous_valid_until,
             previous_used_at = CASE excluded.previous_digest
                 WHEN keys.previous_digest THEN keys.previous_used_at END,
             earlier_digest = excluded.earlier_digest, earlier_valid_until = excluded.earlier_valid_until,
             earlier_used_at = CASE excluded.earlier_digest WHEN keys.earlier_digest THEN keys.earlier_used_at
                 WHEN keys.previous_digest THEN keys.previous_used_at END,
             created_at = excluded.created_at, created_by = excluded.created_by,
             expires_at = excluded.expires_at, revoked_at = excluded.revoked_at,
             revoked_by = excluded.revoked_by, at_most = excluded.at_most,
             reserved = excluded.reserved, weight = excluded.weight, revision = excluded.revision",
    )
    .bind(key.id().0)
    .bind(key.name())
    .bind(key.note())
    .bind(key.display())
    .bind(searched(key))
    .bind(kind.as_str())
    .bind(key.scope().project().map(|id| id.0))
    .bind(key.products().platform.as_str())
    .bind(key.products().uptime.as_str())
    .bind(&key.digest().0[..])
    .bind(last.map(|secret| secret.digest.0.to_vec()))
    .bind(last.map(|secret| micros(secret.valid_until)))
    .bind(earlier.map(|secret| secret.digest.0.to_vec()))
    .bind(earlier.map(|secret| micros(secret.valid_until)))
    .bind(micros(key.created_at()))
    .bind(key.created_by().0)
    .bind(key.expires_at().map(micros))
    .bind(key.revoked().map(|revocation| micros(revocation.at)))
    .bind(key.revoked().map(|revocation| revocation.by.0))
    .bind(key.share().at_most)
    .bind(key.share().reserved)
    .bind(key.share().weight)
    .bind(stored(at))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn get(readers: &SqlitePool, id: KeyId) -> sqlx::Result<Option<StoredKey>> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push(" WHERE keys.id = ").push_bind(id.0);
    let row = query.build().fetch_optional(readers).await?;
    row.as_ref().map(stored_key).transpose()
}

/// Each digest is asked for by itself: an index answers at once, and it takes no room that grows with their number.
pub(super) async fn by_secret(
    readers: &SqlitePool,
    digests: &[SecretDigest],
) -> sqlx::Result<Vec<Option<StoredKey>>> {
    let mut transaction = readers.begin().await?;
    let mut keys = Vec::with_capacity(digests.len());
    for digest in digests {
        let mut query = QueryBuilder::<Sqlite>::new(SELECT);
        query.push(" WHERE keys.id = coalesce((SELECT id FROM keys WHERE digest = ");
        query.push_bind(&digest.0[..]);
        query.push("), (SELECT id FROM keys WHERE previous_digest = ");
        query.push_bind(&digest.0[..]);
        query.push(" LIMIT 1), (SELECT id FROM keys WHERE earlier_digest = ");
        query.push_bind(&digest.0[..]).push(" LIMIT 1))");
        let row = query.build().fetch_optional(&mut *transaction).await?;
        keys.push(row.as_ref().map(stored_key).transpose()?);
    }
    Ok(keys)
}

/// Rows and total are of one moment.
pub(super) async fn page(
    readers: &SqlitePool,
    filter: &KeyFilter,
    now: Timestamp,
    order: KeyOrder,
    after: Option<&KeyPlace>,
    limit: u32,
) -> sqlx::Result<KeyRows> {
    let mut transaction = readers.begin().await?;

    let mut count = QueryBuilder::<Sqlite>::new("SELECT count(*) AS total FROM keys");
    if filter.usage.is_some() {
        count.push(uses::JOIN);
    }
    count.push(" WHERE true");
    key_filter::push(&mut count, filter, now);
    let counted = count.build().fetch_one(&mut *transaction).await?;

    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push(" WHERE keys.id IN (SELECT id FROM keys");
    if filter.usage.is_some() || order.sort == KeySort::LastUsed {
        query.push(uses::JOIN);
    }
    query.push(" WHERE true");
    key_filter::push(&mut query, filter, now);
    if let Some(after) = after {
        key_order::push_after(&mut query, order, after);
    }
    key_order::push(&mut query, order);
    query.push(" LIMIT ").push_bind(limit).push(")");
    key_order::push(&mut query, order);
    let rows = query.build().fetch_all(&mut *transaction).await?;

    Ok(KeyRows {
        rows: rows.iter().map(stored_key).collect::<sqlx::Result<_>>()?,
        total: number(&counted, "total")?,
    })
}

pub(super) async fn count(readers: &SqlitePool) -> sqlx::Result<usize> {
    let row = sqlx::query("SELECT count(*) AS keys FROM keys");
    number(&row.fetch_one(readers).await?, "keys")
}

/// Hands over one after the other, in no order.
pub(super) async fn every(
    executor: impl SqliteExecutor<'_>,
    each: &mut (dyn FnMut(Key) + Send),
) -> sqlx::Result<()> {
    let mut rows = sqlx::query("SELECT * FROM keys").fetch(executor);
    while let Some(row) = rows.try_next().await? {
        each(key(&row)?);
    }
    Ok(())
}

/// Those that were changed after this revision, in no order.
pub(super) async fn changed(
    executor: impl SqliteExecutor<'_>,
    since: Revision,
) -> sqlx::Result<Vec<Key>> {
    // Row by row: rows take several times the room of the keys that they become.
    sqlx::query("SELECT * FROM keys WHERE revision > ?")
        .bind(stored(since))
        .fetch(executor)
        .map(|row| key(&row?))
        .try_collect()
        .await
}

pub(super) async fn live(
    readers: &SqlitePool,
    now: Timestamp,
) -> sqlx::Result<HashMap<ProjectId, u32>> {
    let rows = sqlx::query(
        "SELECT project_id, count(*) AS live FROM keys
         WHERE project_id IS NOT NULL AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
         GROUP BY project_id",
    )
    .bind(micros(now))
    .fetch_all(readers)
    .await?;
    rows.iter()
        .map(|row| Ok((ProjectId(row.try_get("project_id")?), number(row, "live")?)))
        .collect()
}

/// What is reserved for keys that are not over, but for one of them. A project that is gone may be back any moment.
pub(super) async fn reserved(
    readers: &SqlitePool,
    but_for: Option<KeyId>,
    now: Timestamp,
) -> sqlx::Result<u64> {
    let row = sqlx::query(
        "SELECT coalesce(sum(reserved), 0) AS reserved FROM keys
         WHERE reserved > 0 AND id IS NOT ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)",
    )
    .bind(but_for.map(|id| id.0))
    .bind(micros(now))
    .fetch_one(readers)
    .await?;
    number(&row, "reserved")
}
