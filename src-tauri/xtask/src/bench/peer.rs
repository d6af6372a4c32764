//! The bare proxy of this repository: hyper with a hash, a map and a limit, and no log.

use std::process::Command;

use super::contestants::Given;
use super::cores::pinned;
use super::upstream::SECRET;

/// One on a runtime with a thread for each core, or on one thread.
pub(super) fn command(given: &Given<'_>, port: u16, one_thread: bool) -> Command {
    let mut proxy = pinned(&given.cores.contestant);
    proxy.arg(&given.programs.bench).arg("proxy");
    proxy.args(["--upstream-secret", SECRET]);
    proxy.arg(format!("--listen=127.0.0.1:{port}"));
    proxy.arg(format!("--upstream=127.0.0.1:{}", given.upstream));
    proxy.arg("--known").arg(given.folder.join("known"));
    proxy.args(one_thread.then_some("--one-thread"));
    proxy
}
