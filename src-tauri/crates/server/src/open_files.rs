//! How many files and connections the system lets this process have.

/// Enough for both listeners and everything behind them.
const ENOUGH: u64 = 8 * 1024;

/// As many as there may be, once the system was asked for enough. Its own figure is often low for the sake of programs
/// that take whatever they get.
#[cfg(unix)]
pub(crate) fn most() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let now = limit.current.unwrap_or(u64::MAX);
    let wanted = limit.maximum.unwrap_or(ENOUGH).min(ENOUGH);
    if now >= wanted {
        return now;
    }
    let asked = Rlimit {
        current: Some(wanted),
        ..limit
    };
    match setrlimit(Resource::Nofile, asked) {
        Ok(()) => wanted,
        Err(error) => {
            tracing::debug!(%error, "the system allows no more open files");
            now
        }
    }
}

/// Elsewhere memory alone is the bound.
#[cfg(not(unix))]
pub(crate) fn most() -> u64 {
    ENOUGH
}
