//! What people install: on a bare Debian, with nothing but what the package asks for.
//!
//! `cargo xtask package --check` builds the packages and says where they are. Without that, and on a machine that can
//! make no bare system, the test says so and passes.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use acceptance::session::{Keychain, Session, wait_until};

use crate::support::programs;

const SCREEN: (u32, u32) = (1180, 760);
const PATIENCE: Duration = Duration::from_secs(60);
const APP: &str = "gardien-desktop";

/// What the script that goes inside needs: the root, the folder of the session, the command.
const INSIDE: &str = r#"set -e
root=$1; session=$2; shift 2
mkdir -p "$root$session"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$session" "$root$session"
exec chroot "$root" "$@""#;

#[test]
fn installed_upgraded_and_removed_on_a_bare_system() {
    let Some(packages) = env::var_os("GARDIEN_PACKAGES").map(PathBuf::from) else {
        return skip("no packages were built; `cargo xtask package --check` does that");
    };
    let (desktop, server) = (
        package(&packages, "gardien_"),
        package(&packages, "gardien-server_"),
    );
    let folder = tempfile::tempdir().unwrap();
    let system = match Bare::make(folder.path()) {
        Ok(system) => system,
        Err(reason) => return skip(&reason),
    };

    system.apt(&["update"]);
    // Both alone: neither needs the other.
    system.install(&server);
    system.install(&desktop);
    system.well_described();

    let mut session = Session::start(Keychain::Absent).unwrap();
    session.add_screen(SCREEN.0, SCREEN.1).unwrap();
    let data = session.data();
    // Data as an earlier version leaves it.
    let mut token = vec!["gardien-server", "token", "--email", "ada@lighthouse.test"];
    token.extend(["--role", "owner", "--data", data.to_str().unwrap()]);
    done(&system.inside(&session, &token).output().unwrap());
    assert_eq!(members(&data), "ada@lighthouse.test");

    system.window(&mut session, "installed");
    let newer = bumped(&desktop, folder.path());
    system.install(&newer);
    assert!(system.version().starts_with("99."), "{}", system.version());
    system.window(&mut session, "upgraded");
    assert_eq!(members(&data), "ada@lighthouse.test");

    system.apt(&["purge", "--yes", "gardien"]);
    for gone in [
        "usr/bin/gardien-desktop",
        "usr/share/applications/gardien-desktop.desktop",
        "usr/share/icons/hicolor/scalable/apps/gardien-desktop.svg",
    ] {
        assert!(!system.root.join(gone).exists(), "{gone} is left");
    }
    assert!(system.root.join("usr/bin/gardien-server").exists());
    assert_eq!(members(&data), "ada@lighthouse.test");
}

/// Every option that the server has is in its manual.
#[test]
fn the_manual_names_every_option() {
    let manual = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../src-tauri/packaging/gardien-server.1"
    );
    let manual = fs::read_to_string(manual).unwrap().replace('\\', "");
    let mut options = 0;
    for command in ["serve", "token"] {
        assert!(manual.contains(&format!(".SS {command}")), "{command}");
        let help = Command::new(programs::server())
            .args([command, "--help"])
            .output()
            .unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let named = help
            .split_whitespace()
            .filter(|word| word.starts_with("--"))
            .map(|word| word.trim_end_matches([',', '.', '`', ')']));
        for option in named {
            options += 1;
            assert!(manual.contains(option), "{option} of {command}");
        }
    }
    assert!(options >= 10, "only {options} were found");
}

#[expect(clippy::print_stderr, reason = "the person who runs it has to know")]
fn skip(reason: &str) {
    eprintln!("skipped: {reason}");
}

/// The package whose file begins like this.
fn package(folder: &Path, begin: &str) -> PathBuf {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with(begin) && name.ends_with(".deb")
        })
        .unwrap_or_else(|| panic!("no {begin}*.deb in {}", folder.display()))
}

/// The same package under a later version, as an upgrade brings it.
fn bumped(deb: &Path, folder: &Path) -> PathBuf {
    let (unpacked, newer) = (folder.join("unpacked"), folder.join("newer.deb"));
    let dpkg = |task: &str, from: &Path, to: &Path| {
        done(
            &Command::new("dpkg-deb")
                .args(["--root-owner-group", task])
                .args([from, to])
                .output()
                .unwrap(),
        );
    };
    dpkg("--raw-extract", deb, &unpacked);
    let control = unpacked.join("DEBIAN/control");
    let text = fs::read_to_string(&control).unwrap();
    fs::write(&control, text.replace("\nVersion: ", "\nVersion: 99.")).unwrap();
    dpkg("--build", &unpacked, &newer);
    newer
}

/// The mail addresses of the members in a data folder.
fn members(data: &Path) -> String {
    let asked = Command::new("sqlite3")
        .args(["-readonly"])
        .arg(data.join("gardien.db"))
        .arg("SELECT email FROM members")
        .output()
        .unwrap();
    done(&asked).trim().to_owned()
}

/// What it wrote, given that it succeeded.
fn done(output: &Output) -> String {
    let written = String::from_utf8_lossy(&output.stdout).into_owned();
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{written}\n{why}");
    written
}

/// A system with nothing but its package manager.
struct Bare {
    root: PathBuf,
}

impl Bare {
    /// Makes one, or says why this machine cannot.
    fn make(folder: &Path) -> Result<Self, String> {
        if !rustix::process::geteuid().is_root() {
            return Err("only root can go into another system".to_owned());
        }
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let name = release
            .lines()
            .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
            .ok_or("this is neither Debian nor Ubuntu")?;
        let root = folder.join("root");
        let made = Command::new("mmdebstrap")
            .args(["--variant=minbase", "--format=directory", name])
            .arg(&root)
            .output()
            .map_err(|error| format!("mmdebstrap: {error}"))?;
        if !made.status.success() {
            let why = String::from_utf8_lossy(&made.stderr);
            return Err(format!("no bare system could be made: {why}"));
        }
        Ok(Self { root })
    }

    fn command(&self, session: &Path, mut command: Command, words: &[&str]) -> Command {
        command
            .args([
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-c",
                INSIDE,
                "sh",
            ])
            .arg(&self.root)
            .arg(session)
            .args(words);
        command
    }

    /// A command in the system, and in this session.
    fn inside(&self, session: &Session, words: &[&str]) -> Command {
        self.command(session.folder(), session.command("unshare"), words)
    }

    fn alone(&self, words: &[&str]) -> String {
        let nowhere = tempfile::tempdir().unwrap();
        let mut command = self.command(nowhere.path(), Command::new("unshare"), words);
        done(&command.output().unwrap())
    }

    fn apt(&self, words: &[&str]) {
        let mut command = vec![
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "--quiet",
        ];
        command.extend(words);
        self.alone(&command);
    }

    /// Installs a package with what it depends on, and nothing that is merely recommended.
    fn install(&self, package: &Path) {
        fs::copy(package, self.root.join("tmp/package.deb")).unwrap();
        self.apt(&[
            "install",
            "--yes",
            "--no-install-recommends",
            "/tmp/package.deb",
        ]);
    }

    fn version(&self) -> String {
        self.alone(&["dpkg-query", "--show", "--showformat=${Version}", "gardien"])
    }

    /// Desktops can read what the package says about itself.
    fn well_described(&self) {
        let share = self.root.join("usr/share");
        let mut metainfo = Command::new("appstreamcli");
        metainfo.args(["validate", "--no-net"]);
        metainfo.arg(share.join("metainfo/dev.gardien.desktop.metainfo.xml"));
        done(&metainfo.output().unwrap());
        let mut entry = Command::new("desktop-file-validate");
        entry.arg(share.join("applications/gardien-desktop.desktop"));
        done(&entry.output().unwrap());
    }

    /// Starts the app, waits until its window shows something, takes a picture, and ends it.
    fn window(&self, session: &mut Session, name: &str) {
        let mut app = self.inside(session, &[APP]);
        session.spawn(&mut app).unwrap();
        let picture = session.folder().join(format!("{name}.png"));
        let shown = wait_until("the window to show something", PATIENCE, || {
            let mut find = session.command("xdotool");
            find.args(["search", "--onlyvisible", "--name", "Gardien"]);
            find.output().is_ok_and(|found| found.status.success())
                && photograph(session, &picture) > 50
        });
        let log = fs::read_to_string(session.log()).unwrap_or_default();
        if let Some(folder) = env::var_os("GARDIEN_SCREENSHOTS") {
            fs::create_dir_all(&folder).unwrap();
            let _ = fs::copy(
                &picture,
                Path::new(&folder).join(format!("package-{name}.png")),
            );
        }
        shown.unwrap_or_else(|error| panic!("{error}\n{log}"));
        assert!(!log.contains("panicked at"), "{log}");
        session.end(&self.root.join("usr/bin").join(APP)).unwrap();
    }
}

/// Takes a picture of the screen, and counts its colours: a blank window has few.
fn photograph(session: &Session, picture: &Path) -> u32 {
    let mut import = session.command("import");
    import.args(["-window", "root"]).arg(picture);
    if !import.status().is_ok_and(|status| status.success()) {
        return 0;
    }
    let mut count = session.command("identify");
    count.args(["-format", "%k"]).arg(picture);
    let count = count.output().map(|output| output.stdout);
    String::from_utf8_lossy(&count.unwrap_or_default())
        .trim()
        .parse()
        .unwrap_or_default()
}
