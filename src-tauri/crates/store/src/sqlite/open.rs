//! Opening the file: nothing is written before it is known to be ours, whole, and no newer than this program.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, sleep};

use super::blame::blame;
use super::examine::{check, examine};
use super::fault::store_error;
use super::place::Place;
use super::{Sqlite, audit};
use crate::{Store, StoreError, folder};

/// Older ones can corrupt a database in WAL mode.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// How long to wait for another process that is writing.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

const READERS: u32 = 4;

/// A step that was ever released is never changed again.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("SQLite {0} is linked, 3.51.3 or newer is needed")]
    OldLibrary(String),
    #[error("SQLite finds: {0}")]
    Inconsistent(String),
    #[error("the file belongs to another program")]
    Foreign,
    #[error("the layout of the file is not the one that its version has")]
    Layout(#[source] MigrateError),
}

impl Sqlite {
    /// Opens the file at `path`, which is made, with its folder, if missing.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] and [`StoreError::NewerVersion`] leave the file as it is, byte for byte;
    /// [`StoreError::Unusable`] for one that cannot be written, too.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let store = Self::open_early(path).await?;
        if let Err(error) = store.whole().await {
            store.close().await;
            return Err(blame(&std::path::absolute(path)?, error));
        }
        Ok(store)
    }

    /// [`Self::open`] that may leave it to [`Store::snapshot`] to wait until the whole file is known to
    /// hold: a large one takes a second. Whoever writes waits for it, too, and is refused if it does not.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_early(path: &Path) -> Result<Self, StoreError> {
        let path = std::path::absolute(path)?;
        let opened = Self::open_at(&path).await;
        opened.map_err(|error| blame(&path, error))
    }

    async fn open_at(path: &Path) -> Result<Self, StoreError> {
        assert_library().await?;
        let unproven = if create(path)? {
            examine(path).await?
        } else {
            None
        };
        let (writer, readers, place) = match connect(path).await {
            Ok(connected) => connected,
            Err(error) => {
                if let Some(unproven) = unproven {
                    unproven.close().await.map_err(store_error)?;
                }
                return Err(error);
            }
        };
        let place = Arc::new(Mutex::new(place));
        let proving = match unproven {
            Some(unproven) => {
                let held = place.clone().lock_owned().await;
                Some(tokio::spawn(prove(unproven, writer.clone(), held)))
            }
            None => None,
        };
        Ok(Self {
            writer,
            readers,
            place,
            proving: Arc::new(Mutex::new(proving)),
        })
    }
}

async fn connect(path: &Path) -> Result<(SqlitePool, SqlitePool, Place), StoreError> {
    let writer = connect_writer(path).await?;
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    match place(path, &writer).await {
        Ok(place) => Ok((writer, pool(READERS).connect_lazy_with(options), place)),
        Err(error) => {
            writer.close().await;
            Err(error)
        }
    }
}

/// Nobody writes while the place is held, nor after if the file does not hold.
async fn prove(
    mut unproven: SqliteConnection,
    writer: SqlitePool,
    _held: OwnedMutexGuard<Place>,
) -> Result<(), StoreError> {
    let checked = check(&mut unproven).await;
    let closed = unproven.close().await.map_err(store_error);
    let proven = checked.and(closed);
    if proven.is_err() {
        writer.close().await;
    }
    proven
}

async fn place(path: &Path, writer: &SqlitePool) -> Result<Place, StoreError> {
    migrate(writer).await?;
    let newest = audit::last(writer).await.map_err(store_error)?;
    Ok(Place::of(path, newest)?)
}

async fn assert_library() -> Result<(), StoreError> {
    let version = library_version().await.map_err(store_error)?;
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) >= OLDEST_SQLITE {
        Ok(())
    } else {
        Err(StoreError::Unavailable(Fault::OldLibrary(version).into()))
    }
}

/// Asked of a database in memory, so that no file is touched by a library that must not.
async fn library_version() -> sqlx::Result<String> {
    let mut memory = SqliteConnection::connect("sqlite::memory:").await?;
    let version = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut memory)
        .await?;
    memory.close().await?;
    Ok(version)
}

/// Makes an empty file for its owner alone. True if one with content is there already.
///
/// To close a file drops the locks that SQLite holds on it in this process. So one that is there is not opened here,
/// and nobody gets to open a new one before it is closed.
fn create(path: &Path) -> Result<bool, StoreError> {
    static CREATING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _alone = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(folder) = path.parent() {
        folder::make(folder)?;
    }
    match folder::private(OpenOptions::new().write(true).create_new(true)).open(path) {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = path.metadata().map_err(StoreError::of(path))?;
            // SQLite makes its other files as closed as this one, even to read it: they would stay so when it is opened up.
            folder::may_be_written(path).map_err(StoreError::of(path))?;
            Ok(found.len() > 0)
        }
        Err(error) => Err(StoreError::of(path)(error)),
    }
}

pub(super) fn newest() -> i64 {
    MIGRATIONS
        .iter()
        .map(|step| step.version)
        .max()
        .unwrap_or(0)
}

pub(super) fn refuse_newer(found: i64) -> Result<(), StoreError> {
    let known = newest();
    if found > known {
        Err(StoreError::NewerVersion { found, known })
    } else {
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "how long it has been tried for")]
async fn connect_writer(path: &Path) -> Result<SqlitePool, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // Folded by us alone, so that whoever else changes the file is noticed.
        .pragma("wal_autocheckpoint", "0")
        // A log that was folded is short again.
        .pragma("journal_size_limit", "0")
        .busy_timeout(PATIENCE);
    // The step into WAL mode of a new file is the one that SQLite does not wait for by itself.
    let start = Instant::now();
    loop {
        match pool(1)
            .connect_with(options.clone())
            .await
            .map_err(store_error)
        {
            Err(StoreError::InUse) if start.elapsed() < PATIENCE => {
                sleep(Duration::from_millis(20)).await;
            }
            connected => return connected,
        }
    }
}

/// Connections to a file do not go stale, so they are neither tested nor replaced.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        // Where SQLite took a transaction back by itself, as on a full disk, sqlx goes on believing in it and would
        // refuse every later one.
        .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
}

/// All steps or none, whoever else is starting at the same time.
async fn migrate(writer: &SqlitePool) -> Result<(), StoreError> {
    let begun = writer.begin_with("BEGIN IMMEDIATE").await;
    let mut transaction = begun.map_err(store_error)?;
    // What `run` calls; the future of `run` itself cannot be sent between threads when it is given a connection.
    match MIGRATIONS.run_direct(None, &mut *transaction, false).await {
        Ok(()) => {
            // Changes nothing. SQLite opens a file that it may not write as one to read, and would say so only then.
            let write = "UPDATE organization SET name = name WHERE false";
            let written = sqlx::query(write).execute(&mut *transaction).await;
            written.map_err(store_error)?;
            transaction.commit().await.map_err(store_error)
        }
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
            Err(store_error(error))
        }
        // A newer version can have been faster to fill an empty file.
        Err(MigrateError::VersionMissing(found)) if found > newest() => refuse_newer(found),
        Err(error) => Err(StoreError::Damaged(Fault::Layout(error).into())),
    }
}
