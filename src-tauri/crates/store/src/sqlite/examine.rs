//! What a file is, before anything is written to it.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::clean::is_clean;
use super::fault::{READ_ONLY_ROLLBACK, code, store_error};
use super::open::{Fault, MIGRATIONS, PATIENCE, newest, refuse_newer};
use crate::StoreError;

/// Looks at the file through a connection that cannot write, not even by closing. Comes back with it where nothing has to be
/// written to open the file: then the rest of it can be looked through meanwhile. That is not done after a clean shutdown.
pub(super) async fn examine(path: &Path) -> Result<Option<SqliteConnection>, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(PATIENCE);
    let clean = is_clean(path);
    let mut connection = options.connect().await.map_err(store_error)?;
    let found = look(&mut connection).await;
    if matches!(found, Ok(Format::Current)) && !has_log(path) {
        if !clean {
            return Ok(Some(connection));
        }
        connection.close().await.map_err(store_error)?;
        return Ok(None);
    }
    let checked = match found {
        Ok(_) => check(&mut connection).await,
        Err(_) => Ok(()),
    };
    let closed = connection.close().await;
    let format = match found {
        // A crash at the very first start: the writer undoes what was half done.
        Err(sqlx::Error::Database(answer)) if code(answer.as_ref()) == READ_ONLY_ROLLBACK => {
            return Ok(None);
        }
        found => found.map_err(store_error)?,
    };
    closed.map_err(store_error)?;
    checked?;
    match format {
        Format::Empty | Format::Current => Ok(None),
        Format::Foreign => Err(StoreError::Damaged(Fault::Foreign.into())),
        Format::Version(found) => refuse_newer(found).map(|()| None),
    }
}

/// Looks through the whole file.
pub(super) async fn check(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    // A small cache, in KiB: it comes by most pages once.
    let state: String = sqlx::query_scalar("PRAGMA cache_size = -256; PRAGMA quick_check(1)")
        .fetch_one(connection)
        .await
        .map_err(store_error)?;
    if state == "ok" {
        Ok(())
    } else {
        Err(StoreError::Damaged(Fault::Inconsistent(state).into()))
    }
}

/// Whether a crash left a log, or somebody writes: whoever closes the file last folds the log into it.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    Path::new(&log).metadata().is_ok_and(|log| log.len() > 0)
}

enum Format {
    /// Nothing in it yet.
    Empty,
    /// Tables, but none of ours.
    Foreign,
    /// Has seen all migrations that there are, and is written by a log.
    Current,
    /// The last migration it has seen.
    Version(i64),
}

async fn look(connection: &mut SqliteConnection) -> sqlx::Result<Format> {
    let (tables, ours): (i64, i64) = sqlx::query_as(
        "SELECT count(*), count(*) FILTER (WHERE name = '_sqlx_migrations') FROM sqlite_schema",
    )
    .fetch_one(&mut *connection)
    .await?;
    match (tables, ours) {
        (0, _) => return Ok(Format::Empty),
        (_, 0) => return Ok(Format::Foreign),
        _ => {}
    }
    let (seen, last): (i64, i64) =
        sqlx::query_as("SELECT count(*), coalesce(max(version), 0) FROM _sqlx_migrations")
            .fetch_one(&mut *connection)
            .await?;
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(connection)
        .await?;
    let every = i64::try_from(MIGRATIONS.iter().count());
    Ok(
        if every == Ok(seen) && last == newest() && journal == "wal" {
            Format::Current
        } else {
            Format::Version(last)
        },
    )
}
