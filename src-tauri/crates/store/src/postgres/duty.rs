//! A duty is an advisory lock of a session: it goes with the session, however that ends.

use async_trait::async_trait;
use sqlx::{ConnectOptions, PgConnection};

use super::fault::store_error;
use super::{Postgres, bounded};
use crate::{Duties, Duty, StoreError};

/// Of the key space of two numbers, which sqlx's lock of migrations is not in. Each database has its own.
const LOCK: [i32; 2] = [i32::from_be_bytes(*b"gdn\0"), 1];

/// Ends the session of a client that is gone without a word: by its silence, or, before PostgreSQL 14, which has no such
/// setting, once its machine does not answer.
const SILENCE: &str = "
    SELECT set_config(name, wanted, false) FROM pg_settings JOIN (VALUES
        ('idle_session_timeout', '5s'), ('tcp_keepalives_idle', '2s'), ('tcp_keepalives_interval', '1s'),
        ('tcp_keepalives_count', '3')) AS silence (name, wanted) USING (name)";

#[async_trait]
impl Duties for Postgres {
    async fn duty(&self) -> Result<Option<Duty>, StoreError> {
        let taking = async {
            let mut lent = self.lend().await?;
            let free = is_free(&mut lent.connection).await;
            lent.back();
            if !free? {
                return Ok(None);
            }
            // None of the pool: that closes them when they have lain idle, and gives them to others.
            let mut connection = self.pool.connect_options().connect().await?;
            let taken = take(&mut connection).await?;
            Ok(taken.then(|| Duty::of_session(connection)))
        };
        bounded(taking).await.map_err(store_error)
    }
}

/// Whether nobody has the lock. Most servers ask only this, and a new session for it is dear. Those who ask share the lock for
/// the moment: they are in nobody's way but that of whoever takes it just then.
async fn is_free(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT pg_try_advisory_xact_lock_shared($1, $2)")
        .bind(LOCK[0])
        .bind(LOCK[1])
        .fetch_one(connection)
        .await
}

/// Whether the lock was free, and is now held by this session.
async fn take(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query(SILENCE).execute(&mut *connection).await?;
    sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)")
        .bind(LOCK[0])
        .bind(LOCK[1])
        .fetch_one(connection)
        .await
}
