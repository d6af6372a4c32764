//! The mark of a clean shutdown, as file systems have one. A file that was whole then, and that nobody has touched since,
//! need not be looked through again: for a million keys that takes seconds, and much longer from a cold disk.

use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::folder;

#[cfg(all(test, unix))]
mod tests;

/// Beside the database.
fn mark_of(path: &Path) -> PathBuf {
    let mut mark = path.as_os_str().to_owned();
    mark.push("-clean");
    mark.into()
}

/// Whether the file is as it was left by a clean shutdown.
pub(super) fn is_clean(path: &Path) -> bool {
    let (Ok(file), Ok(mark)) = (path.metadata(), fs::read_to_string(mark_of(path))) else {
        return false;
    };
    state(&file).is_some_and(|state| state == mark)
}

/// Marks a file that is whole and closed. Without the mark the next start looks through it.
pub(super) fn mark(path: &Path) -> io::Result<()> {
    let Some(state) = state(&path.metadata()?) else {
        return Ok(());
    };
    let options = &mut OpenOptions::new();
    let options = options.write(true).create(true).truncate(true);
    let mut mark = folder::private(options).open(mark_of(path))?;
    mark.write_all(state.as_bytes())
}

/// Which file it is, how long, and when it last changed in any way: a time that nobody can set, unlike that of the last
/// modification. A copy has another.
#[cfg(unix)]
fn state(file: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    Some(format!(
        "{} {} {} {}.{:09}\n",
        file.dev(),
        file.ino(),
        file.size(),
        file.ctime(),
        file.ctime_nsec()
    ))
}

/// Elsewhere a file does not say so much.
#[cfg(not(unix))]
fn state(_: &Metadata) -> Option<String> {
    None
}
