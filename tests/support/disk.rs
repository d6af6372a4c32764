//! A disk on its bad days, for a program that is started with it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// What the disk does from now on.
#[derive(Debug, Clone, Copy)]
pub enum Mood {
    /// What it should.
    Good,
    /// Nothing that somebody waits for.
    Hanging,
    /// It has no room for the database to grow.
    Full,
    /// It was mounted to be read.
    ReadOnly,
    /// The database alone may only be read.
    Sealed,
}

/// Stands between a program and its disk.
pub struct Disk {
    folder: TempDir,
    library: PathBuf,
}

impl Disk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("disk.so");
        compile("disk.c", &library, &["-shared", "-fPIC"]);
        let disk = Self { folder, library };
        disk.is(Mood::Good);
        disk
    }

    /// What the program has to be started with.
    pub fn variables(&self) -> [(&str, String); 2] {
        [
            ("LD_PRELOAD", self.library.display().to_string()),
            ("GARDIEN_DISK", self.mood().display().to_string()),
        ]
    }

    pub fn is(&self, mood: Mood) {
        let word = match mood {
            Mood::Good => "good",
            Mood::Hanging => "hanging",
            Mood::Full => "full",
            Mood::ReadOnly => "read-only",
            Mood::Sealed => "sealed",
        };
        // At once: a program must not find it empty.
        let new = self.folder.path().join("new");
        fs::write(&new, word).unwrap();
        fs::rename(new, self.mood()).unwrap();
    }

    fn mood(&self) -> PathBuf {
        self.folder.path().join("mood")
    }
}

/// Another process that writes to a database, until it is dropped.
pub struct Writer {
    child: Child,
    _folder: TempDir,
}

impl Writer {
    pub fn of(database: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("lock");
        compile("lock.c", &program, &[]);
        let mut child = Command::new(program)
            .arg(format!("{}-shm", database.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut said).unwrap();
        assert_eq!(said, "locked\n");
        Self {
            child,
            _folder: folder,
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// With the compiler that links every Rust program on Linux.
fn compile(source: &str, to: &Path, arguments: &[&str]) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("support")
        .join(source);
    let compiled = Command::new("cc")
        .args(["-O1", "-Wall", "-Werror", "-o"])
        .arg(to)
        .arg(source)
        .args(arguments)
        .arg("-ldl")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.status.success(), "{said}");
}
