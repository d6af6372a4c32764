//! A stock nginx with a bare `proxy_pass`: it speaks HTTP/1.0 to what is behind it.

use std::fs;
use std::process::Command;

use super::foreign::Foreign;
use super::programs;

/// A running nginx. Dropping it ends it.
#[derive(Debug)]
pub struct Nginx(Foreign);

impl Nginx {
    /// One in front of this address.
    pub fn before(base: &str) -> Self {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {name};"))
            .concat();
        Self(Foreign::start(|port, folder| {
            let configuration = format!(
                "daemon off; master_process off; pid pid; events {{}}
                 http {{
                     access_log off; {temporary}
                     server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass {base}; }} }}
                 }}"
            );
            let file = folder.join("nginx.conf");
            fs::write(&file, configuration).unwrap();
            let mut nginx = Command::new(programs::nginx());
            nginx.arg("-p").arg(folder).arg("-c").arg(file);
            nginx.args(["-e", "log"]);
            nginx
        }))
    }

    /// Its address, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address())
    }

    /// What it had to complain about.
    pub fn log(&self) -> String {
        self.0.log()
    }
}
