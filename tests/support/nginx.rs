//! A stock nginx with a bare `proxy_pass`: it speaks HTTP/1.0 to what is behind it.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::programs;

const PATIENCE: Duration = Duration::from_secs(30);

/// A running nginx in a folder of its own. Dropping it ends it.
#[derive(Debug)]
pub struct Nginx {
    port: u16,
    child: Child,
    folder: TempDir,
}

impl Nginx {
    /// One in front of this address.
    pub fn before(base: &str) -> Self {
        // It does not say which port the system gave it. Below those that the system hands out, and apart from those of
        // proxies, only another of these can be in the way.
        static TRIED: AtomicU16 = AtomicU16::new(0);
        let first = 2_000 + u16::try_from(std::process::id() % 7_000).unwrap();
        loop {
            let port = first + TRIED.fetch_add(1, Ordering::Relaxed);
            if let Some(nginx) = Self::at(port, base) {
                return nginx;
            }
        }
    }

    /// `None` when it cannot listen there.
    fn at(port: u16, base: &str) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("nginx-").tempdir().unwrap();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {name};"))
            .concat();
        let configuration = format!(
            "daemon off; master_process off; pid pid; events {{}}
             http {{
                 access_log off; {temporary}
                 server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass {base}; }} }}
             }}"
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration).unwrap();
        let child = Command::new(programs::nginx())
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(file)
            .args(["-e", "log"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut nginx = Self {
            port,
            child,
            folder,
        };
        let end = Instant::now() + PATIENCE;
        // It writes its number when it has the port: whoever answers there until then is another.
        while !nginx.folder.path().join("pid").exists() {
            if nginx.child.try_wait().unwrap().is_some() {
                assert!(
                    nginx.log().contains("Address already in use"),
                    "nginx ended:\n{}",
                    nginx.log()
                );
                return None;
            }
            assert!(
                Instant::now() < end,
                "nginx does not begin:\n{}",
                nginx.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
        Some(nginx)
    }

    /// Its address, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it had to complain about.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
