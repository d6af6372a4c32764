//! Gardien's server, over a data folder that was filled beforehand.

use std::process::Command;

use super::contestants::Given;
use super::cores::pinned;
use super::upstream::SECRET;

/// One that forwards to the upstream as if it were Phare.
pub(super) fn command(given: &Given<'_>, port: u16) -> Command {
    let mut server = pinned(&given.cores.contestant);
    server.arg(&given.programs.gardien).arg("serve");
    server.arg("--data").arg(given.folder.join("data"));
    server.arg(format!("--gateway=127.0.0.1:{port}"));
    server.arg("--management=127.0.0.1:0");
    server.arg(format!("--phare=http://127.0.0.1:{}", given.upstream));
    server.env("PHARE_API_KEY", SECRET);
    server
}
