//! `cargo xtask run`: the product, started as its user starts it.

use std::env;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::command::{at_root, finish};
use crate::{command, place, say, setup};

/// The folder of the desktop's data below the user's data folder.
const IDENTIFIER: &str = "dev.gardien.desktop";
const GATEWAY: &str = "127.0.0.1:7420";
const MANAGEMENT: &str = "127.0.0.1:7421";
const OWNER: &str = "owner@gardien.localhost";

/// Starts the desktop, or the server where there is no display, and comes back when it ends. With a file for a
/// picture, opens the window on a virtual display for just that.
///
/// # Errors
/// When something does not build or start.
pub(crate) fn run(data: Option<PathBuf>, screenshot: Option<PathBuf>) -> io::Result<()> {
    let data = data.map(std::path::absolute).transpose()?;
    if let Some(picture) = screenshot {
        return take_picture(data.as_deref(), &std::path::absolute(picture)?);
    }
    if !has_display() {
        return serve(&data.map_or_else(user_data, Ok)?);
    }
    setup::window()?;
    build_desktop()?;
    let mut desktop = at_root(place::built("gardien-desktop"));
    if let Some(data) = data {
        desktop.env("GARDIEN_DATA_DIR", data);
    }
    finish(&mut desktop, "gardien-desktop")
}

fn has_display() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

fn build_desktop() -> io::Result<()> {
    setup::ui()?;
    command::run("npm --prefix ui run build")?;
    command::run("cargo build --locked --package gardien-desktop --features custom-protocol")
}

#[cfg(target_os = "linux")]
fn take_picture(data: Option<&Path>, picture: &Path) -> io::Result<()> {
    setup::window_without_display()?;
    build_desktop()?;
    crate::screenshot::take(data, picture)
}

#[cfg(not(target_os = "linux"))]
fn take_picture(_: Option<&Path>, _: &Path) -> io::Result<()> {
    Err(io::Error::other(
        "a virtual display is possible on Linux only",
    ))
}

/// Where the desktop keeps its data on Linux.
fn user_data() -> io::Result<PathBuf> {
    let set = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    set("XDG_DATA_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local/share")))
        .map(|folder| folder.join(IDENTIFIER))
        .ok_or_else(|| io::Error::other("HOME is not set. Say with --data where the data goes"))
}

fn serve(data: &Path) -> io::Result<()> {
    say(
        "No display: neither DISPLAY nor WAYLAND_DISPLAY is set. Starting the server without the window.",
    );
    command::run("cargo build --locked --package gardien-server")?;
    let token = owner_token(data)?;
    let mut server = at_root(place::built("gardien-server"))
        .args(["serve", "--phare", "sandbox"])
        .args(["--gateway", GATEWAY, "--management", MANAGEMENT])
        .arg("--data")
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()?;
    // The line that says it is ready; none when it ended before.
    let mut ready = String::new();
    if let Some(stdout) = &mut server.stdout {
        BufReader::new(stdout).read_line(&mut ready)?;
    }
    if !ready.is_empty() {
        say(&format!(
            "{}\n\n{}\n\nCtrl-C ends it.",
            ready.trim(),
            first_steps(&token)
        ));
    }
    let status = server.wait()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("gardien-server: {status}")))
    }
}

fn owner_token(data: &Path) -> io::Result<String> {
    let made = at_root(place::built("gardien-server"))
        .args(["token", "--email", OWNER, "--role", "owner", "--data"])
        .arg(data)
        .stderr(Stdio::inherit())
        .output()?;
    if !made.status.success() {
        return Err(io::Error::other(format!(
            "gardien-server token: {}",
            made.status
        )));
    }
    Ok(String::from_utf8_lossy(&made.stdout).trim().to_owned())
}

/// Commands to paste into another terminal.
fn first_steps(token: &str) -> String {
    format!(
        r#"In another terminal, create a key and keep its secret, which the answer holds this one time:

  SECRET=$(curl -sS http://{MANAGEMENT}/v1/keys -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \
    -d '{{"name":"First light","scope":{{"type":"organization"}},"products":{{"platform":"read_write","uptime":"read_write"}},"expires_at":null}}' \
    | sed 's/.*"secret":"\([^"]*\)".*/\1/')

and use it:

  curl -sS http://{GATEWAY}/projects -H "Authorization: Bearer $SECRET""#
    )
}
