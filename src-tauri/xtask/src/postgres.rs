//! A PostgreSQL server for tests.

#[cfg(unix)]
use std::env;
use std::io;

#[cfg(unix)]
use gardien_test_postgres::{Cluster, PROGRAMS, VARIABLE, programs};

use crate::command;
#[cfg(unix)]
use crate::{place, say, setup};

/// Runs a line beside a server of its own, unless the environment names one.
///
/// # Errors
/// When PostgreSQL does not start, and as [`command::run`].
#[cfg(unix)]
pub(crate) fn run_beside(line: &str) -> io::Result<()> {
    if env::var_os(VARIABLE).is_some() {
        return command::run(line);
    }
    let cluster = start()?;
    let mut given = vec![(VARIABLE, cluster.url().to_owned())];
    // For tests that have one of their own.
    if let Some(unpacked) = programs(&place::unpacked(setup::POSTGRES)) {
        given.push((PROGRAMS, unpacked.display().to_string()));
    }
    let given: Vec<_> = given
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    command::run_given(line, &given)
}

/// Runs a line. The environment names a server.
///
/// # Errors
/// As [`command::run`].
#[cfg(not(unix))]
pub(crate) fn run_beside(line: &str) -> io::Result<()> {
    command::run(line)
}

/// Starts one, says how tests find it, and ends it when told to.
///
/// # Errors
/// When PostgreSQL cannot be had or does not start.
#[cfg(unix)]
pub(crate) fn serve() -> io::Result<()> {
    setup::database()?;
    let cluster = start()?;
    say(&format!(
        "PostgreSQL runs. In another terminal:\n\n  export {VARIABLE}='{}'\n\nEnter ends it, and all that it keeps.",
        cluster.url()
    ));
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}

/// The one that the set-up unpacked, or the system's.
#[cfg(unix)]
fn start() -> io::Result<Cluster> {
    match programs(&place::unpacked(setup::POSTGRES)) {
        Some(programs) => Cluster::start_with(&programs),
        None => Cluster::start(),
    }
}
