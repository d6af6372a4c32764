//! A PostgreSQL server that lives as long as the tests that use it: in a temporary folder, on a free port of this machine.
//! What it keeps is not meant to last, so it is fast.
#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    reason = "its programs are found by the path, and it is waited for"
)]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

/// Where tests look for the server that they may use.
pub const VARIABLE: &str = "GARDIEN_TEST_DATABASE";

/// Where tests that start one of their own look for its programs first.
pub const PROGRAMS: &str = "GARDIEN_TEST_POSTGRES";

const USER: &str = "gardien";
/// PostgreSQL does not run as root. This is the user that owns nothing.
const NOBODY: u32 = 65_534;
/// What starting and ending may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is not usual of it.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=600",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "autovacuum=off",
    "jit=off",
    "ssl=on",
];

/// A running server. Ends, and leaves nothing, when dropped.
#[derive(Debug)]
pub struct Cluster {
    server: Child,
    url: String,
    folder: TempDir,
}

impl Cluster {
    /// Makes one and starts it, with the programs that the environment names, that are on the path or where Debian keeps
    /// them.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not start. Both in words.
    pub fn start() -> io::Result<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        let named = env::var_os(PROGRAMS).map(PathBuf::from);
        let found = named.or_else(|| env::split_paths(&path).find(|folder| are_in(folder)));
        let found = found.or_else(|| programs(Path::new("/"))).ok_or_else(|| {
            let needed = "PostgreSQL is neither on the path nor in /usr/lib/postgresql. Install it (on Debian it \
                          is in postgresql); it need not be started";
            io::Error::new(io::ErrorKind::NotFound, needed)
        });
        Self::start_with(&found?)
    }

    /// The same with the programs in this folder.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_with(programs: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("gardien-postgres-")
            .tempdir()?;
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        let password = bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        let (data, secret) = (folder.path().join("data"), folder.path().join("password"));
        fs::write(&secret, &password)?;
        if geteuid().is_root() {
            for path in [folder.path(), &secret] {
                chown(path, Some(NOBODY), Some(NOBODY))?;
            }
        }

        // Letters in another order than that of their bytes, where it knows one: nothing of ours may depend on it.
        let other_order = ["--locale-provider=icu", "--icu-locale=en"];
        let init = |order: &[&str]| {
            let mut init = command(programs, "initdb", folder.path());
            init.arg("--pgdata").arg(&data).arg("--pwfile").arg(&secret);
            init.args(["--username", USER, "--auth=password", "--encoding=UTF8"]);
            init.args(["--locale=C", "--no-sync"]).args(order);
            init.output()
        };
        let mut made = init(&other_order)?;
        if !made.status.success() {
            made = init(&[])?;
        }
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr);
            return Err(io::Error::other(format!("initdb: {}\n{said}", made.status)));
        }

        let certificate = data.join("server.crt");
        certify(&certificate, &data.join("server.key"))?;
        let port = free_port()?;
        let mut server = command(programs, "postgres", folder.path());
        server.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        for setting in SETTINGS {
            server.args(["-c", setting]);
        }
        let log = folder.path().join("log");
        server.stderr(fs::File::create(&log)?).stdout(Stdio::null());
        let mut cluster = Self {
            server: server.stdin(Stdio::null()).spawn()?,
            url: format!(
                "postgres://{USER}:{password}@127.0.0.1:{port}/postgres?sslmode=disable&sslrootcert={}",
                certificate.display()
            ),
            folder,
        };
        cluster.wait(port, &log)?;
        Ok(cluster)
    }

    /// Its address, of a user who may do everything there. It speaks TLS to who asks for it, and the address names its
    /// certificate.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Kills a process that answers a client: the server ends every connection, and begins again with what was committed.
    ///
    /// # Errors
    /// When none can be killed.
    #[cfg(target_os = "linux")]
    pub fn crash(&self) -> io::Result<()> {
        let answers = |process: &Pid| {
            let title = fs::read(format!("/proc/{}/cmdline", process.as_raw_nonzero()));
            title.is_ok_and(|title| title.starts_with(format!("postgres: {USER} ").as_bytes()))
        };
        let processes = self.children()?;
        let victim = processes.into_iter().find(answers);
        let victim = victim.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(kill_process(victim, Signal::KILL)?)
    }

    /// All its processes stand still, or go on.
    ///
    /// # Errors
    /// When they cannot be told.
    #[cfg(target_os = "linux")]
    pub fn stand_still(&self, still: bool) -> io::Result<()> {
        let signal = if still { Signal::STOP } else { Signal::CONT };
        kill_process(Pid::from_child(&self.server), signal)?;
        for child in self.children()? {
            // One that ended meanwhile stands still.
            let _ = kill_process(child, signal);
        }
        Ok(())
    }

    #[cfg(target_os = "linux")]
    fn children(&self) -> io::Result<Vec<Pid>> {
        let server = self.server.id();
        let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children"))?;
        let numbers = children.split_whitespace().flat_map(str::parse);
        Ok(numbers.filter_map(Pid::from_raw).collect())
    }

    fn wait(&mut self, port: u16, log: &Path) -> io::Result<()> {
        let start = Instant::now();
        loop {
            let ended = self.server.try_wait()?;
            let says = fs::read_to_string(log)?;
            if ended.is_some() || start.elapsed() > PATIENCE {
                let folder = self.folder.path().display();
                return Err(io::Error::other(format!(
                    "postgres in {folder} did not start:\n{says}"
                )));
            }
            // It listens a little before it answers.
            if says.contains("ready to accept connections")
                && TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
            {
                return Ok(());
            }
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Cluster {
    /// At once, and with all its processes, without writing anything down.
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.server), Signal::QUIT);
        let start = Instant::now();
        while matches!(self.server.try_wait(), Ok(None)) && start.elapsed() < PATIENCE {
            sleep(Duration::from_millis(10));
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Where Debian's packages have PostgreSQL's programs, of several versions the newest, below this folder.
#[must_use]
pub fn programs(root: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(root.join("usr/lib/postgresql")).ok()?;
    let number = |version: &fs::DirEntry| version.file_name().to_str()?.parse::<u32>().ok();
    let mut versions: Vec<_> = versions.flatten().collect();
    versions.sort_by_key(number);
    let folders = versions.iter().rev().map(|version| version.path());
    folders
        .map(|folder| folder.join("bin"))
        .find(|folder| are_in(folder))
}

fn are_in(folder: &Path) -> bool {
    ["initdb", "postgres"]
        .iter()
        .all(|program| folder.join(program).exists())
}

/// In the user's own right, but not in root's.
fn command(programs: &Path, name: &str, folder: &Path) -> Command {
    let mut command = Command::new(programs.join(name));
    command.current_dir(folder);
    if geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// A certificate of its own for this machine's address, and its key, which PostgreSQL wants to be its own alone.
fn certify(certificate: &Path, key: &Path) -> io::Result<()> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]);
    let made = made.map_err(io::Error::other)?;
    fs::write(certificate, made.cert.pem())?;
    fs::write(key, made.signing_key.serialize_pem())?;
    fs::set_permissions(key, fs::Permissions::from_mode(0o600))?;
    if geteuid().is_root() {
        chown(key, Some(NOBODY), Some(NOBODY))?;
    }
    Ok(())
}

fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
