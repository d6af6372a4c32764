//! The gateways, one row each, which is locked by whoever writes it: a lease is renewed or let go of, not both.

use gardien_domain::lease::{GatewayId, Held, Renewal};
use jiff::Timestamp;
use sqlx::PgConnection;

use super::{audit, revision};
use crate::columns::{count, micros, stored};
use crate::gateways::KNOWN;
use crate::rows::{held, known_gateway};
use crate::{Gateway, KnownGateway, Renewed, Revision};

/// A renewal may come late, after one that was sent later.
pub(super) async fn renew(
    connection: &mut PgConnection,
    gateway: &Gateway,
    renewal: &Renewal,
    at: Timestamp,
) -> sqlx::Result<Renewed> {
    let renewed = sqlx::query(
        "UPDATE gateways SET revision = greatest(revision, $1), renewals = greatest(renewals, $2), seen_at = $3
         WHERE id = $4 AND held",
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
    // A statement of its own: it sees every change that whoever saw no lease may have committed.
    let newest = revision(audit::last(connection).await?);
    Ok(Renewed { in_time, newest })
}

async fn hold(
    connection: &mut PgConnection,
    gateway: &Gateway,
    renewal: &Renewal,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM gateways WHERE NOT held AND seen_at < $1")
        .bind(micros(at).saturating_sub(KNOWN))
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO gateways (id, name, address, version, term, revision, renewals, held, seen_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, true, $8)
         ON CONFLICT (id) DO UPDATE SET revision = greatest(gateways.revision, excluded.revision),
             renewals = greatest(gateways.renewals, excluded.renewals), held = true, seen_at = excluded.seen_at",
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
    connection: &mut PgConnection,
    revision: Revision,
) -> sqlx::Result<Vec<Held<GatewayId>>> {
    let rows = sqlx::query("SELECT id, renewals, term FROM gateways WHERE held AND revision < $1")
        .bind(stored(revision))
        .fetch_all(connection)
        .await?;
    rows.iter().map(held).collect()
}

pub(super) async fn let_go(
    connection: &mut PgConnection,
    gateway: GatewayId,
    renewals: u64,
) -> sqlx::Result<bool> {
    let let_go =
        sqlx::query("UPDATE gateways SET held = false WHERE id = $1 AND renewals = $2 AND held")
            .bind(gateway.0)
            .bind(count(renewals))
            .execute(connection)
            .await?;
    Ok(let_go.rows_affected() > 0)
}

pub(super) async fn give_back(
    connection: &mut PgConnection,
    gateway: GatewayId,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE gateways SET held = false WHERE id = $1")
        .bind(gateway.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn all(connection: &mut PgConnection) -> sqlx::Result<Vec<KnownGateway>> {
    let rows = sqlx::query(
        "SELECT id, name, address, version, term, revision, held, seen_at FROM gateways ORDER BY name, id",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(known_gateway).collect()
}
