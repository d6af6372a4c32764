//! `cargo xtask test`: the one command that says whether everything is well.

use std::io;
use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use crate::bench;
use crate::{command, postgres, say, setup};

enum Work {
    SetUp(fn() -> io::Result<()>),
    Line(&'static str),
    /// Beside a PostgreSQL server.
    Beside(&'static str),
}
use Work::{Beside, Line, SetUp};

/// The whole of it, cheapest first after the set-up. Lines can be pasted, given `target/tools/bin` on the path. Those
/// that compile the desktop name the same features, so that nothing is compiled twice.
#[rustfmt::skip]
const STEPS: &[(&str, Work)] = &[
    ("system-packages", SetUp(setup::tests)),
    ("ui-packages",     SetUp(setup::ui)),
    ("python-packages", SetUp(setup::python)),
    // Debug builds: they compile faster, and have little to do.
    ("tools",           Line("CARGO_PROFILE_DEV_DEBUG=false cargo install --quiet --debug --locked --root target/tools cargo-deny@0.20.2")),
    ("format",          Line("cargo fmt --all --check")),
    ("dependencies",    Line("cargo-deny --locked --all-features --config .ci/deny.toml check bans licenses sources")),
    ("ui-check",        Line("npm --prefix ui run check")),
    ("ui-lint",         Line("npm --prefix ui run lint")),
    ("ui-test",         Line("npm --prefix ui test")),
    // Before the desktop is compiled, which takes the built UI into itself.
    ("ui-build",        Line("npm --prefix ui run build")),
    ("clippy",          Line("cargo clippy --locked --workspace --all-targets --features gardien-desktop/custom-protocol -- -D warnings")),
    // With the examples, for which everything is compiled as for the tests before: not once more with fewer features.
    ("documentation",   Line("RUSTDOCFLAGS=-Dwarnings cargo doc --locked --workspace --no-deps --lib --bin xtask --bin gardien-bench --examples --features gardien-desktop/custom-protocol")),
    // What the tests run, and the binaries that they start.
    ("build",           Line("cargo build --locked --workspace --bins --examples --tests --features gardien-desktop/custom-protocol")),
    // `--tests` leaves out those in documentation: there is none, and each crate would be read for them once more.
    ("test",            Beside("cargo test --locked --workspace --tests --features gardien-desktop/custom-protocol -- --include-ignored")),
    #[cfg(target_os = "linux")]
    ("bench",           SetUp(bench::smoke)),
];

/// The names of the steps.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    STEPS.iter().map(|(name, _)| *name)
}

/// One test more at a time than there are processors: some of them only wait.
fn threads() -> String {
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    (processors + 1).to_string()
}

/// Runs all steps, or the one of this name. The first that fails ends it.
///
/// # Errors
/// Names the step that failed.
pub(crate) fn run(only: Option<&str>) -> io::Result<()> {
    let start = Instant::now();
    let mut times = String::new();
    for (name, work) in STEPS {
        if only.is_some_and(|only| only != *name) {
            continue;
        }
        say(&format!("\n── {name}"));
        let start = Instant::now();
        let done = match work {
            SetUp(set_up) => set_up(),
            Line(line) => command::run(line),
            Beside(line) => postgres::run_beside(line, &[("RUST_TEST_THREADS", &threads())]),
        };
        done.map_err(|error| io::Error::new(error.kind(), format!("step {name}: {error}")))?;
        times.push_str(&format!("\n  {} {name}", minutes(start.elapsed())));
    }
    say(&format!(
        "\nAll is well.{times}\n  {} together",
        minutes(start.elapsed())
    ));
    Ok(())
}

/// Right-aligned, as in ` 3:07`.
fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:>2}:{:02}", seconds / 60, seconds % 60)
}
