//! The gateways, one row each, written by one at a time.

use gardien_domain::lease::{GatewayId, Held, Renewal};
use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePool;

use crate::columns::{count, micros, stored};
use crate::gateways::KNOWN;
use crate::rows::{held, known_gateway};
use crate::{Gateway, KnownGateway, Revision};

/// Whether the lease was held until then. A renewal may come late, after one that was sent later.
pub(super) async fn renew(
    connection: &mut SqliteConnection,
    gateway: &Gateway,
    renewal: &Renewal,
    at: Timestamp,
) -> sqlx::Result<bool> {
    let renewed = sqlx::query(
        "UPDATE gateways SET revision = max(revision, ?), renewals = max(renewals, ?), seen_at = ?
         WHERE id = ? AND held",
    )
    .bind(stored(Revision(renewal.applied)))
    .bind(count(renewal.number))
    .bind(micros(at))
    .bind(gateway.id.0)
    .execute(&mut *connection)
    .await?;
    let in_time = renewed.rows_affected() > 0;
    if !in_time {
        hold(connection, gateway, renewal, at).await?;
    }
    Ok(in_time)
}

async fn hold(
    connection: &mut SqliteConnection,
    gateway: &Gateway,
    renewal: &Renewal,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM gateways WHERE NOT held AND seen_at < ?")
        .bind(micros(at).saturating_sub(KNOWN))
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO gateways (id, name, address, version, term, revision, renewals, held, seen_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, true, ?)
         ON CONFLICT (id) DO UPDATE SET revision = max(gateways.revision, excluded.revision),
             renewals = max(gateways.renewals, excluded.renewals), held = true, seen_at = excluded.seen_at",
    )
    .bind(gateway.id.0)
    .bind(&gateway.name)
    .bind(&gateway.address)
    .bind(&gateway.version)
    .bind(count(gateway.term))
    .bind(stored(Revision(renewal.applied)))
    .bind(count(renewal.number))
    .bind(micros(at))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn held_below(
    readers: &SqlitePool,
    revision: Revision,
) -> sqlx::Result<Vec<Held<GatewayId>>> {
    let rows = sqlx::query("SELECT id, renewals, term FROM gateways WHERE held AND revision < ?")
        .bind(stored(revision))
        .fetch_all(readers)
        .await?;
    rows.iter().map(held).collect()
}

pub(super) async fn let_go(
    connection: &mut SqliteConnection,
    gateway: GatewayId,
    renewals: u64,
) -> sqlx::Result<bool> {
    let let_go =
        sqlx::query("UPDATE gateways SET held = false WHERE id = ? AND renewals = ? AND held")
            .bind(gateway.0)
            .bind(count(renewals))
            .execute(connection)
            .await?;
    Ok(let_go.rows_affected() > 0)
}

pub(super) async fn give_back(
    connection: &mut SqliteConnection,
    gateway: GatewayId,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE gateways SET held = false WHERE id = ?")
        .bind(gateway.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn all(readers: &SqlitePool) -> sqlx::Result<Vec<KnownGateway>> {
    let rows = sqlx::query(
        "SELECT id, name, address, version, term, revision, held, seen_at FROM gateways ORDER BY name, id",
    )
    .fetch_all(readers)
    .await?;
    rows.iter().map(known_gateway).collect()
}
