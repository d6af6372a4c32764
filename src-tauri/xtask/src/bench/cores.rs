//! Who runs where.

use std::io;
use std::process::Command;

use rustix::thread::{CpuSet, sched_getaffinity};

/// The cores of both sides, as `taskset` takes them.
pub(super) struct Cores {
    /// The contestant's.
    pub(super) contestant: String,
    /// The load's and the upstream's.
    pub(super) load: String,
    /// How many the contestant has.
    pub(super) count: usize,
}

impl Cores {
    /// Two of those that this program may use: one for each side, or both for both.
    ///
    /// # Errors
    /// When there is only one.
    pub(super) fn choose(shared: bool) -> io::Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut allowed = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        let (Some(first), Some(second)) = (allowed.next(), allowed.next()) else {
            return Err(io::Error::other("it takes two cores"));
        };
        Ok(if shared {
            let both = format!("{first},{second}");
            Self {
                contestant: both.clone(),
                load: both,
                count: 2,
            }
        } else {
            Self {
                contestant: first.to_string(),
                load: second.to_string(),
                count: 1,
            }
        })
    }
}

/// Starts what is added to it on these cores, and ends it when this program ends in whatever way.
pub(super) fn pinned(cores: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "taskset", "--cpu-list", cores]);
    command
}
