//! What gateways hold of the limit, one row each, written by one at a time.

use gardien_domain::lease::GatewayId;
use gardien_domain::limit::{Asking, GatewayCalls, Leased, OwnCalls};
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::columns::{count, json};
use crate::rows::gateway_calls;

pub(super) async fn all(executor: impl SqliteExecutor<'_>) -> sqlx::Result<Vec<GatewayCalls>> {
    let rows = sqlx::query(
        "SELECT gateway, number, at, finished, by_key, under_way, leased,
             max(0, CAST(unixepoch('subsec') * 1000 AS INTEGER) - written_at) AS age
         FROM gateway_calls",
    )
    .fetch_all(executor)
    .await?;
    rows.iter().map(gateway_calls).collect()
}

pub(super) async fn lease(
    connection: &mut SqliteConnection,
    gateway: GatewayId,
    number: u64,
    own: &OwnCalls,
    asking: &Asking,
) -> sqlx::Result<Leased> {
    let mut others = all(&mut *connection).await?;
    others.retain(|row| row.gateway != gateway);
    let extra = asking.extra(own, &others);
    let written = sqlx::query(
        "INSERT INTO gateway_calls (gateway, number, at, finished, by_key, under_way, leased, written_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, CAST(unixepoch('subsec') * 1000 AS INTEGER))
         ON CONFLICT (gateway) DO UPDATE SET number = excluded.number, at = excluded.at,
             finished = excluded.finished, by_key = excluded.by_key, under_way = excluded.under_way,
             leased = excluded.leased, written_at = excluded.written_at
         WHERE excluded.number > gateway_calls.number",
    )
    .bind(gateway.0)
    .bind(count(number))
    .bind(count(own.at))
    .bind(json(&own.calls.finished)?)
    .bind(json(&own.calls.by_key)?)
    .bind(json(&own.under_way)?)
    .bind(asking.leased(own, extra))
    .execute(&mut *connection)
    .await?;
    if written.rows_affected() == 0 {
        return Ok(Leased { extra: 0, others });
    }
    for (gateway, number) in &asking.spent {
        sqlx::query("DELETE FROM gateway_calls WHERE gateway = ? AND number = ?")
            .bind(gateway.0)
            .bind(count(*number))
            .execute(&mut *connection)
            .await?;
    }
    Ok(Leased { extra, others })
}
