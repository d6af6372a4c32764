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
    let release = place::root().join("target/release");
    command::run(&format!(
        "GARDIEN_MEASURE={0} GARDIEN_DESKTOP={0}/gardien-desktop GARDIEN_SERVER={0}/gardien-server cargo test --locked --package acceptance measure:: -- --nocapture",
        release.display()
    ))
}
