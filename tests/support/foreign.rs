//! Servers of others, which have to be told a port: each in a folder of its own, until it is dropped.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);
/// Ports of one run of the tests; all are below those that the system hands out.
const PORTS: u16 = 40;
/// How they say that another has the port.
const TAKEN: [&str; 2] = [
    "Address already in use",
    "Could not create listening sockets",
];
const ERRORS: &str = "errors";

/// A running one.
#[derive(Debug)]
pub struct Foreign {
    port: u16,
    child: Child,
    folder: TempDir,
}

impl Foreign {
    /// Starts what `command` makes for a port and a folder. It must stay in front, write the file `pid` there once it has
    /// the port, and say what it does in `log`.
    pub fn start(command: impl Fn(u16, &Path) -> Command) -> Self {
        static TRIED: AtomicU16 = AtomicU16::new(0);
        let run = u16::try_from(std::process::id() % 700).unwrap();
        loop {
            let tried = TRIED.fetch_add(1, Ordering::Relaxed) % PORTS;
            if let Some(running) = Self::at(2_000 + run * PORTS + tried, &command) {
                return running;
            }
        }
    }

    /// `None` when it cannot listen there.
    fn at(port: u16, command: &impl Fn(u16, &Path) -> Command) -> Option<Self> {
        let folder = tempfile::Builder::new()
            .prefix("foreign-")
            .tempdir()
            .unwrap();
        let child = command(port, folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join(ERRORS)).unwrap())
            .spawn()
            .unwrap();
        let mut running = Self {
            port,
            child,
            folder,
        };
        let end = Instant::now() + PATIENCE;
        // Whoever answers there until then is another.
        while !running.folder.path().join("pid").exists() {
            if running.child.try_wait().unwrap().is_some() {
                let log = running.log();
                let is_taken = TAKEN.iter().any(|words| log.contains(words));
                assert!(is_taken, "it ended:\n{log}");
                return None;
            }
            assert!(
                Instant::now() < end,
                "it does not begin:\n{}",
                running.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
        Some(running)
    }

    /// Its host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it says that it did, and had to complain about.
    pub fn log(&self) -> String {
        let read = |name| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        read("log") + &read(ERRORS)
    }

    /// Ends it: nobody listens there any more.
    pub fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        self.end();
    }
}
