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
    /// The numbers of all of them.
    pub(super) all: [usize; 2],
}

impl Cores {
    /// Two of those that this program may use: one for each side, or both for both. Where figures do not count, one will do
    /// for everything.
    ///
    /// # Errors
    /// When there is only one, and figures count.
    pub(super) fn choose(shared: bool, strict: bool) -> io::Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let allowed = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        Self::among(allowed, shared, strict)
            .ok_or_else(|| io::Error::other("measuring takes two cores; `--short` does with one"))
    }

    fn among(mut allowed: impl Iterator<Item = usize>, shared: bool, strict: bool) -> Option<Self> {
        let first = allowed.next()?;
        let second = allowed.next().or((!strict).then_some(first))?;
        let all = [first, second];
        Some(if shared {
            let both = format!("{first},{second}");
            Self {
                contestant: both.clone(),
                load: both,
                count: 2,
                all,
            }
        } else {
            Self {
                contestant: first.to_string(),
                load: second.to_string(),
                count: 1,
                all,
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

#[cfg(test)]
mod tests {
    use super::Cores;

    #[test]
    fn one_core_will_do_where_figures_do_not_count() {
        let among = |cores: &[usize], strict| {
            let cores = Cores::among(cores.iter().copied(), false, strict)?;
            Some((cores.contestant, cores.load))
        };
        let of = |contestant: &str, load: &str| Some((contestant.to_owned(), load.to_owned()));
        assert_eq!(among(&[3], true), None);
        assert_eq!(among(&[3], false), of("3", "3"));
        assert_eq!(among(&[3, 5, 7], true), of("3", "5"));
    }
}
