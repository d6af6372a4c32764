//! A PostgreSQL server for tests.

#[cfg(unix)]
use std::env;
use std::io;

#[cfg(unix)]
use gardien_test_postgres::{Cluster, PROGRAMS, VARIABLE, programs};

use crate::command;
#[cfg(unix)]
use crate::{place, say, setup};

/// Runs a line with these variables, beside a server of its own, unless the environment names one.
///
/// # Errors
/// When PostgreSQL does not start, and as [`command::run`].
#[cfg(unix)]
pub(crate) fn run_beside(line: &str, given: &[(&str, &str)]) -> io::Result<()> {
    // For tests that have one of their own.
    let unpacked = programs(&place::unpacked(setup::POSTGRES));
    let unpacked = unpacked.map(|programs| programs.display().to_string());
    let unpacked = unpacked.iter().map(|programs| (PROGRAMS, &**programs));
    let mut given: Vec<_> = given.iter().copied().chain(unpacked).collect();
    if env::var_os(VARIABLE).is_some() {
        return command::run_given(line, &given);
    }
    let cluster = start()?;
    given.push((VARIABLE, cluster.url()));
    command::run_given(line, &given)
}

/// Runs a line with these variables. The environment names a server.
///
/// # Errors
/// As [`command::run`].
#[cfg(not(unix))]
pub(crate) fn run_beside(line: &str, given: &[(&str, &str)]) -> io::Result<()> {
    command::run_given(line, given)
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
///
/// # Errors
/// When it does not start.
#[cfg(unix)]
pub(crate) fn start() -> io::Result<Cluster> {
    match programs(&place::unpacked(setup::POSTGRES)) {
        Some(programs) => Cluster::start_with(&programs),
        None => Cluster::start(),
    }
}
