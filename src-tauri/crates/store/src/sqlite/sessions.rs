//! Sessions with the management API, found by the digest of their token.

use gardien_domain::{MemberId, SecretDigest, SessionId};
use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePool;

use crate::Session;
use crate::columns::micros;
use crate::rows::session;

pub(super) async fn put(connection: &mut SqliteConnection, session: &Session) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO sessions (id, digest, member_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?)
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

pub(super) async fn delete(connection: &mut SqliteConnection, id: SessionId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE id = ?")
        .bind(id.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn delete_expired(
    connection: &mut SqliteConnection,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE expires_at <= ?")
        .bind(micros(now))
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn delete_of(
    connection: &mut SqliteConnection,
    member: MemberId,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE member_id = ?")
        .bind(member.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn get(readers: &SqlitePool, of: &SecretDigest) -> sqlx::Result<Option<Session>> {
    let row = sqlx::query("SELECT * FROM sessions WHERE digest = ?")
        .bind(&of.0[..])
        .fetch_optional(readers)
        .await?;
    row.as_ref().map(session).transpose()
}

pub(super) async fn all(readers: &SqlitePool) -> sqlx::Result<Vec<Session>> {
    let rows = sqlx::query("SELECT * FROM sessions ORDER BY created_at DESC, id DESC")
        .fetch_all(readers)
        .await?;
    rows.iter().map(session).collect()
}
