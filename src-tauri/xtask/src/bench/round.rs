//! One measurement, how much others disturbed it, and the median of several.

use std::io;
use std::process::Command;
use std::time::Instant;

use super::cores::Cores;
use super::load;
use super::plan::Task;
use super::usage;

/// Above this share of a core that went to others, a round says more of them than of the contestant.
const DISTURBED: f64 = 0.05;

/// What a round showed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    /// Answers a second.
    pub(super) rate: f64,
    /// Microseconds of processor that an answer took the contestant, with its aftermath.
    pub(super) cpu: f64,
    /// Context switches that an answer took it, with its aftermath.
    pub(super) switches: f64,
    /// Microseconds that half of the answers, 99% and 99.9% took at most.
    pub(super) waits: [f64; 3],
    /// The share of a core, of those that it was measured on, that neither the contestant nor the upstream nor the load used.
    foreign: f64,
}

/// Gives the contestant that these processes are its task. `upstream` are those behind it; `aftermath` waits until it has
/// written down what it answered. Nothing when nobody was answered in the time of the load.
///
/// # Errors
/// When something ends or answers wrong.
pub(super) fn measure(
    load: Command,
    task: Task,
    contestant: &[u32],
    upstream: &[u32],
    on: &Cores,
    aftermath: impl FnOnce(),
) -> io::Result<Option<Round>> {
    let (start, (cores, idle), ours) = (Instant::now(), usage::idle(&on.all)?, usage::ours()?);
    let (before, behind) = (usage::of(contestant)?, usage::of(upstream)?);
    let Some(said) = load::run(load, task)? else {
        return Ok(None);
    };
    let known = usage::of(contestant)?.cpu_since(&before)
        + usage::of(upstream)?.cpu_since(&behind)
        + usage::ours()?
        - ours;
    let elapsed = start.elapsed().as_secs_f64();
    let foreign = cores * elapsed - (usage::idle(&on.all)?.1 - idle) - known;
    aftermath();
    let after = usage::of(contestant)?;
    Ok(Some(Round {
        rate: said.requests / said.seconds,
        cpu: after.cpu_since(&before) * 1e6 / said.requests,
        switches: after.switches_since(&before) / said.requests,
        waits: said.waits,
        foreign: foreign / elapsed,
    }))
}

/// The rounds of one contestant with one task.
#[derive(Debug, Default)]
pub(super) struct Rounds(Vec<Round>);

impl Rounds {
    pub(super) fn add(&mut self, round: Round) {
        self.0.push(round);
    }

    /// How many are wanting of so many that nobody disturbed.
    pub(super) fn lacking(&self, of: usize) -> usize {
        let quiet = |round: &&Round| round.foreign < DISTURBED;
        of.saturating_sub(self.0.iter().filter(quiet).count())
    }

    /// How many there were.
    pub(super) fn all(&self) -> usize {
        self.0.len()
    }

    /// The median of each figure over so many rounds, those that were disturbed least. Nothing without a round.
    pub(super) fn medians(&self, of: usize) -> Option<Round> {
        let mut rounds = self.0.clone();
        rounds.sort_by(|one, other| one.foreign.total_cmp(&other.foreign));
        rounds.truncate(of);
        let middle = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
        Some(Round {
            rate: middle(|round| round.rate)?,
            cpu: middle(|round| round.cpu)?,
            switches: middle(|round| round.switches)?,
            waits: [
                middle(|round| round.waits[0])?,
                middle(|round| round.waits[1])?,
                middle(|round| round.waits[2])?,
            ],
            foreign: middle(|round| round.foreign)?,
        })
    }
}

/// The middle one; of two in the middle what is between them. Nothing of nothing.
pub(super) fn median(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_by(f64::total_cmp);
    let upper = *figures.get(figures.len() / 2)?;
    let lower = *figures.get((figures.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write as _};
    use std::process::{Command, Stdio};
    use std::thread;

    use super::{Round, Rounds, measure, median};
    use crate::bench::cores::Cores;
    use crate::bench::plan::Task;
    use crate::bench::usage;

    #[test]
    fn what_is_done_after_the_last_answer_counts() -> io::Result<()> {
        // It has something to do as soon as it is told so.
        let mut contestant = Command::new("sh")
            .args(["-c", "read told; while :; do :; done"])
            .stdin(Stdio::piped())
            .spawn()?;
        let processes = [contestant.id()];
        let before = usage::of(&processes)?;
        let mut told = contestant.stdin.take();
        let aftermath = || {
            let _ = told.as_mut().map(|told| told.write_all(b"\n"));
            let busy = |now: usage::Usage| now.cpu_since(&before) > 0.1;
            while !usage::of(&processes).is_ok_and(busy) {
                thread::yield_now();
            }
        };
        let mut load = Command::new("printf");
        load.arg("requests 2\nseconds 1\nrefused 0\nfailed 0\np50 7\np99 8\np999 9");
        let on = Cores::choose(true, false)?;
        let round = measure(load, Task::Known, &processes, &[], &on, aftermath);
        contestant.kill()?;
        contestant.wait()?;
        assert!(round?.is_some_and(|round| round.cpu > 49_000.0));
        Ok(())
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([9.0, 1.0, 5.0].into_iter()), Some(5.0));
        assert_eq!(median([9.0, 1.0, 5.0, 6.0].into_iter()), Some(5.5));
        assert_eq!(median([].into_iter()), None);
    }

    #[test]
    fn rounds_that_others_disturbed_do_not_count() {
        let mut rounds = Rounds::default();
        for (rate, foreign) in [
            (100.0, 0.01),
            (10.0, 0.9),
            (11.0, 0.8),
            (12.0, 0.7),
            (90.0, 0.0),
        ] {
            rounds.add(Round {
                rate,
                cpu: 1.0,
                switches: 0.0,
                waits: [0.0; 3],
                foreign,
            });
        }
        assert_eq!(
            (rounds.lacking(2), rounds.lacking(3), rounds.all()),
            (0, 1, 5)
        );
        assert_eq!(rounds.medians(2).map(|round| round.rate), Some(95.0));
        assert_eq!(rounds.medians(3).map(|round| round.rate), Some(90.0));
    }
}
