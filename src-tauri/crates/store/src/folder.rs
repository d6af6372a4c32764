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
/// [`StoreError::InUse`] when another process has it.
pub fn lock(folder: &Path) -> Result<FolderLock, StoreError> {
    make(folder)?;
    let file = private(OpenOptions::new().write(true).create(true)).open(folder.join(LOCK_FILE))?;
    match file.try_lock() {
        Ok(()) => Ok(FolderLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Makes a folder, and those above it, for its owner alone. One that exists is left as it is.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Files made with these options are their owner's alone.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
