//! Where things are: the repository, what was built, the tools.

use std::env;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// A binary of this workspace, of a debug build.
pub(crate) fn built(name: &str) -> PathBuf {
    builds("debug").join(file(name))
}

/// A binary of this workspace, of a release build.
pub(crate) fn released(name: &str) -> PathBuf {
    releases().join(file(name))
}

/// Where release builds lie.
pub(crate) fn releases() -> PathBuf {
    builds("release")
}

/// Builds lie where the program that runs now does or beside it, wherever the target folder is.
fn builds(profile: &str) -> PathBuf {
    match env::current_exe().as_deref().map(Path::parent) {
        Ok(Some(these)) => these.with_file_name(profile),
        _ => root().join("target").join(profile),
    }
}

fn file(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}

/// The folder of the tools that the set-up installs.
pub(crate) fn tools() -> PathBuf {
    root().join("target/tools/bin")
}

/// The Python environment of the tools that are written in it.
pub(crate) fn python() -> PathBuf {
    root().join("target/tools/python")
}

/// Where the package of a server is unpacked.
pub(crate) fn unpacked(server: &str) -> PathBuf {
    root().join("target/tools").join(server)
}

/// A server of the system's packages: the one that the set-up unpacked, or the system's.
pub(crate) fn server(name: &str) -> PathBuf {
    // The second is where only administrators look.
    [unpacked(name).join("usr/sbin"), PathBuf::from("/usr/sbin")]
        .map(|folder| folder.join(name))
        .into_iter()
        .find(|program| program.exists())
        .unwrap_or_else(|| PathBuf::from(name))
}
