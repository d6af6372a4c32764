//! Servers that are unpacked and not installed: their packages start one for the whole machine, now and at each boot.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use super::{Need, apt_get, install, is_debian, program, runs, tell};
use crate::{command, place, say};

/// A server, and the packages that hold it, one or another, in the releases of Debian and Ubuntu.
pub(super) struct Server {
    need: Need,
    name: &'static str,
    packages: &'static [&'static str],
    is_there: fn() -> bool,
}

const fn server(
    name: &'static str,
    packages: &'static [&'static str],
    is_there: fn() -> bool,
) -> Server {
    Server {
        need: program(name, packages[0]),
        name,
        packages,
        is_there,
    }
}

/// The web server that many have in front of others.
pub(super) const WEB_SERVER: Server = server("nginx", &["nginx", "nginx-core"], || {
    runs(place::server("nginx"), &["-v"])
});
/// The load balancer that many have there.
pub(super) const LOAD_BALANCER: Server = server("haproxy", &["haproxy"], || {
    runs(place::server("haproxy"), &["-v"])
});
/// The pooler that many have before a database.
pub(super) const POOLER: Server = server("pgbouncer", &["pgbouncer"], || {
    runs(place::server("pgbouncer"), &["--version"])
});
/// As it is called here.
#[cfg(unix)]
pub(crate) const POSTGRES: &str = "postgres";
/// The database. Its packages have a version in their names, of which a release has one.
#[cfg(unix)]
pub(super) const DATABASE: Server = server(
    POSTGRES,
    &[
        "postgresql-18",
        "postgresql-17",
        "postgresql-16",
        "postgresql-15",
        "postgresql-14",
        "postgresql-13",
    ],
    || {
        let below = [place::unpacked(POSTGRES), "/".into()];
        let debians = below
            .iter()
            .filter_map(|root| gardien_test_postgres::programs(root));
        let all = debians.map(|folder| folder.join(POSTGRES));
        all.chain([POSTGRES.into()])
            .any(|program| runs(program, &["-V"]))
    },
);

/// Unpacks it, unless the one that would be started runs.
///
/// # Errors
/// When apt fails.
pub(super) fn bring(server: &Server) -> io::Result<()> {
    if !cfg!(target_os = "linux") || (server.is_there)() {
        return Ok(());
    }
    if !is_debian() {
        tell(&[&server.need]);
        return Ok(());
    }
    say(&format!("Unpacking {}", server.name));
    let folder = place::unpacked(server.name);
    let unpacked = |package: &&str| unpack(&folder, package).is_ok() && (server.is_there)();
    if server.packages.iter().any(unpacked) {
        return Ok(());
    }
    // What can be had is not known yet, or no longer so.
    apt_get("update", &[])?;
    if server.packages.iter().any(unpacked) {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "{} does not run from {}. Install one by hand; it need not be started",
        server.name,
        folder.display()
    )))
}

/// What a package holds, in this folder and nowhere else, and the libraries that it needs where all find them: these take
/// an administrator, if they are not there.
fn unpack(folder: &Path, package: &str) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let mut download = Command::new("apt-get");
    download.args(["--quiet", "download", package]);
    command::finish(
        download.current_dir(folder),
        &format!("apt-get download {package}"),
    )?;
    let files: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    for file in files {
        let mut unpack = Command::new("dpkg-deb");
        unpack.arg("--extract").arg(file.path()).arg(folder);
        command::finish(&mut unpack, &format!("dpkg-deb --extract {package}"))?;
        let mut depends = Command::new("dpkg-deb");
        depends.arg("--field").arg(file.path()).arg("Depends");
        let depends = depends.output()?.stdout;
        let depends = String::from_utf8_lossy(&depends);
        install(&libraries(&depends))?;
    }
    Ok(())
}

/// The libraries of a list of dependencies, and the time zones; of alternatives the first.
fn libraries(depends: &str) -> Vec<&str> {
    let names = depends
        .split(',')
        .filter_map(|it| it.split_whitespace().next());
    names
        .filter(|name| name.starts_with("lib") || *name == "tzdata")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::libraries;

    #[test]
    fn libraries_are_told_from_other_dependencies() {
        let depends = "libc6 (>= 2.34), liblua5.3-0, libsystemd0 | libelogind0, adduser, tzdata";
        assert_eq!(
            libraries(depends),
            ["libc6", "liblua5.3-0", "libsystemd0", "tzdata"]
        );
    }
}
