//! Everything that is measured under the same circumstances.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;

use super::contestants::{Contestant, Given};
use super::cores::{Cores, pinned};
use super::plan::{Plan, Scene};
use super::process::{Running, free_ports};
use super::seat::{ANSWER, Column, Seat};
use super::{Programs, upstream, usage};
use crate::{command, say};

/// So many tries at most for each round that counts.
const TRIES: usize = 3;

/// What came of it.
pub(super) struct Measured<'a> {
    pub(super) scene: &'a Scene,
    /// One for each contestant, in their order.
    pub(super) columns: Vec<Column>,
    /// Rounds that others disturbed: those that were thrown away, and those that count for want of better ones.
    pub(super) disturbed: [usize; 2],
}

/// Measures it, in this folder. What was written stays there until the next one begins.
///
/// # Errors
/// When something does not start or answers wrong.
pub(super) fn measure<'a>(
    scene: &'a Scene,
    plan: &Plan,
    programs: &Programs,
    folder: &Path,
) -> io::Result<Measured<'a>> {
    // What the one before left goes first, also in a run that was cut off.
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let cores = Cores::choose(scene.shared, plan.strict)?;
    say(&format!("Making {} keys", scene.keys));
    let mut fill = pinned(&cores.load);
    fill.arg(&programs.bench).arg("fill");
    fill.arg(format!("--keys={}", scene.keys));
    fill.arg("--folder").arg(folder);
    command::finish(&mut fill, "gardien-bench fill")?;

    let behind = folder.join("upstream");
    fs::create_dir(&behind)?;
    let [port, _] = free_ports()?;
    let mut upstream = upstream::command(&behind, &cores.load, port)?;
    let mut upstream = Running::start(&mut upstream, port, &behind)?;
    upstream.first_answer("", ANSWER)?;
    let given = Given {
        folder,
        keys: scene.keys,
        cores: &cores,
        upstream: port,
        programs,
    };
    let behind = usage::tree(upstream.id())?;
    let mut seats = Contestant::ALL
        .into_iter()
        .map(|contestant| Seat::take(contestant, scene, plan, &given))
        .collect::<io::Result<Vec<_>>>()?;

    for turn in 1..=plan.rounds * if plan.strict { TRIES } else { 1 } {
        say(&format!("Round {turn}"));
        for (place, task) in scene.tasks.iter().enumerate() {
            each(&mut seats, plan, |seat| {
                seat.play(place, *task, plan, &given, &behind)
            })?;
        }
        if plan.strict && seats.iter().all(|seat| seat.lacking(plan) == 0) {
            break;
        }
    }
    let lacking = seats.iter().map(|seat| seat.lacking(plan)).sum();
    let thrown = seats.iter().map(|seat| seat.thrown(plan)).sum();
    Ok(Measured {
        scene,
        columns: each(&mut seats, plan, |seat| seat.column(scene, plan, &given))?,
        disturbed: [thrown, lacking],
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
