//! Who calls: `wrk` as fast as it gets answers, or our own at a steady pace.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::contestants::Given;
use super::cores::pinned;
use super::plan::{CONNECTIONS, Plan, Task};
use super::upstream::PATH;
use crate::place;

/// What a load says of itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    pub(super) requests: f64,
    pub(super) seconds: f64,
    /// Microseconds that half of the answers, 99% and 99.9% took at most.
    pub(super) waits: [f64; 3],
}

/// Secrets that each round begins after those that the one before began with: rounds that all begin alike would call with
/// the same few of many keys. A prime, which divides no number of them.
const STRIDE: usize = 7_919;

/// The command that gives a task to whoever listens on this port, for the round of this number.
pub(super) fn command(
    task: Task,
    round: usize,
    given: &Given<'_>,
    port: u16,
    plan: &Plan,
    seconds: u32,
) -> Command {
    let (secrets, begin) = (secrets(task, given.folder), round * STRIDE);
    let mut load = pinned(&given.cores.load);
    match task {
        Task::Paced | Task::PacedAmidChanges => {
            load.arg(&given.programs.bench).arg("pace");
            load.arg(format!("--address=127.0.0.1:{port}"));
            load.arg(format!("--path={PATH}"));
            load.arg("--secrets").arg(secrets);
            load.arg(format!("--begin={begin}"));
            load.arg(format!("--rate={}", plan.pace));
            load.arg(format!("--connections={CONNECTIONS}"));
            load.arg(format!("--seconds={seconds}"));
        }
        Task::Alone | Task::Known | Task::Unknown => {
            let (threads, connections) = match task {
                Task::Alone => (1, 1),
                _ => (given.cores.count, CONNECTIONS as usize),
            };
            load.arg("wrk").arg("--timeout=300s");
            load.arg(format!("--duration={seconds}s"));
            load.arg(format!("--threads={threads}"));
            load.arg(format!("--connections={connections}"));
            let script = "src-tauri/xtask/src/bench/wrk.lua";
            load.arg("--script").arg(place::root().join(script));
            load.arg(format!("http://127.0.0.1:{port}{PATH}"));
            load.arg("--").arg(secrets).arg(begin.to_string());
        }
    }
    load
}

fn secrets(task: Task, folder: &Path) -> PathBuf {
    folder.join(match task {
        Task::Unknown => "unknown",
        _ => "calling",
    })
}

/// Runs it to its end. Nothing when nobody was answered in its time.
///
/// # Errors
/// When it fails, or was not answered as the task demands.
pub(super) fn run(mut load: Command, task: Task) -> io::Result<Option<Said>> {
    let output = load.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let said = read(&text).filter(|_| output.status.success());
    let (said, [refused, failed]) = said.ok_or_else(|| {
        let errors = String::from_utf8_lossy(&output.stderr);
        io::Error::other(format!("the load failed: {text}{errors}"))
    })?;
    let due = if task == Task::Unknown {
        said.requests
    } else {
        0.0
    };
    if failed > 0.0 || refused != due {
        return Err(io::Error::other(format!(
            "of {} calls {refused} were refused instead of {due}, and {failed} failed",
            said.requests
        )));
    }
    Ok((said.requests > 0.0).then_some(said))
}

/// What it says, and the calls that were refused or failed.
fn read(text: &str) -> Option<(Said, [f64; 2])> {
    let figures: HashMap<&str, f64> = text
        .lines()
        .filter_map(|line| {
            let (name, figure) = line.split_once(' ')?;
            Some((name, figure.parse().ok()?))
        })
        .collect();
    let figure = |name| figures.get(name).copied();
    let said = Said {
        requests: figure("requests")?,
        seconds: figure("seconds")?,
        waits: [figure("p50")?, figure("p99")?, figure("p999")?],
    };
    Some((said, [figure("refused")?, figure("failed")?]))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::{command, read};
    use crate::bench::Programs;
    use crate::bench::contestants::Given;
    use crate::bench::cores::Cores;
    use crate::bench::plan::{Plan, Task};

    #[test]
    fn each_round_begins_with_another_secret() -> io::Result<()> {
        let programs = Programs {
            bench: "bench".into(),
            gardien: "gardien".into(),
        };
        let given = Given {
            folder: Path::new("folder"),
            keys: 1,
            cores: &Cores::choose(false, false)?,
            upstream: 1,
            programs: &programs,
        };
        for task in [
            Task::Alone,
            Task::Known,
            Task::Unknown,
            Task::Paced,
            Task::PacedAmidChanges,
        ] {
            let of = |round| command(task, round, &given, 2, &Plan::short(), 1);
            let arguments = |round| {
                of(round)
                    .get_args()
                    .map(Into::into)
                    .collect::<Vec<std::ffi::OsString>>()
            };
            assert_ne!(arguments(0), arguments(1));
        }
        Ok(())
    }

    #[test]
    fn figures_are_found_among_other_lines() {
        let text = "Running 1d test\n  1 threads and 1 connections\nrequests 12.0\nseconds 2\nrefused 1\nfailed 0\np50 7\np99 8\np999 9\n";
        let read = read(text).map(|(said, wrong)| (said.requests, said.seconds, said.waits, wrong));
        assert_eq!(read, Some((12.0, 2.0, [7.0, 8.0, 9.0], [1.0, 0.0])));
    }

    #[test]
    fn a_load_that_was_cut_off_says_nothing() {
        assert!(read("requests 12\n").is_none());
    }
}
