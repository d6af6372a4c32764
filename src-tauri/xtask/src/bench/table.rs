//! What is printed: a table in Markdown.

use std::fs;
use std::io::{self, Write as _};
use std::process::Command;

use super::contestants::Contestant;
use super::plan::{Plan, Task};
use super::round::Round;
use super::scene::Measured;
use super::seat::Column;
use crate::place;

const NONE: &str = "—";
/// The column that ratios are formed with.
const NGINX: usize = Contestant::Nginx as usize;
/// The column of the upstream's own.
const STRAIGHT: usize = Contestant::Straight as usize;

/// Prints it.
///
/// # Errors
/// When nobody reads it, or the system does not say what it is.
pub(super) fn print(plan: &Plan, scenes: &[Measured<'_>]) -> io::Result<()> {
    let mut text = String::new();
    text.push_str(&line("", &Contestant::ALL.map(|it| it.name().to_owned())));
    text.push_str(&line("---", &Contestant::ALL.map(|_| "---:".to_owned())));
    for measured in scenes {
        text.push_str(&rows(measured));
    }
    text.push('\n');
    text.push_str(&circumstances(plan, scenes)?);
    io::stdout().write_all(text.as_bytes())
}

fn rows(measured: &Measured<'_>) -> String {
    let scene = measured.scene;
    let cores = if scene.shared {
        "two cores for all"
    } else {
        "a core for the contestant"
    };
    let keys = thousands(scene.keys as f64);
    let nothing = [const { String::new() }; Contestant::ALL.len()];
    let mut text = line(&format!("**{keys} keys, {cores}**"), &nothing);
    for (place, task) in scene.tasks.iter().enumerate() {
        text.push_str(&rows_of(*task, place, &measured.columns));
    }
    let nginx = &measured.columns[NGINX];
    let mut row = |name: &str, cell: &dyn Fn(&Column) -> String| {
        let cells: Vec<_> = measured.columns.iter().map(cell).collect();
        text.push_str(&line(name, &cells));
    };
    row("memory, MiB: proportional / resident", &|column| {
        let [all, nginx] = [column, nginx].map(|column| column.memory);
        let (Some([proportional, resident]), Some([of_nginx, _])) = (all, nginx) else {
            return NONE.to_owned();
        };
        let times = proportional / of_nginx;
        format!("{proportional:.1} / {resident:.1} ({times:.2})")
    });
    row("start to the first answer, s", &|column| {
        ratio(column.start, nginx.start, |seconds| format!("{seconds:.2}"))
    });
    if scene.races > 0 {
        let races = thousands(scene.races as f64);
        row(
            "calls granted after the acknowledged revocation of their keys",
            &|column| {
                let granted = column.granted_after;
                let shown = |calls| format!("{calls} in {races} revocations");
                granted.map_or(NONE.to_owned(), shown)
            },
        );
    }
    text
}

/// The rows of the task at this place.
fn rows_of(task: Task, place: usize, columns: &[Column]) -> String {
    let mut text = String::new();
    let mut row = |name: &str, cell: &dyn Fn(&Column) -> String| {
        let cells: Vec<_> = columns.iter().map(cell).collect();
        text.push_str(&line(&format!("{}: {name}", task.name()), &cells));
    };
    let of = |column: &Column| column.rounds[place];
    // The upstream itself shares its core with the load: what it uses says nothing.
    let served = |column: &Column| of(column).filter(|_| column.start.is_some());
    let figure = |column: &Column, figure: fn(Round) -> f64| served(column).map(figure);
    let nginx = &columns[NGINX];
    if !task.is_paced() {
        row("answers a second", &|column| {
            let rate = |column: &Column| of(column).map(|round| round.rate);
            ratio(rate(column), rate(nginx), thousands)
        });
    }
    row("p50 / p99 / p99.9, µs", &|column| {
        let waits = |round: Round| round.waits.map(thousands).join(" / ");
        of(column).map_or(NONE.to_owned(), waits)
    });
    if task.is_paced() {
        let own = of(&columns[STRAIGHT]).map_or(0.0, |round| round.waits[0]);
        let added = |column: &Column| Some(figure(column, |round| round.waits[0])? - own);
        row("p50 less the upstream's own, µs", &|column| {
            ratio(added(column), added(nginx), thousands)
        });
    }
    row("CPU µs an answer", &|column| {
        let cpu = |column: &Column| figure(column, |round| round.cpu);
        ratio(cpu(column), cpu(nginx), tenths)
    });
    if task == Task::Known {
        row("system calls an answer", &|column| {
            column.calls.map_or(NONE.to_owned(), tenths)
        });
        row("context switches an answer", &|column| {
            let switches = figure(column, |round| round.switches);
            switches.map_or(NONE.to_owned(), |switches| format!("{switches:.3}"))
        });
    }
    text
}

/// A figure, and how many times nginx's it is.
fn ratio(figure: Option<f64>, nginx: Option<f64>, shown: impl Fn(f64) -> String) -> String {
    match (figure, nginx) {
        (Some(figure), Some(nginx)) => format!("{} ({:.2})", shown(figure), figure / nginx),
        _ => NONE.to_owned(),
    }
}

fn line(name: &str, cells: &[String]) -> String {
    format!("| {name} | {} |\n", cells.join(" | "))
}

fn tenths(figure: f64) -> String {
    format!("{figure:.1}")
}

/// Rounded, with commas.
fn thousands(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// When and where it was measured, and how well.
fn circumstances(plan: &Plan, scenes: &[Measured<'_>]) -> io::Result<String> {
    let processor = fs::read_to_string("/proc/cpuinfo")?;
    let processor = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("?", |name| name.trim_start_matches([' ', '\t', ':']));
    let [thrown, kept] = [0, 1].map(|place| {
        let disturbed = scenes.iter().map(|measured| measured.disturbed[place]);
        disturbed.sum::<usize>()
    });
    let quality = if plan.strict {
        format!(
            "Of rounds that other programs disturbed, {thrown} did not count, and {kept} did for want of better ones"
        )
    } else {
        "Others may have disturbed them".to_owned()
    };
    let uncounted = scenes.iter().any(|it| it.columns[NGINX].calls.is_none());
    let uncounted = match uncounted {
        true => " System calls were not counted: `perf` is not there, or may not count them.",
        false => "",
    };
    Ok(format!(
        "{}, on {}, {}, {}, kernel {}. {} of {} s; the pace is {} calls a second, and {} keys a second are made by Gardien alone. {quality}. In brackets: times nginx's.{uncounted}\n",
        said("date", &["--utc", "+%F"])?,
        processor,
        version(said(place::server("nginx"), &["-v"])?),
        version(said(place::server("haproxy"), &["-v"])?),
        said("uname", &["--kernel-release"])?,
        medians(plan.rounds),
        plan.seconds,
        thousands(plan.pace.into()),
        plan.made,
    ))
}

fn medians(rounds: usize) -> String {
    match rounds {
        1 => "Median of 1 round".to_owned(),
        more => format!("Medians of {more} rounds"),
    }
}

/// The first line that a program says, wherever it says it.
fn said(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> io::Result<String> {
    let output = Command::new(program).args(arguments).output()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    Ok(said.lines().next().unwrap_or_default().to_owned())
}

/// `HAProxy version 2.6 2026/01/01 - https://…` and `nginx version: nginx/1.22` without what nobody needs.
fn version(said: String) -> String {
    let said = said.replace("nginx version: nginx/", "nginx ");
    let said = said.replace("HAProxy version", "HAProxy");
    said.split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::{medians, ratio, tenths, thousands, version};

    #[test]
    fn figures_are_shown_as_people_read_them() {
        assert_eq!(thousands(999.4), "999");
        assert_eq!(thousands(1_000_000.0), "1,000,000");
        assert_eq!(ratio(Some(20.0), Some(40.0), tenths), "20.0 (0.50)");
        assert_eq!(ratio(None, Some(40.0), tenths), "—");
        assert_eq!(medians(1), "Median of 1 round");
        assert_eq!(medians(5), "Medians of 5 rounds");
        let haproxy = "HAProxy version 2.6.12-1 2023/12/16 - https://haproxy.org/";
        assert_eq!(version(haproxy.to_owned()), "HAProxy 2.6.12-1");
        assert_eq!(
            version("nginx version: nginx/1.22.1".to_owned()),
            "nginx 1.22.1"
        );
    }
}
