//! What processes used, as the system counts it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;

use rustix::param::clock_ticks_per_second;

/// What processes used since their start.
#[derive(Debug, Clone, Default)]
pub(super) struct Usage {
    /// Seconds of processor.
    cpu: f64,
    /// Context switches of each thread, wanted or not.
    switches: HashMap<OsString, f64>,
}

impl Usage {
    /// Seconds of processor since then.
    pub(super) fn cpu_since(&self, then: &Self) -> f64 {
        self.cpu - then.cpu
    }

    /// Context switches since then, but for threads that ended meanwhile.
    pub(super) fn switches_since(&self, then: &Self) -> f64 {
        let before = |thread| then.switches.get(thread).copied().unwrap_or_default();
        let each = self.switches.iter();
        each.map(|(thread, switches)| switches - before(thread))
            .sum()
    }
}

/// A process and all below it.
///
/// # Errors
/// When the system does not say.
pub(super) fn tree(root: u32) -> io::Result<Vec<u32>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // It may have ended meanwhile.
        if let Ok(stat) = stat(&format!("{id}"))
            && let Some(parent) = stat.get(PARENT)
        {
            parents.push((id, *parent as u32));
        }
    }
    let mut tree = vec![root];
    let mut seen = 0;
    while let Some(&parent) = tree.get(seen) {
        seen += 1;
        let children = parents.iter().filter(|(_, of)| *of == parent);
        tree.extend(children.map(|(id, _)| id));
    }
    Ok(tree)
}

/// What these processes used, without those below them.
///
/// # Errors
/// When one has ended.
pub(super) fn of(processes: &[u32]) -> io::Result<Usage> {
    let mut all = Usage::default();
    for id in processes {
        all.cpu += seconds(&stat(&id.to_string())?, &[USER, SYSTEM]);
        for thread in fs::read_dir(format!("/proc/{id}/task"))? {
            let thread = thread?;
            // It may end meanwhile.
            let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
            let switches = field(&status, "voluntary_ctxt_switches:")
                + field(&status, "nonvoluntary_ctxt_switches:");
            all.switches.insert(thread.file_name(), switches);
        }
    }
    Ok(all)
}

/// Seconds of processor of this program, and of what it started and saw end.
///
/// # Errors
/// When the system does not say.
pub(super) fn ours() -> io::Result<f64> {
    let stat = stat("self")?;
    Ok(seconds(&stat, &[USER, SYSTEM, USER_BELOW, SYSTEM_BELOW]))
}

/// How many different ones these cores are, and the seconds that all together had nothing to do. The system measures these,
/// where it only samples what they were busy with.
///
/// # Errors
/// When the system does not say.
pub(super) fn idle(cores: &[usize]) -> io::Result<(f64, f64)> {
    let (cores, ticks) = idle_ticks(&fs::read_to_string("/proc/stat")?, cores);
    Ok((cores, ticks / clock_ticks_per_second() as f64))
}

/// The memory of these processes in MiB: what they share shared out among them, and all that each has in it.
///
/// # Errors
/// When one has ended.
pub(super) fn memory(processes: &[u32]) -> io::Result<[f64; 2]> {
    let mut all = [0.0; 2];
    for id in processes {
        let text = fs::read_to_string(format!("/proc/{id}/smaps_rollup"))?;
        for (sum, name) in all.iter_mut().zip(["Pss:", "Rss:"]) {
            *sum += field(&text, name) / 1024.0;
        }
    }
    Ok(all)
}

// Places after the name in `/proc/PID/stat`.
const PARENT: usize = 1;
const USER: usize = 11;
const SYSTEM: usize = 12;
const USER_BELOW: usize = 13;
const SYSTEM_BELOW: usize = 14;

fn stat(id: &str) -> io::Result<Vec<f64>> {
    Ok(after_name(&fs::read_to_string(format!("/proc/{id}/stat"))?))
}

/// The name may hold anything, spaces and parentheses too.
fn after_name(stat: &str) -> Vec<f64> {
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let number = |field: &str| field.parse().unwrap_or_default();
    fields.split(' ').map(number).collect()
}

fn seconds(stat: &[f64], places: &[usize]) -> f64 {
    let ticks: f64 = places.iter().filter_map(|place| stat.get(*place)).sum();
    ticks / clock_ticks_per_second() as f64
}

/// The lines of these cores, and what they have together: idle, and waiting for disks.
fn idle_ticks(stat: &str, cores: &[usize]) -> (f64, f64) {
    let of_core = |line: &&str| {
        let name = line.split_whitespace().next();
        let number = name.and_then(|name| name.strip_prefix("cpu")?.parse().ok());
        number.is_some_and(|number| cores.contains(&number))
    };
    let lines = stat.lines().filter(of_core);
    let ticks = lines.clone().flat_map(|line| {
        let ticks = line.split_whitespace().skip(4).take(2);
        ticks.filter_map(|ticks| ticks.parse::<f64>().ok())
    });
    (lines.count() as f64, ticks.sum())
}

fn field(text: &str, name: &str) -> f64 {
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    value
        .and_then(|value| value.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{USER, after_name, field, idle_ticks};

    #[test]
    fn a_name_with_spaces_moves_no_field() {
        let stat = after_name("7 (a ) b) S 1 7 7 0 -1 4 0 0 0 0 52 31 8 9 20 0");
        assert_eq!(stat[USER..USER + 4], [52.0, 31.0, 8.0, 9.0]);
    }

    #[test]
    fn a_core_that_waits_for_a_disk_is_idle() {
        let stat =
            "cpu  1 2 4 1000 2000 8 16 32\ncpu0 1 2 4 500 2000 8\ncpu1 0 0 0 500 0 0\nintr 9\n";
        assert_eq!(idle_ticks(stat, &[0, 1]), (2.0, 3000.0));
        assert_eq!(idle_ticks(stat, &[0, 0]), (1.0, 2500.0));
    }

    #[test]
    fn what_other_cores_do_disturbs_nobody() {
        let stat = "cpu 1 2 4 9 9\ncpu0 0 0 0 1 0\ncpu1 0 0 0 2 0\ncpu10 0 0 0 4 0\n";
        assert_eq!(idle_ticks(stat, &[1, 0]), (2.0, 3.0));
    }

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let status = "voluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t3\n";
        assert_eq!(field(status, "nonvoluntary_ctxt_switches:"), 3.0);
        assert_eq!(field(status, "voluntary_ctxt_switches:"), 5.0);
    }
}
