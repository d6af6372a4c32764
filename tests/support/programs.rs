//! Where the programs under test and the tools are: `cargo xtask test` says so; without it, where a build puts them.

use std::env;
use std::iter;
use std::path::{Path, PathBuf};

/// The headless binary.
pub fn server() -> PathBuf {
    named("GARDIEN_SERVER", || built("gardien-server"))
}

/// The desktop binary.
pub fn desktop() -> PathBuf {
    named("GARDIEN_DESKTOP", || built("gardien-desktop"))
}

/// The script that looks for what keeps people with disabilities out.
pub fn axe() -> PathBuf {
    named("GARDIEN_AXE", || {
        root().join("ui/node_modules/axe-core/axe.min.js")
    })
}

/// The program that holds a specification against who claims to follow it.
pub fn schemathesis() -> PathBuf {
    let path = root().join("target/tools/python/bin/schemathesis");
    assert!(
        path.exists(),
        "{} is not there. `cargo xtask test --only python-packages` installs it",
        path.display()
    );
    path
}

/// The web server that many have in front of others: the one that the set-up unpacked, or the system's.
pub fn nginx() -> PathBuf {
    let unpacked = root().join("target/tools/nginx/usr/sbin");
    let path = env::var_os("PATH").unwrap_or_default();
    // The last is where only administrators look.
    iter::once(unpacked)
        .chain(env::split_paths(&path))
        .chain(iter::once(PathBuf::from("/usr/sbin")))
        .map(|folder| folder.join("nginx"))
        .find(|program| program.exists())
        .expect("no nginx. `cargo xtask test --only system-packages` brings one")
}

fn named(variable: &str, default: impl FnOnce() -> PathBuf) -> PathBuf {
    let path = env::var_os(variable).map_or_else(default, PathBuf::from);
    path.canonicalize()
        .unwrap_or_else(|error| panic!("{}: {error}. Build it, or set {variable}", path.display()))
}

/// Test binaries lie one folder below the others.
fn built(name: &str) -> PathBuf {
    let tests = env::current_exe().unwrap();
    tests.ancestors().nth(2).unwrap().join(name)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
