//! nginx: a map of secrets, a limit, a log in JSON, and kept connections to the upstream.

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
        writeln!(map, "\"Bearer {secret}\" \"{number}\";")?;
    }
    map.flush()?;
    let upstream = given.upstream;
    // It says how many buckets there may be, and takes that many.
    let hash = given.keys.next_power_of_two() * 2;
    let servers = format!(
        r#"log_format calls escape=json '{{"at":"$time_iso8601","key":"$key","method":"$request_method","path":"$uri","status":$status,"seconds":$request_time}}';
         access_log calls.json calls buffer=64k flush=1s;
         map_hash_max_size {hash};
         map_hash_bucket_size 128;
         map $http_authorization $key {{ include keys.map; }}
         limit_req_zone $server_name zone=calls:1m rate=1000000r/s;
         upstream phare {{
             server 127.0.0.1:{upstream};
             keepalive 128;
             keepalive_requests 1000000000;
             keepalive_time 1d;
         }}
         server {{
             listen 127.0.0.1:{port} backlog=4096;
             server_name gateway;
             default_type application/json;
             location / {{
                 if ($key = "") {{ return 401 '{{"message":"Unauthorized"}}'; }}
                 limit_req zone=calls burst=1000000 nodelay;
                 limit_req_status 429;
                 proxy_http_version 1.1;
                 proxy_set_header Connection "";
                 proxy_set_header Authorization "Bearer {SECRET}";
                 proxy_pass http://phare;
             }}
         }}"#
    );
    configured(
        folder,
        pinned(&given.cores.contestant),
        given.cores.count,
        &servers,
    )
}

/// One with so many workers and these servers, started by `starter`.
///
/// # Errors
/// When its configuration cannot be written.
pub(super) fn configured(
    folder: &Path,
    mut starter: Command,
    workers: usize,
    servers: &str,
) -> io::Result<Command> {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {name};"))
        .concat();
    // Workers of another user may not get into the folder.
    let configuration = format!(
        "daemon off; user root; worker_processes {workers}; pid pid;
         events {{ worker_connections 4096; }}
         http {{
             keepalive_requests 1000000000; keepalive_timeout 1d;
             {temporary}
             {servers}
         }}"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration)?;
    starter.arg(place::server("nginx")).arg("-p").arg(folder);
    starter.arg("-c").arg(file).args(["-e", "stderr"]);
    Ok(starter)
}
