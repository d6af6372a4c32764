//! Hearing what other processes do, on a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPool};
use tokio::time::{sleep, timeout};

use super::bounded;
use crate::jitter::sooner;
use crate::notices::Telling;

/// A change was recorded.
const CHANGED: &str = "gardien";
/// After such a silence the connection is tried: one that was cut without a word stays silent for ever.
const SILENCE: Duration = Duration::from_secs(2);
/// Between two tries to connect.
const PAUSE: Duration = Duration::from_millis(500);

/// Tells of what is heard, until the pool is closed.
pub(super) async fn listen(pool: PgPool, telling: Arc<Telling>) {
    while !pool.is_closed() {
        if let Err(error) = hear(&pool, &telling).await {
            tracing::debug!(%error, "notices of the database are not heard at the moment");
        }
        sleep(sooner(PAUSE)).await;
    }
}

async fn hear(pool: &PgPool, telling: &Telling) -> sqlx::Result<()> {
    let mut listener = bounded(PgListener::connect_with(pool)).await?;
    // What is lost while nobody listens is told of below, by the loss.
    listener.eager_reconnect(false);
    bounded(listener.listen(CHANGED)).await?;
    telling.changed();
    loop {
        match timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(_))) => telling.changed(),
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                bounded(sqlx::query("SELECT 1").execute(&mut listener)).await?;
            }
        }
    }
}
