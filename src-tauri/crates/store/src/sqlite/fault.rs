//! What SQLite's result codes mean for a person.

use std::io;

use sqlx::error::{DatabaseError, ErrorKind};

use crate::StoreError;

const PERMISSION: i32 = 3;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READ_ONLY: i32 = 8;
const READ_OR_WRITE: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;
const NOT_A_DATABASE: i32 = 26;

/// A connection that may only read met a transaction that a crash left half done.
pub(super) const READ_ONLY_ROLLBACK: i32 = 776;

pub(super) fn store_error(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(answer) if answer.kind() == ErrorKind::UniqueViolation => {
            StoreError::Taken(error.into())
        }
        sqlx::Error::Database(answer) => match code(answer.as_ref()) & 0xff {
            BUSY | LOCKED => StoreError::InUse,
            CORRUPT | NOT_A_DATABASE => StoreError::Damaged(error.into()),
            FULL => StoreError::Full(error.into()),
            // As the system says it of a file that is opened without SQLite.
            PERMISSION | READ_ONLY => StoreError::Unreachable(
                io::Error::new(io::ErrorKind::PermissionDenied, error).into(),
            ),
            READ_OR_WRITE | CANNOT_OPEN => StoreError::Unreachable(error.into()),
            _ => StoreError::Unavailable(error.into()),
        },
        // What is stored is not what this program stores.
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            StoreError::Damaged(error.into())
        }
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => StoreError::Unreachable(error.into()),
        _ => StoreError::Unavailable(error.into()),
    }
}

/// The extended result code; 0 if there is none.
pub(super) fn code(answer: &dyn DatabaseError) -> i32 {
    answer
        .code()
        .and_then(|code| code.parse().ok())
        .unwrap_or_default()
}
