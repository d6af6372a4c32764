//! `cargo xtask package`: what people install.

use std::fs;
use std::io;

use crate::{command, place, say, setup};

/// The features of a build as people get it.
pub(crate) const RELEASE: &str = "cargo build --locked --release --package gardien-desktop --package gardien-server --features gardien-desktop/custom-protocol";

const PACKAGES: &str = "target/packages";
/// More than this is a mistake, such as a second copy of something large.
const LARGEST: u64 = 9 * 1000 * 1000;

/// Builds the release and packs it. With `check`, tries the packages on a bare system.
///
/// # Errors
/// When a step fails, or a package is larger than it may be.
pub(crate) fn build(check: bool) -> io::Result<()> {
    setup::window()?;
    setup::ui()?;
    // Debug builds: they compile faster, and have little to do.
    command::run(
        "cargo install --quiet --debug --locked --root target/tools cargo-deb@3.8.0 cargo-generate-rpm@0.21.1",
    )?;
    command::run("npm --prefix ui run build")?;
    command::run(RELEASE)?;
    let folder = place::root().join(PACKAGES);
    // What an earlier version left would be taken for this one's.
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => fs::create_dir_all(&folder)?,
    }
    for (package, at) in [
        ("gardien-desktop", "src-tauri"),
        ("gardien-server", "src-tauri/crates/server"),
    ] {
        command::run(&format!(
            "cargo-deb --quiet --no-build --no-strip --package {package} --output {PACKAGES}"
        ))?;
        command::run(&format!(
            "cargo-generate-rpm --package {at} --output {PACKAGES}"
        ))?;
    }
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        let (name, size) = (entry.file_name(), entry.metadata()?.len());
        say(&format!("{} bytes  {PACKAGES}/{}", size, name.display()));
        if size > LARGEST {
            let message = format!("{} is larger than {LARGEST} bytes", name.display());
            return Err(io::Error::other(message));
        }
    }
    if check { try_out() } else { Ok(()) }
}

/// The tests that need packages; without them they say so and pass.
fn try_out() -> io::Result<()> {
    setup::packages()?;
    command::run(&format!(
        "GARDIEN_PACKAGES={} cargo test --locked --package acceptance package:: -- --nocapture",
        place::root().join(PACKAGES).display()
    ))
}
