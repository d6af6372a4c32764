//! `cargo xtask measure`: what the window costs beside one with nothing in it.

use std::io;

use crate::{command, place, setup};

/// Builds releases of the app, the server and a bare window, and lets a test measure them. It takes the names of the
/// programs from here; without them it does nothing.
///
/// # Errors
/// When something does not build, start or answer.
pub(crate) fn run() -> io::Result<()> {
    setup::tests()?;
    setup::ui()?;
    command::run("npm --prefix ui run build")?;
    // One build for all three, so that they share every dependency and setting.
    command::run(
        "cargo build --locked --release --package gardien-desktop --package gardien-server --bins --example bare --features gardien-desktop/custom-protocol,gardien-desktop/measure",
    )?;
    const TEST: &str = "cargo test --locked --package acceptance measure:: -- --nocapture";
    let mut words = TEST.split_whitespace();
    let mut test = command::at_root(words.next().unwrap_or_default());
    test.args(words).envs([
        ("GARDIEN_MEASURE", place::releases()),
        ("GARDIEN_DESKTOP", place::released("gardien-desktop")),
        ("GARDIEN_SERVER", place::released("gardien-server")),
    ]);
    command::finish(&mut test, TEST)
}
