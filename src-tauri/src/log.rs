//! The log: to stderr, and to a file in the data folder that cannot grow without end. Never a secret.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::folder::unusable;
use crate::notices::Notice;

/// The file, and the one before it, are never larger than this.
const LARGEST: u64 = 1024 * 1024;

/// Starts logging. `RUST_LOG` chooses what; without it, what a person may want to send us when something fails.
/// A folder that cannot be written to leaves stderr, and is to be told.
pub(crate) fn start(folder: &Path) -> Option<Notice> {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,gardien=info"));
    let file = BoundedFile::open(folder.join("gardien.log"), LARGEST)
        .map(|file| fmt::layer().with_ansi(false).with_writer(Mutex::new(file)));
    let (file, failed) = match file {
        Ok(layer) => (Some(layer), None),
        Err(error) => (None, Some(error)),
    };
    let _ = tracing_subscriber::registry()
        .with(filter)
        .with(
            fmt::layer()
                .with_ansi(io::stderr().is_terminal())
                .with_writer(io::stderr),
        )
        .with(file)
        .try_init();
    failed.map(|error| unusable(folder, &error, "No log is written."))
}

/// A file that is put aside when it is full. The one that was put aside before is lost then.
#[derive(Debug)]
struct BoundedFile {
    path: PathBuf,
    file: File,
    written: u64,
    largest: u64,
}

impl BoundedFile {
    fn open(path: PathBuf, largest: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::options().create(true).append(true).open(&path)?;
        let written = file.metadata()?.len();
        Ok(Self {
            path,
            file,
            written,
            largest,
        })
    }

    fn put_aside(&mut self) -> io::Result<()> {
        fs::rename(&self.path, self.path.with_extension("log.old"))?;
        *self = Self::open(std::mem::take(&mut self.path), self.largest)?;
        Ok(())
    }
}

impl Write for BoundedFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.written > 0 && self.written + line.len() as u64 > self.largest {
            self.put_aside()?;
        }
        let written = self.file.write(line)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_put_aside_when_it_is_full() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/gardien.log");
        let old = folder.path().join("logs/gardien.log.old");
        let mut file = BoundedFile::open(path.clone(), 10).unwrap();
        for line in [
            "first\n",
            "second\n",
            "a line that is longer than the bound\n",
            "last\n",
        ] {
            file.write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "last\n");
        assert_eq!(
            fs::read_to_string(old).unwrap(),
            "a line that is longer than the bound\n"
        );

        drop(file);
        let mut again = BoundedFile::open(path.clone(), 10).unwrap();
        again.write_all(b"more\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "last\nmore\n");
    }
}
