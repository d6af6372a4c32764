//! A `gardien-server` of one's own, on ports and in a folder of its own.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::Method;
use tempfile::TempDir;

use super::people::Caller;
use super::{leaks, programs};

const PATIENCE: Duration = Duration::from_secs(90);

/// What threads could break is tried with so many workers: one, a few, and more than there are processors.
pub const WORKERS: [usize; 3] = [1, 2, 8];

/// What a server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serves {
    Both,
    Gateway,
    Management,
}

/// A running server, or one that was ended and can be started again over the same data. Dropping it kills it, and
/// fails the test when it had panicked or left a secret in clear in its folder or log.
pub struct Server {
    folder: TempDir,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    serves: Serves,
    /// As many as it wants, if not said.
    workers: Option<usize>,
    /// Every secret and session token that it gave out, and the key that it was given.
    secrets: Mutex<Vec<String>>,
    child: Option<Child>,
    gateway: String,
    management: String,
    metrics: String,
}

impl Server {
    /// One that forwards to the sandbox inside it.
    pub fn start() -> Self {
        Self::start_with(&["--phare", "sandbox"], &[])
    }

    /// One with these arguments after `serve`, beside the folder and the ports, and these variables.
    pub fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::serving(Serves::Both, arguments, variables)
    }

    /// The same, of what answers this.
    pub fn serving(serves: Serves, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut server = Self {
            folder: tempfile::Builder::new()
                .prefix("gardien-")
                .tempdir()
                .unwrap(),
            arguments: arguments.iter().map(|&text| text.to_owned()).collect(),
            variables: variables
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            serves,
            workers: None,
            secrets: Mutex::default(),
            child: None,
            gateway: String::new(),
            management: String::new(),
            metrics: String::new(),
        };
        for (_, key) in variables
            .iter()
            .filter(|(name, _)| *name == "PHARE_API_KEY")
        {
            server.remember(key);
        }
        server.restart();
        server
    }

    /// From its next start on, so many workers at most answer calls.
    pub fn has_workers(&mut self, most: usize) {
        self.workers = Some(most);
    }

    /// Starts it again over the same data, on new ports. It must have been ended before.
    pub fn restart(&mut self) {
        self.serve("127.0.0.1:0", "127.0.0.1:0", &[]);
    }

    /// The same, with more arguments for this once.
    pub fn restart_with(&mut self, more: &[&str]) {
        self.serve("127.0.0.1:0", "127.0.0.1:0", more);
    }

    /// The same, where it was.
    pub fn restart_in_place(&mut self) {
        let [gateway, management] =
            [&self.gateway, &self.management].map(|address| address.replace("http://", ""));
        self.serve(&gateway, &management, &[]);
    }

    fn serve(&mut self, gateway: &str, management: &str, more: &[&str]) {
        assert!(self.child.is_none(), "end it first");
        let (gateway, management) = match self.serves {
            Serves::Both => (gateway, management),
            Serves::Gateway => (gateway, "off"),
            Serves::Management => ("off", management),
        };
        let mut child = self
            .command()
            .arg("serve")
            .arg("--data")
            .arg(self.data())
            .args(["--gateway", gateway, "--management", management])
            .args(&self.arguments)
            .args(self.workers.map(|most| format!("--workers={most}")))
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        self.child = Some(child);

        let (send, receive) = mpsc::channel();
        thread::spawn(move || {
            stdout
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| send.send(line))
        });
        let Ok(line) = receive.recv_timeout(PATIENCE) else {
            panic!("the server did not become ready:\n{}", self.log());
        };
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = |of: &str| ready[of].as_str().unwrap_or("off").to_owned();
        (self.gateway, self.management) = (address("gateway"), address("management"));
        self.metrics = address("metrics");
    }

    /// The gateway's address, without a slash at its end.
    pub fn gateway(&self) -> &str {
        &self.gateway
    }

    /// The management API's address, without a slash at its end.
    pub fn management(&self) -> &str {
        &self.management
    }

    /// The address that it can be watched at, without a slash at its end.
    pub fn metrics(&self) -> &str {
        &self.metrics
    }

    /// All that can be watched of it.
    pub async fn watched(&self) -> String {
        let watching = Caller::anonymous(&self.metrics);
        let answer = watching.request(Method::GET, "/metrics").send().await;
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200);
        let kind = answer.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
        answer.text().await.unwrap()
    }

    /// One figure of that.
    pub async fn figure(&self, name: &str) -> f64 {
        let text = self.watched().await;
        let figure = text.lines().find_map(|line| {
            let (of, figure) = line.rsplit_once(' ')?;
            (of == name).then_some(figure)
        });
        let figure = figure.unwrap_or_else(|| panic!("{name} is not in\n{text}"));
        figure.parse().unwrap()
    }

    /// From its next start on, it has this variable.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// The folder that it keeps its data in.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Everything that it and `gardien-server token` logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// A session token for the management API, of a member with this role.
    pub fn token(&self, email: &str, role: &str) -> String {
        self.try_token(email, role)
            .unwrap_or_else(|log| panic!("no token for {email}:\n{log}"))
    }

    /// The same, where it may be refused: then the log.
    pub fn try_token(&self, email: &str, role: &str) -> Result<String, String> {
        let token = self.say(&["token", "--email", email, "--role", role])?;
        let token = token.trim().to_owned();
        self.remember(&token);
        Ok(token)
    }

    /// What another command over the same folder says, or the log where it fails.
    pub fn say(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = self.command();
        let command = command.args(arguments).arg("--data").arg(self.data());
        let output = command.output().unwrap();
        if !output.status.success() {
            return Err(self.log());
        }
        Ok(String::from_utf8(output.stdout).unwrap())
    }

    /// Takes note of something that must not be found in clear.
    pub fn remember(&self, secret: &str) {
        self.secrets.lock().unwrap().push(secret.to_owned());
    }

    /// Where in its folder and log something stands in clear that must not.
    pub fn leaks(&self) -> Vec<String> {
        leaks::found(self.folder.path(), &self.secrets.lock().unwrap())
    }

    /// Someone with this role, at the management API.
    pub fn member(&self, email: &str, role: &str) -> Caller {
        Caller::with(self.management(), &self.token(email, role))
    }

    /// Someone without a session, at the management API.
    pub fn stranger(&self) -> Caller {
        Caller::anonymous(self.management())
    }

    /// Someone with this secret, at the gateway.
    pub fn key_holder(&self, secret: &str) -> Caller {
        Caller::with(self.gateway(), secret)
    }

    /// Another process over the same folder that is expected to end by itself: how, and what it said.
    pub fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> (ExitStatus, String) {
        let mut command = self.command();
        command.envs(variables.iter().copied());
        self.finish(command.args(arguments).arg("--data").arg(self.data()))
    }

    /// The same, started by another program over a folder that may be another.
    pub fn run_by(
        &self,
        starter: &[&OsStr],
        arguments: &[&str],
        data: &Path,
    ) -> (ExitStatus, String) {
        let [program, more @ ..] = starter else {
            unreachable!("a starter is a program")
        };
        let mut command = Command::new(program);
        command.args(more).arg(programs::server()).args(arguments);
        self.finish(command.arg("--data").arg(data))
    }

    fn finish(&self, command: &mut Command) -> (ExitStatus, String) {
        let said = self.folder.path().join("said");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&said).unwrap())
            .spawn()
            .unwrap();
        let status = wait(&mut child).expect("it goes on");
        (status, fs::read_to_string(said).unwrap())
    }

    /// As a power cut does: at once, with nothing put in order.
    pub fn kill9(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// As a service manager does, and insists that it ends in order.
    pub fn terminate(&mut self) {
        let mut child = self.child.take().unwrap();
        let process = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        let status = wait(&mut child);
        assert!(
            status.is_some_and(|status| status.success()),
            "{status:?}:\n{}",
            self.log()
        );
    }

    fn command(&self) -> Command {
        let log = self.folder.path().join("log");
        let mut command = Command::new(programs::server());
        // Whoever runs the tests may have a server of their own.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GARDIEN_") {
                command.env_remove(name);
            }
        }
        command
            .stdin(Stdio::null())
            .stderr(File::options().create(true).append(true).open(log).unwrap())
            .env_remove("PHARE_API_KEY")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if !thread::panicking() {
            assert!(!self.log().contains("panicked at"), "{}", self.log());
            assert_eq!(self.leaks(), [""; 0], "in clear");
        }
    }
}

/// How it ended; `None` when it did not in time, and was killed.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}
