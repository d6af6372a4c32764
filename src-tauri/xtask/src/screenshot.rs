//! The picture of the real window, on a desktop session of its own.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use acceptance::session::{Keychain, Session, wait_until};

use crate::{command, place, say};

/// The size of the window, so that there is nothing around it.
const SCREEN: (u32, u32) = (1180, 760);
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(2);
const MOST_PICTURES: u32 = 10;

/// Opens the window, saves its picture and ends everything.
///
/// # Errors
/// When the session, the app or the picture fails; what they logged stands in the text.
pub(crate) fn take(data: Option<&Path>, picture: &Path) -> io::Result<()> {
    let mut session = Session::start(Keychain::Unlocked)?;
    session.add_screen(SCREEN.0, SCREEN.1)?;
    let mut desktop = session.command(place::built("gardien-desktop"));
    if let Some(data) = data {
        desktop.env("GARDIEN_DATA_DIR", data);
    }
    session.spawn(&mut desktop)?;
    photograph(&session, picture).map_err(|error| {
        let log = fs::read_to_string(session.log()).unwrap_or_default();
        io::Error::new(error.kind(), format!("{error}. Logged meanwhile:\n{log}"))
    })?;
    say(&format!("Saved {}", picture.display()));
    Ok(())
}

/// Takes a picture when the window is there, and again until it is like the one before: then the page is painted.
fn photograph(session: &Session, picture: &Path) -> io::Result<()> {
    wait_until("the window", PATIENCE, || {
        let mut window = session.command("xdotool");
        window.args(["search", "--onlyvisible", "--name", "Gardien"]);
        window.output().is_ok_and(|found| found.status.success())
    })?;
    let mut before = Vec::new();
    // Something that moves all the time must not keep us here.
    for _ in 0..MOST_PICTURES {
        thread::sleep(PAUSE);
        let mut import = session.command("import");
        // Stripped of the time, which would make every picture another one.
        import.args(["-window", "root", "-strip"]).arg(picture);
        command::finish(&mut import, "import")?;
        let now = fs::read(picture)?;
        if now == before {
            break;
        }
        before = now;
    }
    Ok(())
}
