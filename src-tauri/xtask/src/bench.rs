//! `cargo xtask bench`: what the gateway costs, beside what people would put in its place.

mod contestants;
mod cores;
mod gardien;
mod haproxy;
mod load;
mod nginx;
mod peer;
mod plan;
mod process;
mod round;
mod scene;
mod seat;
mod table;
mod upstream;
mod usage;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::{command, place, setup};
use plan::Plan;

/// How much of it.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Only whether everything works, with few keys and calls, and debug builds. Its figures mean nothing.
    #[arg(long)]
    short: bool,
    /// Rounds of each measurement that no other program disturbed.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    rounds: u8,
    /// Seconds that a round takes.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    seconds: u8,
}

const BUILD: &str = "cargo build --locked --package gardien-server --package gardien-bench";

/// Builds the contestants, measures them and prints a table.
///
/// # Errors
/// When something does not build or start, or answers wrong.
pub(crate) fn run(bench: &Bench) -> io::Result<()> {
    setup::bench()?;
    if bench.short {
        command::run(BUILD)?;
        return smoke();
    }
    command::run(&format!("{BUILD} --release"))?;
    let programs = Programs {
        bench: place::released("gardien-bench"),
        gardien: place::released("gardien-server"),
    };
    measure(&programs, &Plan::full(bench.rounds, bench.seconds))
}

/// Whether everything works, with the programs that a debug build left.
///
/// # Errors
/// As [`run`].
pub(crate) fn smoke() -> io::Result<()> {
    let programs = Programs {
        bench: place::built("gardien-bench"),
        gardien: place::built("gardien-server"),
    };
    measure(&programs, &Plan::short())
}

/// The programs that this repository builds.
struct Programs {
    bench: PathBuf,
    gardien: PathBuf,
}

fn measure(programs: &Programs, plan: &Plan) -> io::Result<()> {
    let interrupted = Interrupted::listen()?;
    let scenes = plan
        .scenes
        .iter()
        .map(|scene| scene::measure(scene, plan, programs, &interrupted))
        .collect::<io::Result<Vec<_>>>()?;
    table::print(plan, &scenes)
}

/// Whether whoever started it wants it to end. Then it ends what it started, and removes what it wrote.
struct Interrupted(Arc<AtomicBool>);

impl Interrupted {
    fn listen() -> io::Result<Self> {
        let interrupted = Arc::<AtomicBool>::default();
        let status = fs::read_to_string("/proc/self/status")?;
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            // Under `nohup` it goes on.
            if usage::ignores(&status, signal) {
                continue;
            }
            signal_hook::flag::register(signal, interrupted.clone())?;
        }
        Ok(Self(interrupted))
    }

    /// # Errors
    /// When it is so.
    fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(())
    }
}
