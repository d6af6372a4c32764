//! The proxy of an office: a real one, which nobody passes without a password.

use std::fs;
use std::process::Command;

use super::foreign::Foreign;

/// A running proxy. Dropping it ends it.
#[derive(Debug)]
pub struct Proxy(Foreign);

impl Proxy {
    /// What it asks for.
    pub const PASSWORD: &str = "ThePasswordThatNobodyButTheProxySee";
    /// As it is asked for it (RFC 7617).
    pub const BASIC: &str = "b2ZmaWNlOlRoZVBhc3N3b3JkVGhhdE5vYm9keUJ1dFRoZVByb3h5U2Vl";

    pub fn start() -> Self {
        Self(Foreign::start(|port, folder| {
            let (settings, log, pid) = (
                folder.join("settings"),
                folder.join("log"),
                folder.join("pid"),
            );
            let text = format!(
                "Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\nMaxClients 20\nBasicAuth office {}\n\
                 LogLevel Connect\nLogFile \"{}\"\nPidFile \"{}\"\n",
                Self::PASSWORD,
                log.display(),
                pid.display(),
            );
            fs::write(&settings, text).unwrap();
            let mut tinyproxy = Command::new("tinyproxy");
            tinyproxy.args(["-d", "-c"]).arg(&settings);
            tinyproxy
        }))
    }

    /// Its host and port.
    pub fn address(&self) -> String {
        self.0.address()
    }

    /// As variables name it, with its password.
    pub fn url(&self) -> String {
        format!("http://office:{}@{}", Self::PASSWORD, self.address())
    }

    /// What it says that it did.
    pub fn log(&self) -> String {
        self.0.log()
    }

    /// Ends it: nobody listens there any more.
    pub fn end(&mut self) {
        self.0.end();
    }
}
