//! What the window costs beside one with nothing in it: time, memory, how fast it answers with 5,000 keys.
//!
//! It measures and asserts nothing: the figures are those of one machine at one moment, and only their ratio travels.
//! `cargo xtask measure` builds what it takes; without that it says so and passes.
#![cfg(target_os = "linux")]

mod page;
mod picture;
mod start;
mod table;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{programs, turn};
use table::Table;

/// Starts of each program; the one in the middle counts.
const STARTS: usize = 5;

#[tokio::test]
async fn beside_a_bare_window() {
    let Some(release) = env::var_os("GARDIEN_MEASURE").map(PathBuf::from) else {
        return say("skipped: nothing was built for it; `cargo xtask measure` does that");
    };
    let _turn = turn::heavy().await;
    let (app, bare) = (programs::desktop(), release.join("examples/bare"));
    let mut table = Table::default();

    let mut starts: [Vec<start::Start>; 2] = Default::default();
    for _ in 0..STARTS {
        // In turns, so that whatever else the machine does meets both.
        starts[0].push(start::measure(&bare, "Bare"));
        starts[1].push(start::measure(&app, "Gardien"));
    }
    let [bare, app] = starts.map(start::middle);
    table.row("window visible, ms", Some(bare.visible), app.visible);
    table.row("first useful frame, ms", Some(bare.useful), app.useful);
    table.row("memory at first start, MB", Some(bare.memory), app.memory);

    let keys = page::measure().await;
    table.row(
        "memory with 5,000 keys at the end, MB",
        Some(bare.memory),
        keys.scrolled,
    );
    table.row(
        "memory after 60 sheets and 150 steps, MB",
        Some(bare.memory),
        keys.used,
    );
    table.row(
        "the same ten seconds later, MB",
        Some(bare.memory),
        keys.rested,
    );
    table.row("keystroke to result, p95, ms", None, keys.keystroke);
    table.row("sheet open, p95, ms", None, keys.sheet);
    for (name, megabytes) in packages(&release) {
        table.row(&format!("{name}, MB"), None, megabytes);
    }
    say(&table.to_string());
}

/// The packages that lie beside the release, and their sizes.
fn packages(release: &Path) -> Vec<(String, f64)> {
    let folder = release.with_file_name("packages");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut sizes: Vec<_> = entries
        .map(|entry| {
            let size = entry.metadata().map_or(0, |file| file.len());
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, size as f64 / 1e6)
        })
        .collect();
    sizes.sort_by(|one, other| one.0.cmp(&other.0));
    sizes
}

/// Of these figures, the one that so many in a hundred do not exceed.
fn percentile(mut figures: Vec<f64>, percent: usize) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[(figures.len() * percent).div_ceil(100) - 1]
}

#[expect(clippy::print_stdout, reason = "it is what the person asked for")]
fn say(text: &str) {
    println!("{text}");
}

#[test]
fn percentiles_are_counted_from_the_smallest() {
    let figures: Vec<f64> = (1..=50).rev().map(f64::from).collect();
    assert!((percentile(figures.clone(), 95) - 48.0).abs() < f64::EPSILON);
    assert!((percentile(figures, 50) - 25.0).abs() < f64::EPSILON);
}
