//! Sessions with the management API, found by the digest of their token.

use gardien_domain::{MemberId, SecretDigest};
use sqlx::sqlite::SqlitePool;
use sqlx::{Row, SqliteConnection};

use super::columns::{digest, micros, time};
use crate::Session;

pub(super) async fn put(connection: &mut SqliteConnection, session: &Session) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO sessions (digest, member_id, created_at, expires_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (digest) DO UPDATE SET member_id = excluded.member_id,
             created_at = excluded.created_at, expires_at = excluded.expires_at",
    )
    .bind(&session.digest.0[..])
    .bind(session.member.0)
    .bind(micros(session.created_at))
    .bind(micros(session.expires_at))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn get(readers: &SqlitePool, of: &SecretDigest) -> sqlx::Result<Option<Session>> {
    let row = sqlx::query(
        "SELECT digest, member_id, created_at, expires_at FROM sessions WHERE digest = ?",
    )
    .bind(&of.0[..])
    .fetch_optional(readers)
    .await?;
    row.map(|row| {
        Ok(Session {
            digest: digest(&row, "digest")?,
            member: MemberId(row.try_get("member_id")?),
            created_at: time(&row, "created_at")?,
            expires_at: time(&row, "expires_at")?,
        })
    })
    .transpose()
}
