//! What a machine with Rust and Node still lacks.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use crate::{command, place, say};

mod unpacked;

#[cfg(unix)]
pub(crate) use unpacked::POSTGRES;

/// Something of the system: how it shows that it is there, and the package of Debian and Ubuntu that brings it.
struct Need {
    sign: Sign,
    package: &'static str,
}

enum Sign {
    /// A library with its development files, by its pkg-config name.
    Library(&'static str),
    /// A program on the path.
    Program(&'static str),
}

const fn library(name: &'static str, package: &'static str) -> Need {
    Need {
        sign: Sign::Library(name),
        package,
    }
}

const fn program(name: &'static str, package: &'static str) -> Need {
    Need {
        sign: Sign::Program(name),
        package,
    }
}

/// What compiling the desktop takes.
const WINDOW: &[Need] = &[library("webkit2gtk-4.1", "libwebkit2gtk-4.1-dev")];

/// What a desktop session without a screen takes.
const SESSION: &[Need] = &[
    program("Xvfb", "xvfb"),
    program("dbus-daemon", "dbus"),
    program("dbus-send", "dbus"),
    program("gnome-keyring-daemon", "gnome-keyring"),
    program("import", "imagemagick"),
    program("xdotool", "xdotool"),
];

/// What driving the window in it takes.
const DRIVING: &[Need] = &[
    program("WebKitWebDriver", "webkit2gtk-driver"),
    program("xclip", "xclip"),
    program("setxkbmap", "x11-xkb-utils"),
    program("sqlite3", "sqlite3"),
];

/// What stands in front of a server in the tests, or between it and Phare, and what calls it.
const AROUND: &[Need] = &[
    program("curl", "curl"),
    program("tinyproxy", "tinyproxy-bin"),
];

/// What calls a server as fast as it can.
const LOAD: &[Need] = &[program("wrk", "wrk")];

/// What trying packages on a bare system takes.
const BARE_SYSTEM: &[Need] = &[
    program("mmdebstrap", "mmdebstrap"),
    program("appstreamcli", "appstream"),
    program("desktop-file-validate", "desktop-file-utils"),
];

/// What an environment for Python takes.
const PYTHON: &[Need] = &[program("python3", "python3-venv")];

/// The system packages that building and opening the window needs.
///
/// # Errors
/// When apt fails.
pub(crate) fn window() -> io::Result<()> {
    system(&[WINDOW])
}

/// The system packages for the window on a virtual display.
///
/// # Errors
/// When apt fails.
pub(crate) fn window_without_display() -> io::Result<()> {
    system(&[WINDOW, SESSION])
}

/// The system packages for trying packages on a bare system.
///
/// # Errors
/// When apt fails.
pub(crate) fn packages() -> io::Result<()> {
    system(&[WINDOW, SESSION, DRIVING, BARE_SYSTEM])
}

/// The system packages that the tests need.
///
/// # Errors
/// When apt fails.
pub(crate) fn tests() -> io::Result<()> {
    system(&[WINDOW, SESSION, DRIVING, AROUND])?;
    bench()?;
    #[cfg(unix)]
    database()?;
    unpacked::bring(&unpacked::POOLER)?;
    // Debian's Python comes without the second of these; one from elsewhere may have both.
    if runs("python3", &["-c", "import venv, ensurepip"]) {
        return Ok(());
    }
    system(&[PYTHON])
}

/// What measuring the gateway beside others takes.
///
/// # Errors
/// When apt fails.
pub(crate) fn bench() -> io::Result<()> {
    system(&[LOAD])?;
    unpacked::bring(&unpacked::WEB_SERVER)?;
    unpacked::bring(&unpacked::LOAD_BALANCER)
}

/// The database that a team's server keeps everything in.
///
/// # Errors
/// When apt fails.
#[cfg(unix)]
pub(crate) fn database() -> io::Result<()> {
    unpacked::bring(&unpacked::DATABASE)
}

/// The packages of the UI, exactly as its lock file has them.
///
/// # Errors
/// When npm is missing or fails.
pub(crate) fn ui() -> io::Result<()> {
    // npm writes the first at the end of every installation.
    let installed = changed("ui/node_modules/.package-lock.json");
    if installed.is_some() && installed >= changed("ui/package-lock.json") {
        return Ok(());
    }
    command::run("npm --prefix ui ci --no-audit --no-fund")
}

/// The packages of Python that the tests use, exactly as their list has them, in an environment of their own.
///
/// # Errors
/// When Python is missing or pip fails.
pub(crate) fn python() -> io::Result<()> {
    const LIST: &str = "tests/sandbox/schemathesis/requirements.txt";
    let wanted = fs::read(place::root().join(LIST))?;
    // Written when everything else is there.
    let installed = place::python().join("requirements.txt");
    // An environment does not survive being moved, nor another Python below it: so it is asked.
    let program = place::python().join("bin/schemathesis");
    if fs::read(&installed).is_ok_and(|list| list == wanted) && runs(program, &["--version"]) {
        return Ok(());
    }
    command::run("python3 -m venv --clear target/tools/python")?;
    let pip = place::python().join("bin/pip");
    let install = "install --quiet --disable-pip-version-check --only-binary :all: --requirement";
    let mut pip = command::at_root(pip);
    pip.args(install.split(' ')).arg(LIST);
    command::finish(&mut pip, &format!("pip {install} {LIST}"))?;
    fs::write(installed, wanted)
}

fn runs(program: impl AsRef<OsStr>, arguments: &[&str]) -> bool {
    let answer = Command::new(program).args(arguments).output();
    answer.is_ok_and(|answer| answer.status.success())
}

fn changed(file: &str) -> Option<SystemTime> {
    fs::metadata(place::root().join(file))
        .and_then(|metadata| metadata.modified())
        .ok()
}

fn system(needs: &[&[Need]]) -> io::Result<()> {
    // Elsewhere the WebView is a part of the system, and the tests of the window do not exist.
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let needs: Vec<&Need> = needs.iter().copied().flatten().collect();
    if is_debian() {
        let mut wanted: Vec<&str> = needs.iter().map(|need| need.package).collect();
        wanted.dedup();
        install(&wanted)
    } else {
        tell(&needs);
        Ok(())
    }
}

fn is_debian() -> bool {
    Path::new("/etc/debian_version").exists()
}

/// Installs what is missing of these packages through apt.
fn install(wanted: &[&str]) -> io::Result<()> {
    // It fails when it does not know one of them, and lists the others all the same.
    let listed = Command::new("dpkg-query")
        .args(["--show", "--showformat", "${Package} ${db:Status-Status}\n"])
        .args(wanted)
        .output()?;
    let missing = missing(wanted, &String::from_utf8_lossy(&listed.stdout));
    if missing.is_empty() {
        return Ok(());
    }
    say(&format!("Installing {}", missing.join(" ")));
    apt_get("update", &[])
        .and_then(|()| apt_get("install --yes --no-install-recommends", &missing))
        .map_err(|error| {
            let by_hand = format!("apt-get install {}", missing.join(" "));
            io::Error::new(
                error.kind(),
                format!("{error}. Run it as an administrator:\n  {by_hand}"),
            )
        })
}

/// Those of the wanted packages that dpkg does not list as installed.
fn missing<'a>(wanted: &[&'a str], listed: &str) -> Vec<&'a str> {
    wanted
        .iter()
        .filter(|package| {
            !listed
                .lines()
                .any(|line| line.split_once(' ') == Some((package, "installed")))
        })
        .copied()
        .collect()
}

fn apt_get(task: &str, packages: &[&str]) -> io::Result<()> {
    let mut command = Command::new(if is_root() { "env" } else { "sudo" });
    // As words: sudo drops variables that are merely set.
    command
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"])
        .args(task.split(' '))
        .args(packages);
    command::finish(&mut command, &format!("apt-get {task}"))
}

fn is_root() -> bool {
    let user = Command::new("id").arg("-u").output();
    user.is_ok_and(|user| user.stdout.trim_ascii() == b"0")
}

/// Says what to install by hand. Package names differ; what a package must bring does not.
fn tell(needs: &[&Need]) {
    let lacking: Vec<_> = needs
        .iter()
        .filter(|need| !need.is_there())
        .map(|need| need.describe())
        .collect();
    if !lacking.is_empty() {
        say(&format!(
            "This is not Debian or Ubuntu, so nothing is installed for you. Please install:\n{}\n",
            lacking.join("\n")
        ));
    }
}

impl Need {
    fn is_there(&self) -> bool {
        let sign = match self.sign {
            Sign::Library(name) => Command::new("pkg-config").args(["--exists", name]).status(),
            Sign::Program(name) => Command::new("which").arg(name).output().map(|o| o.status),
        };
        sign.is_ok_and(|status| status.success())
    }

    fn describe(&self) -> String {
        let what = match self.sign {
            Sign::Library(name) => format!("the library {name} with its development files"),
            Sign::Program(name) => format!("the program {name}"),
        };
        format!("  {what} (on Debian it is in {})", self.package)
    }
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn a_package_is_missing_unless_dpkg_has_it_installed() {
        let listed = "xvfb installed\nxclip config-files\nxdotool-doc installed\n";
        let missing = missing(&["xvfb", "xclip", "xdotool"], listed);
        assert_eq!(missing, ["xclip", "xdotool"]);
    }
}
