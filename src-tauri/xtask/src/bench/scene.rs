//! Everything that is measured under the same circumstances.

use std::fs;
use std::io;
use std::process::Command;
use std::thread;

use super::contestants::{Contestant, Given};
use super::cores::{Cores, pinned};
use super::plan::{Plan, Scene, Task};
use super::process::{Running, free_port};
use super::round::{self, Round, Rounds, median};
use super::{Interrupted, Programs, load, upstream, usage};
use crate::say;

/// Starts of which the median is taken.
const STARTS: usize = 3;
/// So many tries at most for each round that counts.
const TRIES: usize = 3;

/// Seconds that nobody can be left without an answer.
const LONGEST: u32 = 300;

const ANSWER: (u16, &str) = (200, upstream::WORDS);
const REFUSAL: (u16, &str) = (401, "Unauthorized");

/// What came of it.
pub(super) struct Measured<'a> {
    pub(super) scene: &'a Scene,
    /// One for each contestant, in their order.
    pub(super) columns: Vec<Column>,
    /// Rounds that others disturbed: those that were thrown away, and those that count for want of better ones.
    pub(super) disturbed: [usize; 2],
}

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
}

/// One at work.
struct Seat {
    contestant: Contestant,
    /// Who listens there; nobody where it is the upstream itself.
    running: Option<Running>,
    port: u16,
    processes: Vec<u32>,
    start: Option<f64>,
    rounds: Vec<Rounds>,
}

impl Seat {
    fn round(
        &self,
        task: Task,
        plan: &Plan,
        given: &Given<'_>,
        upstream: &[u32],
    ) -> io::Result<Round> {
        let mut seconds = plan.seconds;
        // A short round on a busy machine may be over before its first answer.
        while seconds < LONGEST {
            let load = load::command(task, given, self.port, plan, seconds);
            if let Some(round) = round::measure(load, task, &self.processes, upstream)? {
                return Ok(round);
            }
            seconds *= 2;
        }
        Err(io::Error::other("nobody was answered"))
    }
}

/// Measures it.
///
/// # Errors
/// When something does not start or answers wrong, or somebody interrupts it.
pub(super) fn measure<'a>(
    scene: &'a Scene,
    plan: &Plan,
    programs: &Programs,
    interrupted: &Interrupted,
) -> io::Result<Measured<'a>> {
    let folder = tempfile::Builder::new()
        .prefix("gardien-bench-")
        .tempdir()?;
    let cores = Cores::choose(scene.shared)?;
    say(&format!("Making {} keys", scene.keys));
    let mut fill = pinned(&cores.load);
    fill.arg(&programs.bench).arg("fill");
    fill.arg(format!("--keys={}", scene.keys));
    fill.arg("--folder").arg(folder.path());
    crate::command::finish(&mut fill, "gardien-bench fill")?;
    interrupted.check()?;

    let behind = folder.path().join("upstream");
    fs::create_dir(&behind)?;
    let port = free_port()?;
    let mut upstream = upstream::command(&behind, &cores.load, port)?;
    let mut upstream = Running::start(&mut upstream, port, &behind)?;
    upstream.first_answer("", ANSWER, interrupted)?;
    let given = Given {
        folder: folder.path(),
        keys: scene.keys,
        cores: &cores,
        upstream: port,
        programs,
    };
    let behind = usage::tree(upstream.id())?;
    let mut seats = Contestant::ALL
        .into_iter()
        .map(|contestant| seat(contestant, scene, plan, &given, interrupted))
        .collect::<io::Result<Vec<_>>>()?;

    for turn in 0..plan.rounds * if plan.strict { TRIES } else { 1 } {
        say(&format!("Round {}", turn + 1));
        for (place, task) in scene.tasks.iter().enumerate() {
            each(&mut seats, plan, |seat| {
                let rounds = &seat.rounds[place];
                let enough = plan.strict && rounds.undisturbed() >= plan.rounds;
                if enough || !seat.contestant.is_given(*task) {
                    return Ok(());
                }
                let round = seat.round(*task, plan, &given, &behind);
                let round = round.map_err(|error| named(seat.contestant, &error))?;
                seat.rounds[place].add(round);
                if plan.strict {
                    thread::sleep(seat.contestant.aftermath());
                }
                interrupted.check()
            })?;
        }
    }

    let mut disturbed = [0; 2];
    for rounds in seats.iter().flat_map(|seat| &seat.rounds) {
        let kept = rounds.all().min(plan.rounds);
        let lacking = kept - rounds.undisturbed().min(kept);
        disturbed[0] += rounds.all() - kept;
        disturbed[1] += lacking;
    }
    Ok(Measured {
        scene,
        columns: each(&mut seats, plan, |seat| column(seat, plan, &given))?,
        disturbed,
    })
}

/// Does something with every contestant: one after the other where figures count, else all at once.
fn each<T: Send>(
    seats: &mut [Seat],
    plan: &Plan,
    work: impl Fn(&mut Seat) -> io::Result<T> + Sync,
) -> io::Result<Vec<T>> {
    if plan.strict {
        return seats.iter_mut().map(work).collect();
    }
    thread::scope(|scope| {
        let work = &work;
        let at_work: Vec<_> = seats
            .iter_mut()
            .map(|seat| scope.spawn(move || work(seat)))
            .collect();
        let panicked = |_| Err(io::Error::other("it panicked"));
        let done = at_work
            .into_iter()
            .map(|it| it.join().unwrap_or_else(panicked));
        done.collect()
    })
}

/// Starts a contestant, and sees that it answers right.
fn seat(
    contestant: Contestant,
    scene: &Scene,
    plan: &Plan,
    given: &Given<'_>,
    interrupted: &Interrupted,
) -> io::Result<Seat> {
    let mut seat = Seat {
        contestant,
        running: None,
        port: given.upstream,
        processes: Vec::new(),
        start: None,
        rounds: scene.tasks.iter().map(|_| Rounds::default()).collect(),
    };
    let folder = given.folder.join(format!("{contestant:?}"));
    fs::create_dir(&folder)?;
    let port = free_port()?;
    let Some(mut command) = contestant.command(given, &folder, port)? else {
        return Ok(seat);
    };
    say(&format!("Starting {}", contestant.name()));
    let secret = |list| {
        let list = fs::read_to_string(given.folder.join(list))?;
        io::Result::Ok(list.lines().next_back().unwrap_or_default().to_owned())
    };
    let (known, unknown) = (secret("known")?, secret("unknown")?);
    let mut starts = Vec::new();
    for _ in 0..if plan.strict { STARTS } else { 1 } {
        // The one before has to have ended: they are given the same port and folder.
        drop(seat.running.take());
        let mut running = Running::start(&mut command, port, &folder)?;
        let started = running
            .first_answer(&known, ANSWER, interrupted)
            .and_then(|started| {
                running.first_answer(&unknown, REFUSAL, interrupted)?;
                Ok(started)
            })
            .map_err(|error| named(contestant, &error))?;
        starts.push(started.as_secs_f64());
        seat.processes = usage::tree(running.id())?;
        seat.running = Some(running);
    }
    seat.port = port;
    seat.start = median(starts.into_iter());
    Ok(seat)
}

fn column(seat: &Seat, plan: &Plan, given: &Given<'_>) -> io::Result<Column> {
    let medians = seat.rounds.iter().map(|rounds| rounds.medians(plan.rounds));
    let load = load::command(Task::Known, given, seat.port, plan, plan.seconds);
    let (calls, memory) = match seat.running {
        None => (None, None),
        // After the calls: what they took is in it.
        Some(_) => (
            system_calls(&load, seat, given)?,
            Some(usage::memory(&seat.processes)?),
        ),
    };
    Ok(Column {
        rounds: medians.collect(),
        calls,
        memory,
        start: seat.start,
    })
}

/// System calls that an answer takes, in a round of its own: counting costs time. Nothing where `perf` is not there or may
/// not count.
fn system_calls(load: &Command, seat: &Seat, given: &Given<'_>) -> io::Result<Option<f64>> {
    let counted = given.folder.join(format!("{:?}/counted", seat.contestant));
    let ids: Vec<_> = seat.processes.iter().map(u32::to_string).collect();
    let perf = || {
        let mut perf = Command::new("perf");
        perf.args([
            "stat",
            "--field-separator=,",
            "--event=raw_syscalls:sys_enter",
        ]);
        perf.arg("--output").arg(&counted);
        perf
    };
    let may = perf().args(["--", "true"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        return Ok(None);
    }
    let mut perf = perf();
    perf.arg(format!("--pid={}", ids.join(","))).arg("--");
    perf.arg(load.get_program()).args(load.get_args());
    let Some(said) = load::run(perf, Task::Known)? else {
        return Ok(None);
    };
    let counted = fs::read_to_string(counted)?;
    let count = counted.lines().find(|line| line.contains("sys_enter"));
    let count = count.and_then(|line| line.split(',').next()?.parse::<f64>().ok());
    Ok(count.map(|count| count / said.requests))
}

fn named(contestant: Contestant, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", contestant.name()))
}
