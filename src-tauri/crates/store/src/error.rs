//! What can go wrong with the database, each with what it means for a person.

use std::io;
use std::path::{Path, PathBuf};

/// A failed database call. The text is for people; the source, where there is one, for the log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It is none of ours, or its content is broken.
    #[error("the database is damaged")]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A newer Gardien wrote it.
    #[error(
        "the database was written by a newer version (format {found}, this version knows {known})"
    )]
    NewerVersion {
        /// Format of the database.
        found: i64,
        /// Newest format this version knows.
        known: i64,
    },
    /// A folder or a file in it cannot be used: it is somebody else's, may only be read, or has no name that can be used.
    #[error("{} cannot be used: {source}", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process has it open.
    #[error("the database is in use by another process")]
    InUse,
    /// Somebody else changed something since the revision that this change was decided at. Nothing was written.
    #[error("somebody else changed the data at the same time")]
    Conflict,
    /// A value that may be there once is there already.
    #[error("what may be there once is there already")]
    Taken(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file was moved, replaced or overwritten while it was open, or is older than what was acknowledged. What is
    /// asked for now would be lost.
    #[error("the database was moved or replaced while Gardien used it")]
    Displaced,
    /// No room to write.
    #[error("the disk is full")]
    Full(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It took too long, was closed, or could not be read or written. What took too long may still have been done.
    #[error("the database cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Gardien cannot work with it, and says why: as it is set up, or reached, or by its version.
    #[error("the database cannot be used: {0}")]
    Unsupported(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Something else the database said.
    #[error("the database did not answer as it should")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull => Self::Full(error.into()),
            _ => Self::Unreachable(error.into()),
        }
    }
}

impl StoreError {
    /// What the system says of a folder or file that is to be used.
    pub(crate) fn of(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull => Self::Full(source.into()),
            _ => Self::Unusable {
                path: path.to_owned(),
                source,
            },
        }
    }
}
