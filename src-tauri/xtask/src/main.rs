//! The developer commands. Each does its own set-up, so that a fresh clone needs nothing but Rust and Node.

#![expect(
    clippy::disallowed_methods,
    reason = "a developer's command reads the developer's environment, and times itself"
)]

#[cfg(target_os = "linux")]
mod bench;
mod bindings;
mod command;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod package;
mod place;
mod postgres;
mod run;
#[cfg(target_os = "linux")]
mod screenshot;
mod setup;
mod test;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::builder::PossibleValuesParser;

/// The developer commands of Gardien.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Builds and starts the desktop app; without a display, the headless server.
    Run {
        /// Keep the data here instead of in the user's data folder.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Open the window on a virtual display, save its picture as a PNG, and end.
        #[arg(long, value_name = "FILE")]
        screenshot: Option<PathBuf>,
    },
    /// Checks and tests everything.
    Test {
        /// Only this step; what it builds on must be there already.
        #[arg(long, value_name = "STEP", value_parser = PossibleValuesParser::new(test::names()))]
        only: Option<String>,
    },
    /// Generates the UI's types anew from the commands of the desktop.
    Bindings,
    /// Starts a PostgreSQL server for tests that are run by hand.
    #[cfg(unix)]
    Postgres,
    /// Makes the packages for Debian, Ubuntu, Fedora and their kin, in target/packages.
    #[cfg(target_os = "linux")]
    Package {
        /// Install them on a bare Debian too, start the window there, upgrade and remove them.
        #[arg(long)]
        check: bool,
    },
    /// Measures a release build beside a bare Tauri window, and prints a table.
    #[cfg(target_os = "linux")]
    Measure,
    /// Measures the gateway beside nginx, HAProxy and a bare proxy, and prints a table.
    #[cfg(target_os = "linux")]
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Run { data, screenshot } => run::run(data, screenshot),
        Task::Test { only } => test::run(only.as_deref()),
        Task::Bindings => bindings::generate(),
        #[cfg(unix)]
        Task::Postgres => postgres::serve(),
        #[cfg(target_os = "linux")]
        Task::Package { check } => package::build(check),
        #[cfg(target_os = "linux")]
        Task::Measure => measure::run(),
        #[cfg(target_os = "linux")]
        Task::Bench(bench) => bench::run(&bench),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("\nerror: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// A line for the person at the terminal.
fn say(text: &str) {
    // Nobody is left to tell when this fails.
    let _ = writeln!(io::stderr(), "{text}");
}
