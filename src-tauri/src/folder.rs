//! What a person is told about a file or folder that cannot be used.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::error::{Code, reason};
use crate::notices::Notice;

/// Makes a folder for its owner alone: the names of keys are nobody else's business.
///
/// # Errors
/// When it is not there and cannot be made.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| {
        // The builder only says that something is there.
        if fs::metadata(folder).is_ok_and(|found| !found.is_dir()) {
            ErrorKind::NotADirectory.into()
        } else {
            error
        }
    })
}

/// Says that something goes on without a file or folder that cannot be used.
pub(crate) fn unusable(path: &Path, error: &io::Error, then: &str) -> Notice {
    tracing::error!(path = %path.display(), %error, "it cannot be used");
    let message = format!(
        "{} cannot be used: {}. {then}",
        path.display(),
        reason(error)
    );
    Notice::new(Code::FolderUnusable, message, Some(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_the_place_of_the_folder_is_named() {
        let outside = tempfile::tempdir().unwrap();
        let path = outside.path().join("data");
        fs::write(&path, "").unwrap();
        for folder in [path.clone(), path.join("below")] {
            let error = make_private(&folder).unwrap_err();
            let notice = unusable(&folder, &error, "Nothing is written.");
            assert_eq!(notice.path, Some(folder.display().to_string()));
            assert_eq!(
                notice.message,
                format!(
                    "{} cannot be used: a file stands where a folder should. Nothing is written.",
                    folder.display()
                )
            );
        }
    }
}
