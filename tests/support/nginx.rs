//! A stock nginx with a bare `proxy_pass`: it speaks HTTP/1.0 to what is behind it.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
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
        let folder = tempfile::Builder::new().prefix("nginx-").tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
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
        let nginx = Self {
            port,
            child,
            folder,
        };
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                Instant::now() < end,
                "nginx does not begin:\n{}",
                nginx.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
        nginx
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
