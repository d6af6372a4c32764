//! What gateways hold of the limit, one row each, written by one at a time.

use gardien_domain::lease::GatewayId;
use gardien_domain::limit::{Asking, GatewayCalls, Leased, OwnCalls};
use sqlx::{Connection, PgConnection};

use super::WRITE;
use crate::columns::{count, json};
use crate::rows::gateway_calls;

pub(super) async fn all(connection: &mut PgConnection) -> sqlx::Result<Vec<GatewayCalls>> {
    let rows = sqlx::query(
        "SELECT gateway, number, at, finished, by_key, under_way, leased,
             greatest(0, (extract(epoch FROM clock_timestamp()) * 1000)::bigint - written_at) AS age
         FROM gateway_calls",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(gateway_calls).collect()
}

pub(super) async fn lease(
    connection: &mut PgConnection,
    gateway: GatewayId,
    number: u64,
    own: &OwnCalls,
    asking: &Asking,
) -> sqlx::Result<Leased> {
    let mut transaction = connection.begin_with(WRITE).await?;
    sqlx::query("SELECT one FROM gateway_calls_turn FOR UPDATE")
        .fetch_one(&mut *transaction)
        .await?;
    // A statement of its own: it sees what whoever held the lock before has written.
    let mut others = all(&mut transaction).await?;
    others.retain(|row| row.gateway != gateway);
    let extra = asking.extra(own, &others);
    let written = sqlx::query(
        "INSERT INTO gateway_calls (gateway, number, at, finished, by_key, under_way, leased, written_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
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
    .bind(i64::from(asking.leased(own, extra)))
    .execute(&mut *transaction)
    .await?;
    if written.rows_affected() == 0 {
        transaction.rollback().await?;
        return Ok(Leased { extra: 0, others });
    }
    if !asking.spent.is_empty() {
        let (gateways, numbers): (Vec<_>, Vec<_>) = asking
            .spent
            .iter()
            .map(|(gateway, number)| (gateway.0, count(*number)))
            .unzip();
        sqlx::query(
            "DELETE FROM gateway_calls USING unnest($1::uuid[], $2::bigint[]) AS spent (gateway, number)
             WHERE gateway_calls.gateway = spent.gateway AND gateway_calls.number = spent.number",
        )
        .bind(gateways)
        .bind(numbers)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(Leased { extra, others })
}
