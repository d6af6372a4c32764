//! What PostgreSQL's error codes mean for a person.

use sqlx::error::ErrorKind;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::StoreError;

#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("PostgreSQL {0} is too old, 13 or newer is needed")]
    OldServer(String),
    #[error("the database's encoding is {0}, UTF8 is needed")]
    Encoding(String),
    #[error(
        "a connection pooler before it gives each transaction another session, and Gardien needs whole ones: use \
         pool_mode = session in PgBouncer, or the address of the database itself"
    )]
    Pooled,
    #[error("the database belongs to another program")]
    Foreign,
    #[error("the layout of the database is not the one that its version has")]
    Layout(#[source] sqlx::migrate::MigrateError),
    #[error("PostgreSQL takes no text with a NUL character in it")]
    Nul(#[source] sqlx::Error),
    #[error(
        "a change was being made when the connection ended, and the database did not say since whether it was: it may have been made"
    )]
    Unknown(#[source] sqlx::Error),
}

pub(super) fn store_error(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(answer) if answer.kind() == ErrorKind::UniqueViolation => {
            StoreError::Taken(error.into())
        }
        sqlx::Error::Database(answer) => match answer.code().as_deref().unwrap_or_default() {
            // No lock to be had in time, or one of two that waited for each other.
            "55P03" | "40P01" | "40001" => StoreError::InUse,
            "53100" => StoreError::Full(error.into()),
            "22021" => StoreError::Unavailable(Fault::Nul(error).into()),
            "XX001" | "XX002" => StoreError::Damaged(error.into()),
            code if is_out_of_reach(code) => StoreError::Unreachable(error.into()),
            _ => StoreError::Unavailable(error.into()),
        },
        // What is stored is not what this program stores. Rows are asked for as such only where there is always one.
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::RowNotFound => {
            StoreError::Damaged(error.into())
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::BeginFailed
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => StoreError::Unreachable(error.into()),
        _ => StoreError::Unavailable(error.into()),
    }
}

/// It lets nobody in, is going down or coming up, has no room for one more connection, may only be read, or took too long.
fn is_out_of_reach(code: &str) -> bool {
    const CODES: [&str; 5] = ["25006", "25P03", "3D000", "42501", "57014"];
    const CLASSES: [&str; 5] = ["08", "28", "53", "57P0", "58"];
    CODES.contains(&code) || CLASSES.iter().any(|class| code.starts_with(class))
}

/// Whether the database itself refused what it was asked for: then it was certainly not done.
pub(super) fn is_refusal(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|answer| answer.try_downcast_ref::<PgDatabaseError>())
        .is_some_and(|answer| answer.severity() == PgSeverity::Error)
}
