//! Folders that nobody can keep data in, as they really are: told at the start with path and reason, left untouched.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::server::Server;

use super::process::ANY_PORT;

const TOKEN: [&str; 5] = ["token", "--email", "ada@lighthouse.test", "--role", "admin"];

const DENIED: &str = "Permission denied";
const READ_ONLY: &str = "Read-only file system";

/// Nobody in these tests.
const SOMEBODY_ELSE: u32 = 54_321;

/// What goes before a program that root starts, so that it may do only what its files' owner may.
const WITHOUT_PRIVILEGES: [&str; 3] = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

/// Mounts a folder or file onto itself to be read, for the program that follows it and no other; gone when that ends.
const MOUNTED: &str = r#"mount --bind "$0" "$0"
mount -o remount,bind,ro,nosuid,nodev,noexec "$0"
exec "$@""#;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn words<'a>(words: &[&'a str]) -> Vec<&'a OsStr> {
    words.iter().copied().map(OsStr::new).collect()
}

/// Starts a program as somebody without privileges; `None`, and told, where root cannot give them up.
fn ordinary() -> Option<Vec<&'static OsStr>> {
    let closed = tempfile::NamedTempFile::new().unwrap();
    set_mode(closed.path(), 0o000);
    let starter: &[_] = if is_root() {
        &WITHOUT_PRIVILEGES
    } else {
        &["env"]
    };
    effective(words(starter), closed.path(), "permissions")
}

/// Starts a program for which this lies on a mount that may only be read; `None`, and told, where mounting is refused.
fn mounted(place: &Path) -> Option<Vec<&OsStr>> {
    let mut starter = words(&["unshare", "--mount"]);
    if !is_root() {
        starter.push(OsStr::new("--map-root-user"));
    }
    starter.extend(words(&["sh", "-e", "-c", MOUNTED]));
    starter.push(place.as_os_str());
    effective(starter, place, "a mount that may only be read")
}

/// The starter, if a program that it starts may not write to `place`.
fn effective<'a>(starter: Vec<&'a OsStr>, place: &Path, what: &str) -> Option<Vec<&'a OsStr>> {
    let mut test = Command::new(starter[0]);
    let test = test.args(&starter[1..]).args(["test", "!", "-w"]);
    let reason = match test.arg(place).output() {
        Ok(ended) if ended.status.success() => return Some(starter),
        Ok(ended) if ended.stderr.is_empty() => "it may be written all the same".to_owned(),
        Ok(ended) => String::from_utf8_lossy(&ended.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    skip(what, &reason);
    None
}

/// Told past what collects the output of tests that pass.
fn skip(what: &str, reason: &str) {
    let _ = writeln!(io::stderr(), "skipped: {what}: {reason}");
}

/// Everything in a folder, with who may do what to it.
fn content(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap();
    let entries = entries.map(|entry| {
        let path = entry.unwrap().path();
        let mode = path.metadata().unwrap().mode();
        let bytes = fs::read(&path).unwrap_or_default();
        (path, (mode, bytes))
    });
    entries.collect()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A folder with the data of a server that has ended.
fn left_behind() -> Server {
    let mut server = Server::start();
    server.token("owner@lighthouse.test", "owner");
    server.terminate();
    server
}

/// It ends by itself, and the last that it says is which path cannot be used, and why.
fn refused(said: &str, path: &Path, reason: &str) {
    let expected = format!("{} cannot be used: {reason}", path.display());
    let last = said.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("gardien-server: ") && last.contains(&expected),
        "{expected:?} is not in\n{said}"
    );
}

/// Neither the server nor another command starts over `data`.
fn unusable(server: &Server, starter: &[&OsStr], data: &Path, path: &Path, reason: &str) {
    let (status, said) = server.run_by(starter, &ANY_PORT, data);
    assert!(!status.success(), "{said}");
    refused(&said, path, reason);
    // It has no lock to take, so the first thing in its way may be another.
    let (status, said) = server.run_by(starter, &TOKEN, data);
    assert!(!status.success(), "{said}");
    assert!(
        said.contains(&format!("cannot be used: {reason}")),
        "{said}"
    );
}

#[tokio::test]
async fn what_may_only_be_read_is_named_and_works_again_when_it_may_be_written() {
    let Some(starter) = ordinary() else { return };
    let mut server = left_behind();
    let data = server.data();
    for (name, mode) in [
        ("gardien.db", 0o400),
        ("gardien.db", 0o000),
        ("gardien.lock", 0o400),
        ("gardien.witness", 0o400),
    ] {
        let file = data.join(name);
        set_mode(&file, mode);
        let before = content(&data);
        let (status, said) = server.run_by(&starter, &ANY_PORT, &data);
        assert!(!status.success(), "{said}");
        refused(&said, &file, DENIED);
        if name == "gardien.db" {
            let (_, said) = server.run_by(&starter, &TOKEN, &data);
            refused(&said, &file, DENIED);
        }
        assert!(content(&data) == before, "something was written: {name}");
        set_mode(&file, 0o600);
    }
    // Nothing else was closed by the attempts.
    let (status, said) = server.run_by(&starter, &TOKEN, &data);
    assert!(status.success(), "{said}");
    server.restart();
}

#[tokio::test]
async fn a_folder_that_lets_nothing_be_made_is_named() {
    let Some(starter) = ordinary() else { return };
    let server = left_behind();
    let data = server.data();
    let before = content(&data);
    for (mode, path) in [(0o500, data.clone()), (0o000, data.join("gardien.lock"))] {
        set_mode(&data, mode);
        let inside = data.join("data");
        unusable(&server, &starter, &data, &path, DENIED);
        unusable(&server, &starter, &inside, &inside, DENIED);
        set_mode(&data, 0o700);
    }
    assert!(content(&data) == before, "something was written");
}

/// Root gives one away; for everybody else there is root's own.
#[tokio::test]
async fn a_folder_of_another_user_is_named() {
    let Some(starter) = ordinary() else { return };
    let server = left_behind();
    if !is_root() {
        let theirs = Path::new("/");
        if theirs.metadata().unwrap().uid() == rustix::process::geteuid().as_raw() {
            return skip("a folder of another user", "they are all one's own");
        }
        unusable(
            &server,
            &starter,
            theirs,
            Path::new("/gardien.lock"),
            DENIED,
        );
        return;
    }
    let data = server.data();
    let names: Vec<_> = content(&data).into_keys().collect();
    let give = |to| -> io::Result<()> {
        for path in names.iter().chain([&data]) {
            chown(path, Some(to), Some(to))?;
        }
        Ok(())
    };
    if let Err(error) = give(SOMEBODY_ELSE) {
        return skip("a folder of another user", &error.to_string());
    }
    let before = content(&data);
    // What is in it may be read by everybody or not.
    for mode in [0o700, 0o755] {
        set_mode(&data, mode);
        unusable(&server, &starter, &data, &data.join("gardien.lock"), DENIED);
    }
    assert!(content(&data) == before, "something was written");
}

#[tokio::test]
async fn a_mount_that_may_only_be_read_is_named() {
    let mut server = left_behind();
    let data = server.data();
    let empty = tempfile::tempdir().unwrap();
    let empty = empty.path();
    let before = content(&data);
    for (place, data, path) in [
        (data.clone(), data.as_path(), data.join("gardien.lock")),
        (data.join("gardien.db"), &data, data.join("gardien.db")),
        (empty.to_owned(), empty, empty.join("gardien.lock")),
        (empty.to_owned(), &empty.join("data"), empty.join("data")),
    ] {
        let Some(starter) = mounted(&place) else {
            return;
        };
        unusable(&server, &starter, data, &path, READ_ONLY);
    }
    assert!(content(&data) == before, "something was written");
    assert_eq!(fs::read_dir(empty).unwrap().count(), 0);
    server.restart();
}

#[tokio::test]
async fn a_folder_whose_path_is_not_utf_8_is_named_and_not_made() {
    let server = left_behind();
    let outside = tempfile::tempdir().unwrap();
    let data = outside.path().join(OsStr::from_bytes(b"donn\xe9es"));
    let reason = "its path is not UTF-8";
    unusable(&server, &words(&["env"]), &data, &data, reason);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}
