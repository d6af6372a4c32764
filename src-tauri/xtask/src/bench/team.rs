//! What gateways that share a database cost, and how it grows with their number: on a PostgreSQL of its own.

use std::fs;
use std::io;

use super::Programs;
use crate::{command, place, postgres};

/// So many gateways, one measurement for each number, and so many revocations for each.
pub(super) struct Sizes {
    pub(super) gateways: &'static str,
    pub(super) revocations: &'static str,
}

pub(super) const FULL: Sizes = Sizes {
    gateways: "1,3,10,30,100",
    revocations: "500",
};
pub(super) const SHORT: Sizes = Sizes {
    gateways: "1,2",
    revocations: "5",
};

/// # Errors
/// When PostgreSQL or a gateway does not start, or answers wrong.
pub(super) fn measure(programs: &Programs, sizes: &Sizes) -> io::Result<()> {
    let folder = place::root().join("target/bench-team");
    // What one that broke off left there knows another database.
    let _ = fs::remove_dir_all(&folder);
    let cluster = postgres::start()?;
    let mut team = command::at_root(&programs.bench);
    team.args(["team", "--database", cluster.url(), "--server"])
        .arg(&programs.gardien)
        .arg("--folder")
        .arg(&folder)
        .args([
            "--gateways",
            sizes.gateways,
            "--revocations",
            sizes.revocations,
        ]);
    command::finish(&mut team, "gardien-bench team")?;
    fs::remove_dir_all(folder)
}
