//! The screen as it changes.

use std::time::{Duration, Instant};

use acceptance::session::Session;

use super::start::SCREEN;

/// For how long nothing may change before the last picture counts as the end.
const QUIET: Duration = Duration::from_millis(1_500);
const PATIENCE: Duration = Duration::from_secs(30);
/// How many of a thousand bytes may differ from the end in a picture that is as good: a caret, a clock.
const SLACK: usize = 10;

/// Watches the screen until it rests. Answers when, from `begin` on, it first looked as it does at the end.
pub fn settled(session: &Session, begin: Instant) -> Duration {
    let mut pictures = vec![(begin.elapsed(), take(session))];
    let mut last_change = Instant::now();
    while last_change.elapsed() < QUIET && begin.elapsed() < PATIENCE {
        // The time before: what the picture shows was there by then at the latest when it is done.
        let picture = take(session);
        if let Some((_, before)) = pictures.last()
            && differs(before, &picture)
        {
            pictures.push((begin.elapsed(), picture));
            last_change = Instant::now();
        }
    }
    let Some((_, end)) = pictures.last() else {
        return PATIENCE;
    };
    pictures
        .iter()
        .find(|(_, picture)| !differs(picture, end))
        .map_or(PATIENCE, |(time, _)| *time)
}

/// The bytes of every pixel. Not a PNG: packing one takes longer than what is measured.
fn take(session: &Session) -> Vec<u8> {
    let mut import = session.command("import");
    import.args(["-silent", "-window", "root", "-depth", "8", "rgb:-"]);
    let picture = import.output().unwrap().stdout;
    let (width, height) = SCREEN;
    assert_eq!(picture.len(), (width * height * 3) as usize);
    picture
}

fn differs(one: &[u8], other: &[u8]) -> bool {
    let different = one.iter().zip(other).filter(|(a, b)| a != b).count();
    different * 1_000 > one.len() * SLACK
}
