//! Keys.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use gardien_domain::key::PreviousSecrets;
use gardien_domain::{
    Key, KeyFilter, KeyId, KeyOrder, KeyPlace, KeySort, ProjectId, Scope, ScopeKind, SecretDigest,
};
use jiff::Timestamp;
use sqlx::{Connection, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{READ, bounded, key_filter, key_order, uses};
use crate::columns::{Columns, micros, number, searched, stored};
use crate::rows::{key, stored_key};
use crate::{KeyRows, Revision, StoredKey};

/// All that a key is made of. Named one by one: a newer program may have added a column.
const COLUMNS: &str = "keys.id, keys.name, keys.note, keys.display, keys.scope, keys.project_id, keys.platform,
    keys.uptime, keys.digest, keys.previous_digest, keys.previous_valid_until, keys.earlier_digest,
    keys.earlier_valid_until, keys.created_at, keys.created_by, keys.expires_at, keys.revoked_at, keys.revoked_by,
    keys.at_most, keys.reserved, keys.weight";

/// What is shown beside it.
const MORE: &str =
    ", keys.previous_used_at, keys.earlier_used_at, used_at, operation, client, address,
         projects.name AS project_name, members.email AS creator ";

const JOINS: &str = " JOIN members ON members.id = keys.created_by
     LEFT JOIN key_uses ON key_uses.key_id = keys.id
     LEFT JOIN projects ON projects.id = keys.project_id ";

/// Keys that are read at once.
pub(super) const MANY: i64 = 10_000;

/// Leaves the last use as it is; that of a secret that was replaced goes with the secret.
pub(super) async fn put(
    connection: &mut PgConnection,
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
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
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
    .bind(key.share().at_most.map(i64::from))
    .bind(i64::from(key.share().reserved))
    .bind(i64::from(key.share().weight))
    .bind(stored(at))
    .execute(connection)
    .await?;
    Ok(())
}

fn select() -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(MORE);
    query
}

pub(super) async fn get(
    connection: &mut PgConnection,
    id: KeyId,
) -> sqlx::Result<Option<StoredKey>> {
    let mut query = select();
    query.push("FROM keys").push(JOINS);
    query.push("WHERE keys.id = ").push_bind(id.0);
    let row = query.build().fetch_optional(connection).await?;
    row.as_ref().map(stored_key).transpose()
}

pub(super) async fn by_secret(
    connection: &mut PgConnection,
    digests: &[SecretDigest],
) -> sqlx::Result<Vec<Option<StoredKey>>> {
    let asked: Vec<&[u8]> = digests.iter().map(|digest| &digest.0[..]).collect();
    let mut query = select();
    query.push(", place - 1 AS place FROM unnest(");
    query.push_bind(asked);
    query.push(
        ") WITH ORDINALITY AS asked (secret, place)
         JOIN keys ON keys.id = coalesce((SELECT id FROM keys WHERE digest = secret),
             (SELECT id FROM keys WHERE previous_digest = secret LIMIT 1),
             (SELECT id FROM keys WHERE earlier_digest = secret LIMIT 1))",
    );
    query.push(JOINS);
    let mut keys = vec![None; digests.len()];
    let mut rows = query.build().fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let place: usize = number(&row, "place")?;
        if let Some(found) = keys.get_mut(place) {
            *found = Some(stored_key(&row)?);
        }
    }
    Ok(keys)
}

/// Rows and total are of one moment.
pub(super) async fn page(
    connection: &mut PgConnection,
    filter: &KeyFilter,
    now: Timestamp,
    order: KeyOrder,
    after: Option<&KeyPlace>,
    limit: u32,
) -> sqlx::Result<KeyRows> {
    let mut transaction = connection.begin_with(READ).await?;

    let mut count = QueryBuilder::<Postgres>::new("SELECT count(*) AS total FROM keys");
    if filter.usage.is_some() {
        count.push(uses::JOIN);
    }
    count.push(" WHERE true");
    key_filter::push(&mut count, filter, now);
    let counted = count.build().fetch_one(&mut *transaction).await?;

    let mut query = select();
    query.push("FROM keys").push(JOINS);
    query.push("WHERE keys.id IN (SELECT keys.id FROM keys");
    if filter.usage.is_some() || order.sort == KeySort::LastUsed {
        query.push(uses::JOIN);
    }
    query.push(" WHERE true");
    key_filter::push(&mut query, filter, now);
    if let Some(after) = after {
        key_order::push_after(&mut query, order, after);
    }
    key_order::push(&mut query, order);
    query.push(" LIMIT ").push_bind(i64::from(limit)).push(")");
    key_order::push(&mut query, order);
    let rows = query.build().fetch_all(&mut *transaction).await?;

    Ok(KeyRows {
        rows: rows.iter().map(stored_key).collect::<sqlx::Result<_>>()?,
        total: number(&counted, "total")?,
    })
}

pub(super) async fn count(connection: &mut PgConnection) -> sqlx::Result<usize> {
    let row = sqlx::query("SELECT count(*) AS keys FROM keys");
    number(&row.fetch_one(connection).await?, "keys")
}

/// All of one moment, in the order of their revisions.
pub(super) async fn every(connection: &mut PgConnection) -> sqlx::Result<Vec<Key>> {
    let mut transaction = bounded(connection.begin_with(READ)).await?;
    changed(&mut transaction, None).await
}

/// Those that were changed after this revision. Within a transaction that reads: piece by piece, each in its time.
pub(super) async fn changed(
    connection: &mut PgConnection,
    since: Option<Revision>,
) -> sqlx::Result<Vec<Key>> {
    let mut keys = Vec::new();
    // Behind all of that revision: no key has the last of all ids.
    let mut after = (since.map_or(i64::MIN, stored), Uuid::max());
    loop {
        let before = keys.len();
        let piece = async {
            let mut query = QueryBuilder::<Postgres>::new("SELECT revision, ");
            query.push(COLUMNS);
            query.push(" FROM keys WHERE (revision, id) > (");
            query.push_bind(after.0).push(", ").push_bind(after.1);
            query.push(") ORDER BY revision, id LIMIT ").push_bind(MANY);
            // Row by row: rows take several times the room of the keys that they become.
            let mut rows = query.build().fetch(&mut *connection);
            while let Some(row) = rows.try_next().await? {
                after = (row.int("revision")?, row.uuid("id")?);
                keys.push(key(&row)?);
            }
            Ok(())
        };
        bounded(piece).await?;
        if keys.len() - before < usize::try_from(MANY).unwrap_or(usize::MAX) {
            return Ok(keys);
        }
    }
}

pub(super) async fn live(
    connection: &mut PgConnection,
    now: Timestamp,
) -> sqlx::Result<HashMap<ProjectId, u32>> {
    let rows = sqlx::query(
        "SELECT project_id, count(*) AS live FROM keys
         WHERE project_id IS NOT NULL AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1)
         GROUP BY project_id",
    )
    .bind(micros(now))
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| Ok((ProjectId(row.int("project_id")?), number(row, "live")?)))
        .collect()
}

/// What is reserved for keys that are not over, but for one of them. A project that is gone may be back any moment.
pub(super) async fn reserved(
    connection: &mut PgConnection,
    but_for: Option<KeyId>,
    now: Timestamp,
) -> sqlx::Result<u64> {
    let row = sqlx::query(
        "SELECT coalesce(sum(reserved), 0)::bigint AS reserved FROM keys
         WHERE reserved > 0 AND id IS DISTINCT FROM $1 AND revoked_at IS NULL
             AND (expires_at IS NULL OR expires_at > $2)",
    )
    .bind(but_for.map(|id| id.0))
    .bind(micros(now))
    .fetch_one(connection)
    .await?;
    number(&row, "reserved")
}
