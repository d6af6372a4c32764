//! The proxy of an office: a real one, which nobody passes without a password.

use std::fs;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(20);

/// A running proxy. Dropping it ends it.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    folder: TempDir,
    child: Child,
}

impl Proxy {
    /// What it asks for.
    pub const PASSWORD: &str = "ThePasswordThatNobodyButTheProxySee";
    /// As it is asked for it (RFC 7617).
    pub const BASIC: &str = "b2ZmaWNlOlRoZVBhc3N3b3JkVGhhdE5vYm9keUJ1dFRoZVByb3h5U2Vl";

    pub fn start() -> Self {
        // It takes no port 0. Below those that the system hands out, only another of these can be in the way.
        static TRIED: AtomicU16 = AtomicU16::new(0);
        let first = 10_000 + u16::try_from(std::process::id() % 20_000).unwrap();
        loop {
            let port = first + TRIED.fetch_add(1, Ordering::Relaxed);
            if let Some(proxy) = Self::at(port) {
                return proxy;
            }
        }
    }

    /// `None` when it cannot listen there.
    fn at(port: u16) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("proxy-").tempdir().unwrap();
        let (settings, log) = (folder.path().join("settings"), folder.path().join("log"));
        let text = format!(
            "Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\nMaxClients 20\nBasicAuth office {}\nLogLevel Connect\nLogFile \"{}\"\n",
            Self::PASSWORD,
            log.display(),
        );
        fs::write(&settings, text).unwrap();
        let child = Command::new("tinyproxy")
            .args(["-d", "-c"])
            .arg(&settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("tinyproxy is not there");
        let mut proxy = Self {
            port,
            folder,
            child,
        };
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if proxy.child.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(Instant::now() < end, "the proxy did not begin");
            thread::sleep(Duration::from_millis(20));
        }
        Some(proxy)
    }

    /// Its host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// As variables name it, with its password.
    pub fn url(&self) -> String {
        format!("http://office:{}@{}", Self::PASSWORD, self.address())
    }

    /// What it says that it did.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Ends it: nobody listens there any more.
    pub fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.end();
    }
}
