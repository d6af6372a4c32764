//! A desktop session of its own: message bus, keychain, screen and home folder, none of them the user's.
//!
//! Everything in it is real (`dbus-daemon`, `gnome-keyring-daemon`, `Xvfb`), everything lies in one temporary folder,
//! and dropping it ends every process that was started in it. Linux only, and blocking: it is used by tests and by the
//! developer commands alike.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Marks every process of a session, so that its end can find all of them, those that changed parents too.
const MARK: &str = "GARDIEN_TEST_SESSION";
const PASSWORD: &[u8] = b"test";
const PATIENCE: Duration = Duration::from_secs(60);

/// Names nothing but what a program needs; no service is started by being called.
const BUS: &str = r#"<busconfig>
  <type>session</type>
  <listen>unix:dir=FOLDER</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>"#;

/// What answers when a program of the session asks for a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keychain {
    /// A Secret Service with an unlocked collection.
    Unlocked,
    /// The same, locked.
    Locked,
    /// Nothing.
    Absent,
}

/// A running session. Dropping it ends all that runs in it and removes its folder.
#[derive(Debug)]
pub struct Session {
    folder: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
    children: Vec<Child>,
}

impl Session {
    /// A session with a bus and this keychain, and no screen.
    ///
    /// # Errors
    /// When one of the programs is not installed or does not become ready.
    pub fn start(keychain: Keychain) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("gardien-").tempdir()?;
        let mut session = Self {
            folder,
            variables: Vec::new(),
            children: Vec::new(),
        };
        session.make_home()?;
        session.start_bus()?;
        if keychain != Keychain::Absent {
            session.start_keychain()?;
        }
        if keychain == Keychain::Locked {
            session.lock_keychain()?;
        }
        Ok(session)
    }

    /// Adds a screen of this size, in pixels.
    ///
    /// # Errors
    /// When `Xvfb` is not installed or does not become ready.
    pub fn add_screen(&mut self, width: u32, height: u32) -> io::Result<()> {
        let mut server = self
            .command("Xvfb")
            // Without -noreset it starts anew when its last client leaves, and turns away whoever comes meanwhile.
            // Without -r a key that a busy machine lets go late is typed twice.
            .args([
                "-displayfd",
                "1",
                "-noreset",
                "-r",
                "-nolisten",
                "tcp",
                "-screen",
                "0",
            ])
            .arg(format!("{width}x{height}x24"))
            .stdout(Stdio::piped())
            .spawn()?;
        let number = first_line(&mut server);
        self.children.push(server);
        self.set("DISPLAY", format!(":{}", number?));
        self.set("GDK_BACKEND", "x11".to_owned());
        Ok(())
    }

    /// A command whose environment is this session. What it writes on stderr goes to [`Self::log`].
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for inherited in [
            "DBUS_SESSION_BUS_ADDRESS",
            "DISPLAY",
            "GNOME_KEYRING_CONTROL",
            "SSH_AUTH_SOCK",
            "WAYLAND_DISPLAY",
            "XAUTHORITY",
        ] {
            command.env_remove(inherited);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        if let Ok(log) = File::options().create(true).append(true).open(self.log()) {
            command.stderr(log);
        }
        command
    }

    /// Starts a program that runs until the session ends.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(&mut self, command: &mut Command) -> io::Result<()> {
        self.children.push(command.spawn()?);
        Ok(())
    }

    /// Ends every process of this program in the session, and comes back when they are gone.
    ///
    /// # Errors
    /// When one outlives being killed.
    pub fn end(&mut self, program: &Path) -> io::Result<()> {
        self.end_those(runs(program), PATIENCE)
    }

    /// Kills every process of this program in the session, as a power cut does, and comes back when they are gone.
    ///
    /// # Errors
    /// When one outlives it.
    pub fn kill(&mut self, program: &Path) -> io::Result<()> {
        self.signal(Signal::KILL, &runs(program), PATIENCE)
    }

    /// The processes of this session that run a program of this name.
    #[must_use]
    pub fn running(&self, name: &str) -> Vec<Pid> {
        self.processes(|process| {
            fs::read_link(process.join("exe")).is_ok_and(|exe| exe.ends_with(name))
        })
    }

    /// The name of the screen; nothing before one was added.
    #[must_use]
    pub fn display(&self) -> Option<&str> {
        self.variable("DISPLAY")
    }

    /// The address of the message bus.
    #[must_use]
    pub fn bus(&self) -> Option<&str> {
        self.variable("DBUS_SESSION_BUS_ADDRESS")
    }

    /// The folder that everything of this session lies in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The home folder; data, configuration and cache lie below it where the desktop puts them.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder().join("home")
    }

    /// The folder that the app keeps its data in.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.home().join(".local/share/dev.gardien.desktop")
    }

    /// What the programs of this session wrote on stderr.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder().join("session.log")
    }

    /// Locks every collection, as the end of a working day does.
    ///
    /// # Errors
    /// When the keychain refuses.
    pub fn lock_keychain(&self) -> io::Result<()> {
        self.call(
            "org.freedesktop.secrets",
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.Lock",
            &["array:objpath:/org/freedesktop/secrets/collection/login"],
        )
        .map(drop)
    }

    /// Unlocks what [`Self::lock_keychain`] locked. The daemon is replaced for that, as it is by logging in anew: what
    /// was kept is there, sessions that programs had with it are not.
    ///
    /// # Errors
    /// When the keychain does not become ready.
    pub fn unlock_keychain(&mut self) -> io::Result<()> {
        self.start_keychain()
    }

    fn variable(&self, name: &str) -> Option<&str> {
        let variable = self.variables.iter().find(|(other, _)| *other == name);
        variable.map(|(_, value)| value.as_str())
    }

    fn set(&mut self, name: &'static str, value: String) {
        self.variables.push((name, value));
    }

    fn make_home(&mut self) -> io::Result<()> {
        let root = self.folder().to_path_buf();
        self.set(MARK, root.display().to_string());
        for (name, below) in [
            ("HOME", "home"),
            ("XDG_DATA_HOME", "home/.local/share"),
            ("XDG_STATE_HOME", "home/.local/state"),
            ("XDG_CONFIG_HOME", "home/.config"),
            ("XDG_CACHE_HOME", "home/.cache"),
            ("XDG_RUNTIME_DIR", "run"),
            ("TMPDIR", "tmp"),
        ] {
            let path = root.join(below);
            fs::create_dir_all(&path)?;
            self.set(name, path.display().to_string());
        }
        // Programs refuse a runtime folder that others may read.
        fs::set_permissions(root.join("run"), Permissions::from_mode(0o700))?;
        self.set("LC_ALL", "C.UTF-8".to_owned());
        // No accessibility bus runs here: looking for one only costs seconds and warnings.
        self.set("NO_AT_BRIDGE", "1".to_owned());
        Ok(())
    }

    fn start_bus(&mut self) -> io::Result<()> {
        let folder = self.folder().display().to_string();
        let configuration = self.folder().join("bus.conf");
        fs::write(&configuration, BUS.replace("FOLDER", &folder))?;
        let mut daemon = self
            .command("dbus-daemon")
            .args(["--nofork", "--print-address=1", "--config-file"])
            .arg(configuration)
            .stdout(Stdio::piped())
            .spawn()?;
        let address = first_line(&mut daemon);
        self.children.push(daemon);
        self.set("DBUS_SESSION_BUS_ADDRESS", address?);
        Ok(())
    }

    fn start_keychain(&mut self) -> io::Result<()> {
        let mut daemon = self
            .command("gnome-keyring-daemon")
            .args([
                "--replace",
                "--foreground",
                "--unlock",
                "--components=secrets",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        if let Some(mut stdin) = daemon.stdin.take() {
            stdin.write_all(PASSWORD)?;
        }
        self.children.push(daemon);
        wait_until("the keychain", PATIENCE, || {
            let locked = self.call(
                "org.freedesktop.secrets",
                "/org/freedesktop/secrets/collection/login",
                "org.freedesktop.DBus.Properties.Get",
                &["string:org.freedesktop.Secret.Collection", "string:Locked"],
            );
            locked.is_ok_and(|answer| answer.contains("false"))
        })
    }

    fn call(
        &self,
        service: &str,
        path: &str,
        method: &str,
        arguments: &[&str],
    ) -> io::Result<String> {
        let answer = self
            .command("dbus-send")
            .args(["--session", "--print-reply", "--reply-timeout=5000"])
            .arg(format!("--dest={service}"))
            .args([path, method])
            .args(arguments)
            .output()?;
        succeeded(method, answer.status.success())?;
        Ok(String::from_utf8_lossy(&answer.stdout).into_owned())
    }

    /// Asks the chosen processes to leave, then makes them.
    fn end_those(&mut self, chosen: impl Fn(&Path) -> bool, patience: Duration) -> io::Result<()> {
        let mut left = Ok(());
        // A chance to leave in order first: a killed X server leaves its lock file behind.
        for signal in [Signal::TERM, Signal::KILL] {
            left = self.signal(signal, &chosen, patience);
            if left.is_ok() {
                break;
            }
        }
        left
    }

    /// Sends this to the chosen processes, and comes back when they are gone.
    fn signal(
        &mut self,
        signal: Signal,
        chosen: &impl Fn(&Path) -> bool,
        patience: Duration,
    ) -> io::Result<()> {
        for process in self.processes(chosen) {
            let _ = kill_process(process, signal);
        }
        wait_until("processes to end", patience, || {
            for child in &mut self.children {
                let _ = child.try_wait();
            }
            self.processes(chosen).is_empty()
        })
    }

    /// The chosen processes of this session that still run, whoever their parent is.
    fn processes(&self, chosen: impl Fn(&Path) -> bool) -> Vec<Pid> {
        let mark = format!("{MARK}={}\0", self.folder().display());
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let id = entry.file_name().to_str()?.parse().ok()?;
                let environment = fs::read(entry.path().join("environ")).ok()?;
                let ours = environment
                    .windows(mark.len())
                    .any(|window| window == mark.as_bytes());
                (ours && chosen(&entry.path()))
                    .then(|| Pid::from_raw(id))
                    .flatten()
            })
            .collect()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Not all of them care to be asked.
        let _ = self.end_those(|_| true, Duration::from_secs(3));
    }
}

/// Whether what lies under `/proc` at this place runs this program.
fn runs(program: &Path) -> impl Fn(&Path) -> bool {
    move |process| fs::read_link(process.join("exe")).is_ok_and(|exe| exe == program)
}

/// The first line that a program writes on its stdout: how these say that they are ready.
fn first_line(child: &mut Child) -> io::Result<String> {
    let stdout = child
        .stdout
        .take()
        .ok_or_else(|| io::Error::other("its output is not piped"))?;
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        let _ = send.send(read.map(|_| line.trim().to_owned()));
    });
    match receive.recv_timeout(PATIENCE) {
        Ok(Ok(line)) if line.is_empty() => Err(io::Error::other("it ended before it was ready")),
        Ok(line) => line,
        Err(_) => Err(io::Error::other("it was not ready in time")),
    }
}

/// Looks every 50 ms until it holds.
///
/// # Errors
/// When it does not hold in time.
pub fn wait_until(
    what: &str,
    patience: Duration,
    mut holds: impl FnMut() -> bool,
) -> io::Result<()> {
    let end = Instant::now() + patience;
    while !holds() {
        if Instant::now() > end {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("waited {} s for {what}", patience.as_secs()),
            ));
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn succeeded(what: &str, success: bool) -> io::Result<()> {
    if success {
        Ok(())
    } else {
        Err(io::Error::other(format!("{what} failed")))
    }
}
