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
mod team;
mod upstream;
mod usage;

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::Args;

use crate::{command, place, setup};
use plan::Plan;

/// How much of it.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Only whether everything works, with few keys and calls, and debug builds. Its figures mean nothing.
    #[arg(long)]
    short: bool,
    /// What gateways that share a PostgreSQL database cost instead, and how it grows with their number.
    #[arg(long)]
    team: bool,
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
    setup::database()?;
    if bench.short {
        command::run(BUILD)?;
        return smoke();
    }
    command::run(&format!("{BUILD} --release"))?;
    let programs = Programs {
        bench: place::released("gardien-bench"),
        gardien: place::released("gardien-server"),
    };
    if bench.team {
        return team::measure(&programs, &team::FULL);
    }
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
    measure(&programs, &Plan::short())?;
    team::measure(&programs, &team::SHORT)
}

/// The programs that this repository builds.
struct Programs {
    bench: PathBuf,
    gardien: PathBuf,
}

fn measure(programs: &Programs, plan: &Plan) -> io::Result<()> {
    // One for all runs, so that the next removes what was cut off or failed: two at once would take it from each other.
    let folder = place::root().join("target/bench");
    let scenes = plan
        .scenes
        .iter()
        .map(|scene| scene::measure(scene, plan, programs, &folder))
        .collect::<io::Result<Vec<_>>>()?;
    fs::remove_dir_all(folder)?;
    table::print(plan, &scenes)?;
    let mut columns = scenes.iter().flat_map(|measured| &measured.columns);
    match columns.find_map(|column| column.granted_after.filter(|calls| *calls > 0)) {
        None => Ok(()),
        Some(calls) => Err(io::Error::other(format!(
            "{calls} calls were granted although the revocation of their keys had been acknowledged"
        ))),
    }
}
