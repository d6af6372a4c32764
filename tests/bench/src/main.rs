//! What `cargo xtask bench` takes beside programs that can be had: the keys, a bare proxy to compare with, a load that keeps
//! its pace whatever becomes of the answers, and callers whose keys are revoked.

mod fill;
mod management;
mod pace;
mod proxy;
mod race;
mod team;
mod wire;

use std::error::Error;

use clap::Parser;

/// Parts of the benchmark of the gateway.
#[derive(Debug, Parser)]
#[command(name = "gardien-bench")]
enum Part {
    /// Makes keys, for Gardien and as lists of secrets.
    Fill(fill::Fill),
    /// Calls at a steady pace, and says how long answers took.
    Pace(pace::Pace),
    /// Forwards calls with a known secret.
    Proxy(proxy::Proxy),
    /// Revokes keys that are in use, and sees that none is granted after.
    Race(race::Race),
    /// Starts gateways that share a database, and says how long a revocation takes with so many.
    Team(team::Team),
}

fn main() -> Result<(), Box<dyn Error>> {
    match Part::parse() {
        Part::Fill(fill) => fill.run(),
        Part::Pace(pace) => pace.run(),
        Part::Proxy(proxy) => proxy.run(),
        Part::Race(race) => race.run(),
        Part::Team(team) => team.run(),
    }
}
