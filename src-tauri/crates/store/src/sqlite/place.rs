//! Whether the file of that name still is the one that was opened, and still holds what was written to it.
//!
//! SQLite goes on writing into a file that was moved, deleted or overwritten, and says that all is well. The file itself
//! changes only when the write-ahead log is folded into it, which is done here and nowhere else.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use gardien_domain::audit::{AuditEntry, AuditHash};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

use super::fault::store_error;
use super::{audit, clean};
use crate::StoreError;

/// The log is folded into the file when it has grown beyond this, in bytes.
const LONG_LOG: u64 = 4 << 20;
/// How long a look at a file that was changed may take to get hold of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the database lies, and what was last seen there.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    log: PathBuf,
    file: Stamp,
    log_file: Option<FileId>,
    /// The newest change that is known to be there.
    newest: Option<(u64, AuditHash)>,
}

#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    file: FileId,
    length: u64,
    changed: Option<SystemTime>,
}

/// Which file it is, whatever it is called.
type FileId = (u64, u64);

impl Place {
    /// Of a database that is open, and its newest change.
    pub(super) fn of(path: &Path, newest: Option<(u64, AuditHash)>) -> io::Result<Self> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let log = PathBuf::from(log);
        Ok(Self {
            file: Stamp::of(&path.metadata()?),
            log_file: log.metadata().ok().as_ref().map(file_id),
            path: path.to_owned(),
            log,
            newest,
        })
    }

    /// Remembers a change that was made.
    pub(super) fn note(&mut self, entry: &AuditEntry) {
        self.newest = Some((entry.sequence, entry.hash));
    }

    /// # Errors
    /// [`StoreError::Displaced`] when the file is another one, or no longer holds what was written to it.
    pub(super) async fn check(&mut self) -> Result<(), StoreError> {
        let log = stat(&self.log)?.as_ref().map(file_id);
        let file = stat(&self.path)?.ok_or(StoreError::Displaced)?;
        if self.log_file.is_some() && log != self.log_file {
            return Err(StoreError::Displaced);
        }
        self.log_file = log;
        let now = Stamp::of(&file);
        if now.file != self.file.file {
            return Err(StoreError::Displaced);
        }
        if now != self.file {
            // Somebody wrote into it who is not of this process: as it should be, or over all that was there.
            self.look().await?;
            self.file = now;
        }
        Ok(())
    }

    /// Folds a long log into the file, if that is still the one. What was written stands whatever comes of it.
    pub(super) async fn fold(&mut self, writer: &SqlitePool) {
        if let Err(error) = self.try_fold(writer).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the log of the database stays long"
            );
        }
    }

    async fn try_fold(&mut self, writer: &SqlitePool) -> Result<(), StoreError> {
        if stat(&self.log)?.is_none_or(|log| log.len() < LONG_LOG) {
            return Ok(());
        }
        self.check().await?;
        sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
            .execute(writer)
            .await
            .map_err(store_error)?;
        if let Some(now) = stat(&self.path)?.as_ref().map(Stamp::of)
            && now.file == self.file.file
        {
            self.file = now;
        }
        Ok(())
    }

    /// After the database was closed, whole: the next start need not look through it, if nothing is left to be folded into it.
    pub(super) fn mark_clean(&self) {
        if let Err(error) = self.try_mark_clean() {
            let error = &error as &dyn std::error::Error;
            tracing::debug!(error, "the next start looks through the database");
        }
    }

    fn try_mark_clean(&self) -> io::Result<()> {
        // It may have been replaced while it was closed.
        let is_ours = stat(&self.path)?.is_some_and(|file| file_id(&file) == self.file.file);
        let is_folded = stat(&self.log)?.is_none_or(|log| log.len() == 0);
        if is_ours && is_folded {
            clean::mark(&self.path)
        } else {
            Ok(())
        }
    }

    /// Through a connection that has read nothing yet. Whatever was changed has its entry in the trail: where that is
    /// whole and as long as it was, nothing is gone.
    async fn look(&self) -> Result<(), StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .read_only(true)
            .busy_timeout(PATIENCE);
        let fresh = SqlitePoolOptions::new().max_connections(1);
        let fresh = fresh.connect_lazy_with(options);
        let found = self.is_whole(&fresh).await;
        fresh.close().await;
        match found {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::Displaced),
            Err(error) => match store_error(error) {
                error @ (StoreError::InUse | StoreError::Unreachable(_)) => Err(error),
                // Neither whole nor ours.
                _ => Err(StoreError::Displaced),
            },
        }
    }

    async fn is_whole(&self, fresh: &SqlitePool) -> sqlx::Result<bool> {
        let state: String = sqlx::query_scalar("PRAGMA quick_check(1)")
            .fetch_one(fresh)
            .await?;
        if state != "ok" || audit::verify(fresh).await?.is_err() {
            return Ok(false);
        }
        let Some((sequence, hash)) = self.newest else {
            return Ok(true);
        };
        Ok(audit::hash_of(fresh, sequence).await? == Some(hash))
    }
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        Self {
            file: file_id(file),
            length: file.len(),
            changed: file.modified().ok(),
        }
    }
}

#[cfg(unix)]
fn file_id(file: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

/// Where files have no number, their length and time tell.
#[cfg(not(unix))]
fn file_id(_: &Metadata) -> FileId {
    (0, 0)
}

/// `None` when there is no such file.
fn stat(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::metadata(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
