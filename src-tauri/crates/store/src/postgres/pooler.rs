//! Whether a connection is a session of the database. Behind a pooler that hands out its own connections by the transaction
//! it is not: settings, locks and prepared statements would be there now and gone, or somebody else's, a moment later.

use sqlx::postgres::PgDatabaseError;
use sqlx::{Executor, PgConnection, Row, raw_sql};

use super::bounded;
use super::fault::{Fault, store_error};
use crate::StoreError;

/// The two change places after each. A pooler that takes its own connections in a fixed order shows in the first.
const ROUNDS: usize = 3;
/// What PgBouncer says of a transaction where it hands them out by the statement.
const PROTOCOL_VIOLATION: &str = "08P01";

/// Before anything else is said on either: a pooler would pass settings on to others, and has no prepared statements.
pub(super) async fn refuse(
    one: &mut PgConnection,
    other: &mut PgConnection,
) -> Result<(), StoreError> {
    match bounded(are_sessions(one, other)).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(StoreError::Unsupported(Fault::Pooled.into())),
        Err(error) => Err(store_error(error)),
    }
}

/// Whether each keeps a process of the server to itself, whatever the other does meanwhile.
async fn are_sessions(
    mut one: &mut PgConnection,
    mut other: &mut PgConnection,
) -> sqlx::Result<bool> {
    let (mut ones, mut others) = (process(one).await?, process(other).await?);
    for _ in 0..ROUNDS {
        if ones == others || process(one).await? != ones || process(one).await? != ones {
            return Ok(false);
        }
        match one.execute("BEGIN READ ONLY").await {
            Err(error) if is_protocol_violation(&error) => return Ok(false),
            begun => begun?,
        };
        let kept = process(one).await? == ones && process(other).await? == others;
        one.execute("COMMIT").await?;
        // The one that has just come free is what most poolers take next.
        if !kept || process(other).await? != others {
            return Ok(false);
        }
        std::mem::swap(&mut one, &mut other);
        std::mem::swap(&mut ones, &mut others);
    }
    Ok(true)
}

/// Asked as a text, not prepared.
async fn process(connection: &mut PgConnection) -> sqlx::Result<i32> {
    raw_sql("SELECT pg_backend_pid()")
        .fetch_one(connection)
        .await?
        .try_get(0)
}

fn is_protocol_violation(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|answer| answer.try_downcast_ref::<PgDatabaseError>())
        .is_some_and(|answer| answer.code() == PROTOCOL_VIOLATION)
}
