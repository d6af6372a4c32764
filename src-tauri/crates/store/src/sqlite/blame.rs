//! Which file or folder it is that cannot be used, and why: SQLite says neither, the system does.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::{StoreError, folder};

/// The files that SQLite keeps of a database, by what follows its name.
const ENDS: [&str; 3] = ["", "-wal", "-shm"];
/// What is made beside a database to see whether anything can be, and removed at once.
const PROBE: &str = "gardien.probe";

/// Names what keeps the database at `path` from being opened. Files are opened by hand: only for where SQLite holds none
/// of them any more.
pub(super) fn blame(path: &Path, error: StoreError) -> StoreError {
    let StoreError::Unreachable(cause) = error else {
        return error;
    };
    for end in ENDS {
        let mut file = path.as_os_str().to_owned();
        file.push(end);
        let file = PathBuf::from(file);
        match OpenOptions::new().read(true).write(true).open(&file) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return StoreError::of(&file)(source);
            }
            _ => {}
        }
    }
    // SQLite makes files beside it.
    if let Some(folder) = path.parent()
        && let Err(source) = probe(folder)
    {
        return StoreError::of(folder)(source);
    }
    let source = cause.downcast::<io::Error>();
    StoreError::of(path)(source.map_or_else(io::Error::other, |source| *source))
}

/// Whether a file can be made in this folder.
fn probe(folder: &Path) -> io::Result<()> {
    let path = folder.join(PROBE);
    match folder::private(OpenOptions::new().write(true).create_new(true)).open(&path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::remove_file(&path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blamed(path: &Path, kind: io::ErrorKind) -> (PathBuf, io::ErrorKind) {
        let error = StoreError::Unreachable(io::Error::new(kind, "SQLite's words").into());
        match blame(path, error) {
            StoreError::Unusable { path, source } => (path, source.kind()),
            other => panic!("{other:?}"),
        }
    }

    /// Nobody makes a file there, whatever they may do elsewhere.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_takes_no_file_is_blamed_itself() {
        let (path, kind) = blamed(Path::new("/sys/gardien.db"), io::ErrorKind::Other);
        assert_eq!(path, Path::new("/sys"));
        let refused = [
            io::ErrorKind::PermissionDenied,
            io::ErrorKind::ReadOnlyFilesystem,
        ];
        assert!(refused.contains(&kind), "{kind:?}");
    }

    #[test]
    fn what_the_system_does_not_explain_keeps_its_kind_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gardien.db");
        fs::write(&path, "").unwrap();
        let kind = io::ErrorKind::PermissionDenied;
        assert_eq!(blamed(&path, kind), (path, kind));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
