//! Sessions with the management API, found by the digest of their token.

use gardien_domain::{MemberId, SecretDigest, SessionId};
use jiff::Timestamp;
use sqlx::PgConnection;

use crate::Session;
use crate::columns::micros;
use crate::rows::session;

pub(super) async fn put(connection: &mut PgConnection, session: &Session) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO sessions (id, digest, member_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, member_id = excluded.member_id,
             created_at = excluded.created_at, expires_at = excluded.expires_at",
    )
    .bind(session.id.0)
    .bind(&session.digest.0[..])
    .bind(session.member.0)
    .bind(micros(session.created_at))
    .bind(micros(session.expires_at))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn delete(connection: &mut PgConnection, id: SessionId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE id = $1")
        .bind(id.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn delete_expired(
    connection: &mut PgConnection,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
        .bind(micros(now))
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn delete_of(connection: &mut PgConnection, member: MemberId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE member_id = $1")
        .bind(member.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn get(
    connection: &mut PgConnection,
    of: &SecretDigest,
) -> sqlx::Result<Option<Session>> {
    let row = sqlx::query(
        "SELECT id, digest, member_id, created_at, expires_at FROM sessions WHERE digest = $1",
    )
    .bind(&of.0[..])
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(session).transpose()
}

pub(super) async fn all(connection: &mut PgConnection) -> sqlx::Result<Vec<Session>> {
    let rows = sqlx::query(
        "SELECT id, digest, member_id, created_at, expires_at FROM sessions
         ORDER BY created_at DESC, id DESC",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(session).collect()
}
