//! The data folder: private to its owner, and held by one process at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use crate::StoreError;

/// Its lock. It stays when the lock is given back: removing it would let two processes lock two files.
const LOCK_FILE: &str = "gardien.lock";

/// Held by the one process that runs the gateway on a data folder; given back when dropped or when the process dies.
#[derive(Debug)]
#[must_use = "the folder is free again as soon as this is dropped"]
pub struct FolderLock {
    _file: File,
}

/// Locks the data folder, which is made if missing.
///
/// # Errors
/// [`StoreError::InUse`] when another process has it, [`StoreError::Unusable`] when it or a file in it cannot be written.
pub fn lock(folder: &Path) -> Result<FolderLock, StoreError> {
    make(folder)?;
    let path = folder.join(LOCK_FILE);
    let file = private(OpenOptions::new().write(true).create(true)).open(&path);
    let file = file.map_err(StoreError::of(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(FolderLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(StoreError::of(&path)(error)),
    }
}

/// Makes a folder, and those above it, for its owner alone. One that exists is left as it is.
///
/// # Errors
/// [`StoreError::Unusable`]. SQLite takes no path that is not UTF-8: that is said before anything is made there.
pub(crate) fn make(folder: &Path) -> Result<(), StoreError> {
    let unusable = StoreError::of(folder);
    if folder.to_str().is_none() {
        let reason = "its path is not UTF-8";
        return Err(unusable(io::Error::new(
            io::ErrorKind::InvalidFilename,
            reason,
        )));
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(unusable)
}

/// Whether a file may be written, without opening it. Elsewhere than on Unix that shows only when it is opened.
pub(crate) fn may_be_written(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    rustix::fs::access(file, rustix::fs::Access::WRITE_OK)?;
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Files made with these options are their owner's alone.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
