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
    use std::io::{self, Read as _};
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Stdio;
    use std::thread;

    use rustix::process::Signal;

    use super::{Cores, pinned};

    #[test]
    fn what_is_started_ends_with_who_started_it() -> io::Result<()> {
        let cores = Cores::choose(true, false)?;
        // For the system, that is a thread.
        let starter = thread::spawn(move || {
            let mut started = pinned(&cores.load)
                .args(["sh", "-c", "echo; exec sleep 60"])
                .stdout(Stdio::piped())
                .spawn()?;
            // Once it says something, it is bound to this thread.
            let said = started.stdout.as_mut();
            said.map(|said| said.read_exact(&mut [0])).transpose()?;
            Ok::<_, io::Error>(started)
        });
        let panicked = |_| Err(io::Error::other("it panicked"));
        let mut started = starter.join().unwrap_or_else(panicked)?;
        assert_eq!(started.wait()?.signal(), Some(Signal::TERM.as_raw()));
        Ok(())
    }

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
