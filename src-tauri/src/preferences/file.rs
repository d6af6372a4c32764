//! A small file of settings that is whole whatever happens while it is written, and a copy of it beside it.
//!
//! What is new is written under another name, forced to the disk and renamed, so that the name never stands for half a
//! file; then the copy is written in the same way. A file that is damaged all the same is put aside, never overwritten.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::{Code, reason};
use crate::notices::Notice;

/// The file, by its place.
#[derive(Debug)]
pub(super) struct SafeFile {
    path: PathBuf,
}

/// What was found at the start.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Everything in the file or its copy, that of a newer version too. None when neither holds anything.
    pub(super) values: Option<Map<String, Value>>,
    /// What a person has to be told about it.
    pub(super) notices: Vec<Notice>,
}

impl SafeFile {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where the new content is to be written before [`Self::replace`].
    pub(super) fn new_name(&self) -> PathBuf {
        self.beside("new")
    }

    /// Reads the file, or its copy where the file is gone or damaged.
    pub(super) fn read(&self) -> Found {
        let why = match load(&self.path) {
            Ok(Some(values)) => {
                return Found {
                    values: Some(values),
                    notices: Vec::new(),
                };
            }
            Ok(None) => None,
            Err(error) => Some(error),
        };
        let copy = load(&self.copy());
        let good = matches!(copy, Ok(Some(_)));
        let mut notices = Vec::new();
        match why {
            Some(why) => notices.push(self.put_aside(&self.path, &why, good)),
            None if good => notices.push(Notice::new(
                Code::FilePutAside,
                "The settings file was gone. Gardien goes on with its last good copy.",
                Some(&self.copy()),
            )),
            None => {}
        }
        let values = copy.unwrap_or_else(|why| {
            notices.push(self.put_aside(&self.copy(), &why, false));
            None
        });
        Found { values, notices }
    }

    /// Puts what lies under the new name in the place of the file, and a copy beside it.
    ///
    /// # Errors
    /// Leaves the file as it was.
    pub(super) fn replace(&self) -> io::Result<()> {
        let new = self.new_name();
        let content = fs::read(&new)?;
        File::options().write(true).open(&new)?.sync_all()?;
        fs::rename(&new, &self.path)?;
        self.sync_folder();
        // The file is whole. A copy that could not be made is made with the next change.
        if let Err(error) = self.renew_copy(&content) {
            tracing::warn!(%error, "the copy of the settings could not be renewed");
        }
        Ok(())
    }

    fn renew_copy(&self, content: &[u8]) -> io::Result<()> {
        let new = self.beside("last.new");
        let mut file = File::create(&new)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(new, self.copy())?;
        self.sync_folder();
        Ok(())
    }

    /// So that the new name outlives a power cut. A file system that cannot do it has another way of its own.
    fn sync_folder(&self) {
        #[cfg(unix)]
        if let Some(folder) = self.path.parent()
            && let Err(error) = File::open(folder).and_then(|folder| folder.sync_all())
        {
            tracing::warn!(%error, "the data folder could not be synced");
        }
    }

    /// Gives a damaged file a name of its own, and says so.
    fn put_aside(&self, damaged: &Path, why: &io::Error, copy_is_good: bool) -> Notice {
        let aside = (1..=u32::MAX)
            .map(|number| self.beside(&format!("damaged-{number}")))
            .find(|path| path.symlink_metadata().is_err());
        let moved = aside.and_then(|aside| fs::rename(damaged, &aside).map(|()| aside).ok());
        let what = if damaged == self.path {
            "The settings file"
        } else {
            "The copy of the settings file"
        };
        let put = match moved {
            Some(_) => "was put aside",
            None => "cannot be put aside",
        };
        let then = if copy_is_good {
            "Gardien goes on with its last good copy."
        } else {
            "What Gardien does not find again elsewhere is as at first."
        };
        tracing::error!(file = %damaged.display(), error = %why, put, "settings are damaged");
        Notice::new(
            Code::FilePutAside,
            format!("{what} was damaged ({}) and {put}. {then}", reason(why)),
            Some(moved.as_deref().unwrap_or(damaged)),
        )
    }

    fn copy(&self) -> PathBuf {
        self.beside("last")
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".");
        name.push(ending);
        name.into()
    }
}

/// The values in a file; none if there is no such file.
fn load(path: &Path) -> io::Result<Option<Map<String, Value>>> {
    let content = match fs::read(path) {
        Ok(content) => content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // The folder is none. Whoever opens the data in it says so.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(None),
        Err(error) => return Err(error),
    };
    match serde_json::from_slice(&content) {
        Ok(values) => Ok(Some(values)),
        Err(_) if content.is_empty() => Err(io::Error::other("it is empty")),
        Err(_) => Err(io::Error::other("it is not whole")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(port: u16) -> Vec<u8> {
        let values = serde_json::json!({ "gateway_port": port, "of_a_newer_version": [1] });
        serde_json::to_vec_pretty(&values).unwrap()
    }

    fn port(found: &Found) -> Option<u64> {
        found.values.as_ref()?["gateway_port"].as_u64()
    }

    fn written(ports: &[u16]) -> (tempfile::TempDir, SafeFile) {
        let folder = tempfile::tempdir().unwrap();
        let file = SafeFile::at(folder.path().join("preferences.json"));
        for port in ports {
            fs::write(file.new_name(), content(*port)).unwrap();
            file.replace().unwrap();
        }
        (folder, file)
    }

    #[test]
    fn nothing_is_found_where_nothing_was_written() {
        let (_folder, file) = written(&[]);
        let found = file.read();
        assert!(found.values.is_none() && found.notices.is_empty());
    }

    #[test]
    fn a_power_cut_at_any_byte_leaves_the_old_or_the_new() {
        let new = content(8000);
        // Half a file is only ever under the names that nobody reads.
        for torn in ["preferences.json.new", "preferences.json.last.new"] {
            for length in 0..=new.len() {
                let (folder, file) = written(&[7000]);
                fs::write(folder.path().join(torn), &new[..length]).unwrap();
                let found = file.read();
                assert_eq!(port(&found), Some(7000), "{torn} at {length}");
                assert!(found.notices.is_empty());
                // And what it left behind is not in the way.
                fs::write(file.new_name(), &new).unwrap();
                file.replace().unwrap();
                assert_eq!(port(&file.read()), Some(8000));
            }
        }
    }

    #[test]
    fn a_torn_file_is_put_aside_and_its_copy_read() {
        let new = content(8000);
        for length in 0..new.len() {
            let (folder, file) = written(&[7000]);
            fs::write(&file.path, &new[..length]).unwrap();
            let found = file.read();
            assert_eq!(port(&found), Some(7000), "at {length}");
            let aside = folder.path().join("preferences.json.damaged-1");
            assert_eq!(fs::read(&aside).unwrap(), &new[..length]);
            let [notice] = found.notices.as_slice() else {
                panic!("{found:?}");
            };
            assert_eq!(notice.path, Some(aside.display().to_string()));
            assert!(notice.message.contains("last good copy"), "{notice:?}");
        }
    }

    #[test]
    fn a_torn_file_without_a_copy_is_said_too() {
        let new = content(8000);
        for length in 0..new.len() {
            let (folder, file) = written(&[]);
            fs::write(&file.path, &new[..length]).unwrap();
            let found = file.read();
            assert!(found.values.is_none(), "at {length}");
            assert_eq!(found.notices.len(), 1, "at {length}");
            assert!(folder.path().join("preferences.json.damaged-1").exists());
            assert!(!file.path.exists());
        }
    }

    #[test]
    fn both_are_put_aside_each_time_under_a_name_of_its_own() {
        let (folder, file) = written(&[7000]);
        for turn in [1, 3] {
            fs::write(&file.path, "garbage").unwrap();
            fs::write(file.copy(), [0; 64]).unwrap();
            let found = file.read();
            assert!(found.values.is_none());
            assert_eq!(found.notices.len(), 2);
            for number in [turn, turn + 1] {
                let aside = format!("preferences.json.damaged-{number}");
                assert!(folder.path().join(aside).exists(), "{number}");
            }
        }
    }

    #[test]
    fn a_file_that_is_gone_is_read_from_its_copy() {
        let (_folder, file) = written(&[7000]);
        fs::remove_file(&file.path).unwrap();
        let found = file.read();
        assert_eq!((port(&found), found.notices.len()), (Some(7000), 1));
    }

    #[test]
    fn a_folder_in_its_place_is_put_aside() {
        let (folder, file) = written(&[]);
        fs::create_dir(&file.path).unwrap();
        assert_eq!(file.read().notices.len(), 1);
        assert!(folder.path().join("preferences.json.damaged-1").is_dir());
    }

    #[test]
    fn what_cannot_be_replaced_stays() {
        let (_folder, file) = written(&[7000]);
        assert!(file.replace().is_err(), "nothing lies under the new name");
        assert_eq!(port(&file.read()), Some(7000));
    }
}
