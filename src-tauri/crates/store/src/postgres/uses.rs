//! When each key was last used. Apart from the keys, whose indexes would be written anew with every use.

use gardien_domain::{KeyId, NotedUse, PreviousUse};
use sqlx::{Connection, PgConnection, Postgres, QueryBuilder};

use super::{WRITE, audit};
use crate::columns::micros;

/// Joins `key_uses`, in a query that filters or orders keys by it.
pub(super) const JOIN: &str = " LEFT JOIN key_uses ON key_uses.key_id = keys.id";

/// A use never gives way to an older one, and that of a secret goes with it.
pub(super) async fn record(connection: &mut PgConnection, uses: &[NotedUse]) -> sqlx::Result<()> {
    let previous: Vec<_> = uses
        .iter()
        .flat_map(|noted| noted.previous.iter().map(|previous| (noted.key, previous)))
        .collect();
    let mut transaction = connection.begin_with(WRITE).await?;
    if !previous.is_empty() {
        // It writes keys, as changes do, and neither may wait for the other halfway.
        audit::lock(&mut transaction).await?;
        for secret in ["previous", "earlier"] {
            record_previous(&mut transaction, secret, &previous).await?;
        }
    }
    record_last(&mut transaction, uses).await?;
    transaction.commit().await
}

/// Of a key that was noted twice, the later use, and of two of one time the one that was noted last. By id, so that two
/// gateways never wait for each other.
async fn record_last(connection: &mut PgConnection, uses: &[NotedUse]) -> sqlx::Result<()> {
    let each = || uses.iter();
    let address = |noted: &NotedUse| noted.last.address.map(|address| address.to_string());
    sqlx::query(
        "INSERT INTO key_uses (key_id, used_at, operation, client, address)
         SELECT DISTINCT ON (keys.id) keys.id, noted.used_at, noted.operation, noted.client, noted.address
         FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
             AS noted (id, used_at, operation, client, address, place)
         JOIN keys ON keys.id = noted.id
         ORDER BY keys.id, noted.used_at DESC, noted.place DESC
         ON CONFLICT (key_id) DO UPDATE SET used_at = excluded.used_at, operation = excluded.operation,
             client = excluded.client, address = excluded.address
         WHERE key_uses.used_at <= excluded.used_at",
    )
    .bind(each().map(|noted| noted.key.0).collect::<Vec<_>>())
    .bind(each().map(|noted| micros(noted.last.at)).collect::<Vec<_>>())
    .bind(each().map(|noted| &*noted.last.operation).collect::<Vec<_>>())
    .bind(each().map(|noted| noted.last.client.as_deref()).collect::<Vec<_>>())
    .bind(each().map(address).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Of keys that have the secret still, as their `previous` or their `earlier` one.
async fn record_previous(
    connection: &mut PgConnection,
    secret: &str,
    uses: &[(KeyId, &PreviousUse)],
) -> sqlx::Result<()> {
    let each = || uses.iter();
    let mut query = QueryBuilder::<Postgres>::new(format!(
        "UPDATE keys SET {secret}_used_at = latest.used_at
         FROM (SELECT id, digest, max(used_at) AS used_at FROM unnest("
    ));
    query.push_bind(each().map(|(key, _)| key.0).collect::<Vec<_>>());
    query.push(", ");
    query.push_bind(
        each()
            .map(|(_, of)| of.digest.0.to_vec())
            .collect::<Vec<_>>(),
    );
    query.push(", ");
    query.push_bind(each().map(|(_, of)| micros(of.at)).collect::<Vec<_>>());
    query.push(format!(
        ") AS noted (id, digest, used_at) GROUP BY id, digest) AS latest
         WHERE keys.id = latest.id AND keys.{secret}_digest = latest.digest
             AND coalesce(keys.{secret}_used_at < latest.used_at, true)"
    ));
    query.build().execute(connection).await?;
    Ok(())
}
