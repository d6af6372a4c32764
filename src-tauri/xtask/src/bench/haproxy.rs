//! HAProxy: a map of secrets, a limit, a log in JSON, and kept connections to the upstream.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::process::Command;

use super::contestants::Given;
use super::cores::pinned;
use super::upstream::SECRET;
use crate::place;

/// One that forwards calls with a known secret.
///
/// # Errors
/// When its configuration cannot be written.
pub(super) fn command(given: &Given<'_>, folder: &Path, port: u16) -> io::Result<Command> {
    let mut map = BufWriter::new(File::create(folder.join("keys.map"))?);
    for (number, secret) in given.known()?.lines().enumerate() {
        writeln!(map, "{secret} {number}")?;
    }
    map.flush()?;
    let (threads, upstream) = (given.cores.count, given.upstream);
    let configuration = format!(
        r#"global
    nbthread {threads}
    maxconn 4096
    log stdout format raw local0
defaults
    mode http
    timeout connect 5s
    timeout client 1d
    timeout server 1d
    http-reuse always
    log global
    log-format '{{"at":"%t","key":"%[var(txn.key)]","method":"%HM","path":"%HP","status":%ST,"milliseconds":%Ta}}'
frontend gateway
    bind 127.0.0.1:{port} backlog 4096
    http-request set-var(txn.key) http_auth_bearer,map_str(keys.map)
    http-request return status 401 content-type application/json string '{{"message":"Unauthorized"}}' unless {{ var(txn.key) -m found }}
    http-request track-sc0 int(1) table calls
    http-request return status 429 content-type application/json string '{{"message":"Too Many Attempts."}}' if {{ sc_http_req_rate(0) gt 100000000 }}
    http-request set-header Authorization "Bearer {SECRET}"
    default_backend phare
backend calls
    stick-table type integer size 1k expire 2m store http_req_rate(60s)
backend phare
    server phare 127.0.0.1:{upstream}
"#
    );
    fs::write(folder.join("haproxy.cfg"), configuration)?;
    let mut haproxy = pinned(&given.cores.contestant);
    haproxy
        .arg(place::server("haproxy"))
        .arg("-db")
        // Names in the configuration are of this folder: its path may have characters in it that mean something there.
        .arg("-C")
        .arg(folder)
        .args(["-f", "haproxy.cfg"]);
    Ok(haproxy)
}
