//! When each key was last used. Apart from the keys, whose indexes would be written anew with every use.

use gardien_domain::{KeyId, NotedUse, PreviousUse};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::columns::micros;

#[cfg(test)]
mod tests;

/// Uses that one statement writes: five values each at most, of the 32,766 that SQLite binds.
const ROWS: usize = 500;

/// Joins `key_uses`, in a query that filters or orders keys by it and may go through them all. Their numbers grow with
/// their age: where keys come in that order, uses are found one beside the other. So the time of creation is named, of
/// which nothing is asked: of the indexes that SQLite may go through, it is in `keys_by_age` and `keys_by_project` alone.
pub(super) const JOIN: &str = " LEFT JOIN key_uses ON key_uses.number = keys.number
     AND keys.created_at > -9223372036854775808";

/// A use never gives way to an older one, and that of a secret goes with it.
pub(super) async fn record(
    connection: &mut SqliteConnection,
    uses: &[NotedUse],
) -> sqlx::Result<()> {
    let mut uses: Vec<_> = uses.iter().collect();
    // In the order of the table: each page of it is then read and written once.
    uses.sort_by_key(|noted| noted.key);
    for uses in uses.chunks(ROWS) {
        record_last(connection, uses).await?;
    }
    let previous: Vec<_> = uses
        .iter()
        .flat_map(|noted| noted.previous.iter().map(|previous| (noted.key, previous)))
        .collect();
    for previous in previous.chunks(ROWS) {
        for secret in ["previous", "earlier"] {
            record_previous(connection, secret, previous).await?;
        }
    }
    Ok(())
}

async fn record_last(connection: &mut SqliteConnection, uses: &[&NotedUse]) -> sqlx::Result<()> {
    let mut query =
        QueryBuilder::<Sqlite>::new("WITH noted (id, used_at, operation, client, address) AS (");
    query.push_values(uses, |mut row, noted| {
        row.push_bind(noted.key.0)
            .push_bind(micros(noted.last.at))
            .push_bind(&noted.last.operation)
            .push_bind(&noted.last.client)
            .push_bind(noted.last.address.map(|address| address.to_string()));
    });
    query.push(
        ") INSERT INTO key_uses (number, used_at, operation, client, address)
         SELECT keys.number, used_at, operation, client, address
         FROM noted CROSS JOIN keys ON keys.id = noted.id WHERE true
         ON CONFLICT (number) DO UPDATE SET used_at = excluded.used_at, operation = excluded.operation,
             client = excluded.client, address = excluded.address
         WHERE key_uses.used_at <= excluded.used_at",
    );
    write(connection, query, uses.len()).await
}

/// Of keys that have the secret still, as their `previous` or their `earlier` one.
async fn record_previous(
    connection: &mut SqliteConnection,
    secret: &str,
    uses: &[(KeyId, &PreviousUse)],
) -> sqlx::Result<()> {
    let mut query = QueryBuilder::<Sqlite>::new("WITH noted (id, digest, used_at) AS (");
    query.push_values(uses, |mut row, (key, previous)| {
        row.push_bind(key.0)
            .push_bind(&previous.digest.0[..])
            .push_bind(micros(previous.at));
    });
    query.push(format!(
        ") UPDATE keys SET {secret}_used_at = latest.used_at
         FROM (SELECT id, digest, max(used_at) AS used_at FROM noted GROUP BY id, digest) AS latest
         WHERE keys.id = latest.id AND keys.{secret}_digest = latest.digest
             AND coalesce(keys.{secret}_used_at < latest.used_at, true)"
    ));
    write(connection, query, uses.len()).await
}

async fn write(
    connection: &mut SqliteConnection,
    mut query: QueryBuilder<Sqlite>,
    rows: usize,
) -> sqlx::Result<()> {
    // The last statement of a batch is of a length of its own.
    let lasting = rows == ROWS;
    query
        .build()
        .persistent(lasting)
        .execute(connection)
        .await?;
    Ok(())
}
