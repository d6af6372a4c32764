//! A contestant at work: its start, its rounds, and what it showed.

use std::fs;
use std::io;
use std::process::Command;
use std::thread;

use super::contestants::{Contestant, Given};
use super::gardien::Management;
use super::plan::{Plan, Scene, Task};
use super::process::{Running, free_ports};
use super::round::{self, Round, Rounds, median};
use super::{load, upstream, usage};
use crate::say;

/// Starts of which the median is taken.
const STARTS: usize = 3;
/// Seconds that nobody can be left without an answer.
const LONGEST: u32 = 300;

/// What an answer to a known key has to be.
pub(super) const ANSWER: (u16, &str) = (200, upstream::WORDS);
const REFUSAL: (u16, &str) = (401, "Unauthorized");

/// What came of it with one contestant.
pub(super) struct Column {
    /// For each task in the scene's order; nothing for a task that it is not given.
    pub(super) rounds: Vec<Option<Round>>,
    /// System calls that an answer takes; nothing where they cannot be counted.
    pub(super) calls: Option<f64>,
    /// MiB: proportional and resident.
    pub(super) memory: Option<[f64; 2]>,
    /// Seconds from its start to its first right answer.
    pub(super) start: Option<f64>,
    /// Calls that were granted although the revocation of their keys had been acknowledged; nothing where no key was revoked.
    pub(super) granted_after: Option<usize>,
}

/// A contestant at work. Dropping it ends it.
pub(super) struct Seat {
    contestant: Contestant,
    /// Who listens there; nobody where it is the upstream itself.
    running: Option<Running>,
    port: u16,
    /// Where keys are made and revoked, of whoever has it.
    management: Option<Management>,
    start: Option<f64>,
    /// For each task in the scene's order.
    rounds: Vec<Rounds>,
}

impl Seat {
    /// Starts a contestant, and sees that it answers right.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn take(
        contestant: Contestant,
        scene: &Scene,
        plan: &Plan,
        given: &Given<'_>,
    ) -> io::Result<Self> {
        let mut seat = Self {
            contestant,
            running: None,
            port: given.upstream,
            management: None,
            start: None,
            rounds: scene.tasks.iter().map(|_| Rounds::default()).collect(),
        };
        let folder = given.folder.join(format!("{contestant:?}"));
        fs::create_dir(&folder)?;
        let [port, management] = free_ports()?;
        let Some(mut command) = contestant.command(given, &folder, port, management)? else {
            return Ok(seat);
        };
        say(&format!("Starting {}", contestant.name()));
        let (known, unknown) = (given.last("known")?, given.last("unknown")?);
        let mut starts = Vec::new();
        for _ in 0..if plan.strict { STARTS } else { 1 } {
            // The one before has to have ended: they are given the same port and folder.
            drop(seat.running.take());
            let mut running = Running::start(&mut command, port, &folder)?;
            let started = running.first_answer(&known, ANSWER);
            starts.push(started.map_err(|error| seat.named(&error))?.as_secs_f64());
            let refused = running.first_answer(&unknown, REFUSAL);
            refused.map_err(|error| seat.named(&error))?;
            seat.running = Some(running);
        }
        if contestant == Contestant::Gardien {
            let opened = Management::open(given, management);
            seat.management = Some(opened.map_err(|error| seat.named(&error))?);
        }
        seat.port = port;
        seat.start = median(starts.into_iter());
        Ok(seat)
    }

    /// A round of this task, which has this place in the scene, if it is given one and one is lacking.
    ///
    /// # Errors
    /// When it answers wrong or not at all.
    pub(super) fn play(
        &mut self,
        place: usize,
        task: Task,
        plan: &Plan,
        given: &Given<'_>,
        upstream: &[u32],
    ) -> io::Result<()> {
        let enough = plan.strict && self.rounds[place].lacking(plan.rounds) == 0;
        if enough || !self.contestant.is_given(task) {
            return Ok(());
        }
        let number = self.rounds[place].all();
        let round = self.round(task, number, plan, given, upstream);
        let round = round.map_err(|error| self.named(&error))?;
        self.rounds[place].add(round);
        Ok(())
    }

    fn round(
        &self,
        task: Task,
        number: usize,
        plan: &Plan,
        given: &Given<'_>,
        upstream: &[u32],
    ) -> io::Result<Round> {
        let processes = self.processes()?;
        let mut seconds = plan.seconds;
        // A short round on a busy machine may be over before its first answer.
        while seconds < LONGEST {
            let mut load = load::command(task, number, given, self.port, plan, seconds);
            if let (Task::PacedAmidChanges, Some(management)) = (task, &self.management) {
                management.change_amid(&mut load, plan);
            }
            let aftermath = || {
                if plan.strict {
                    thread::sleep(self.contestant.aftermath());
                }
            };
            let round = round::measure(load, task, &processes, upstream, given.cores, aftermath)?;
            if let Some(round) = round {
                return Ok(round);
            }
            seconds *= 2;
        }
        Err(io::Error::other("nobody was answered"))
    }

    /// Undisturbed rounds that are lacking, of all tasks that it is given.
    pub(super) fn lacking(&self, plan: &Plan) -> usize {
        let begun = self.rounds.iter().filter(|rounds| rounds.all() > 0);
        begun.map(|rounds| rounds.lacking(plan.rounds)).sum()
    }

    /// Rounds beyond those that count.
    pub(super) fn thrown(&self, plan: &Plan) -> usize {
        let all = self.rounds.iter().map(Rounds::all);
        all.map(|all| all.saturating_sub(plan.rounds)).sum()
    }

    /// What it showed.
    ///
    /// # Errors
    /// When it has ended or answers wrong.
    pub(super) fn column(
        &self,
        scene: &Scene,
        plan: &Plan,
        given: &Given<'_>,
    ) -> io::Result<Column> {
        let medians = self.rounds.iter().map(|rounds| rounds.medians(plan.rounds));
        let (calls, memory) = match self.running {
            None => (None, None),
            // After the calls: what they took is in it.
            Some(_) => (
                self.system_calls(plan, given)?,
                Some(usage::memory(&self.processes()?)?),
            ),
        };
        // The last of all: these keys work no longer.
        let management = self.management.as_ref().filter(|_| scene.races > 0);
        let granted_after = management
            .map(|management| management.race(given, self.port, scene.races))
            .transpose();
        Ok(Column {
            rounds: medians.collect(),
            calls,
            memory,
            start: self.start,
            granted_after: granted_after.map_err(|error| self.named(&error))?,
        })
    }

    /// System calls that an answer takes, in a round of its own: counting costs time. Nothing where `perf` is not there or
    /// may not count.
    fn system_calls(&self, plan: &Plan, given: &Given<'_>) -> io::Result<Option<f64>> {
        const EVENT: &str = "raw_syscalls:sys_enter";
        let counted = given.folder.join(format!("{:?}/counted", self.contestant));
        let perf = || {
            let mut perf = Command::new("perf");
            perf.args(["stat", "--field-separator=,", "--event", EVENT]);
            perf.arg("--output").arg(&counted);
            perf
        };
        let may = perf().args(["--", "true"]).output();
        if !may.is_ok_and(|output| output.status.success()) {
            return Ok(None);
        }
        let (number, seconds) = (plan.rounds, plan.seconds);
        let load = load::command(Task::Known, number, given, self.port, plan, seconds);
        let processes = self.processes()?;
        let processes: Vec<_> = processes.iter().map(u32::to_string).collect();
        let mut perf = perf();
        perf.arg(format!("--pid={}", processes.join(","))).arg("--");
        perf.arg(load.get_program()).args(load.get_args());
        let Some(said) = load::run(perf, Task::Known)? else {
            return Ok(None);
        };
        let counted = fs::read_to_string(counted)?;
        let count = counted.lines().find(|line| line.contains(EVENT));
        let count = count.and_then(|line| line.split(',').next()?.parse::<f64>().ok());
        Ok(count.map(|count| count / said.requests))
    }

    fn processes(&self) -> io::Result<Vec<u32>> {
        let running = self.running.as_ref();
        running.map_or_else(|| Ok(Vec::new()), |running| usage::tree(running.id()))
    }

    fn named(&self, error: &io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{}: {error}", self.contestant.name()))
    }
}
