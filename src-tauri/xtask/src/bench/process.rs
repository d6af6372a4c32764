//! Programs that run while others are measured, and what one answers.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::upstream::PATH;

/// How long a program may take to answer right after its start, with a million keys and a slow disk.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long it may take to end.
const FAREWELL: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(1);

/// A running one that listens. Dropping it ends it.
pub(super) struct Running {
    child: Owned,
    /// Where it listens on the loopback.
    pub(super) port: u16,
    log: PathBuf,
    started: Instant,
}

impl Running {
    /// Starts what has been told to listen on this port. What it writes goes to the file `log` in `folder`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn start(command: &mut Command, port: u16, folder: &Path) -> io::Result<Self> {
        let log = folder.join("log");
        let started = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(folder.join("output"))?)
            .stderr(File::create(&log)?)
            .spawn()?;
        Ok(Self {
            child: Owned(child),
            port,
            log,
            started,
        })
    }

    /// The number of its process.
    pub(super) fn id(&self) -> u32 {
        self.child.0.id()
    }

    /// How long it took from its start until it answered `status` to a call with this secret, with a body that has these
    /// words in it.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn first_answer(
        &mut self,
        secret: &str,
        (status, words): (u16, &str),
    ) -> io::Result<Duration> {
        let begin = format!("HTTP/1.1 {status} ");
        loop {
            let answer = call(self.port, secret);
            let waited = self.started.elapsed();
            let answer = match answer {
                Ok(answer) if answer.starts_with(&begin) && answer.contains(words) => {
                    return Ok(waited);
                }
                answer => answer.unwrap_or_else(|error| error.to_string()),
            };
            let ended = self.child.0.try_wait()?.is_some();
            if ended || waited > PATIENCE {
                return Err(io::Error::other(format!(
                    "it does not answer {status}, but {answer:?}. Its log:\n{}",
                    fs::read_to_string(&self.log)?
                )));
            }
            thread::sleep(PAUSE);
        }
    }
}

/// Dropping it ends it.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        for signal in [Signal::TERM, Signal::KILL] {
            // Once it was seen to end, its number may be a stranger's.
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            let _ = kill_process(Pid::from_child(&self.0), signal);
            let end = Instant::now() + FAREWELL;
            while Instant::now() < end && matches!(self.0.try_wait(), Ok(None)) {
                thread::sleep(PAUSE);
            }
        }
    }
}

/// Ports that nobody listens on now.
///
/// # Errors
/// When there are none.
pub(super) fn free_ports() -> io::Result<[u16; 2]> {
    let listen = || TcpListener::bind("127.0.0.1:0");
    // Both at once, so that they are not the same.
    let (one, other) = (listen()?, listen()?);
    Ok([one.local_addr()?.port(), other.local_addr()?.port()])
}

/// One call over a connection of its own: the answer, head and body.
fn call(port: u16, secret: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(FAREWELL))?;
    let request = format!(
        "GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {secret}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
