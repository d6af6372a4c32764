//! The screen as it changes.

use std::thread;
use std::time::{Duration, Instant};

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};
use x11rb::rust_connection::RustConnection;

/// For how long nothing may change before the last picture counts as the end.
const QUIET: Duration = Duration::from_millis(1_500);
const PAUSE: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(30);
/// How many of a thousand bytes may differ from the end in a picture that is as good: a caret, a clock.
const SLACK: usize = 10;

/// Watches the screen until it rests. Answers when, from `begin` on, it first looked as it does at the end.
pub fn settled(display: &str, begin: Instant) -> Duration {
    let screen = Screen::open(display);
    let mut pictures = vec![(begin.elapsed(), screen.picture())];
    let mut last_change = Instant::now();
    while last_change.elapsed() < QUIET && begin.elapsed() < PATIENCE {
        // It must not take from the programs what it measures.
        thread::sleep(PAUSE);
        let picture = screen.picture();
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

struct Screen {
    server: RustConnection,
    number: usize,
}

impl Screen {
    fn open(display: &str) -> Self {
        let (server, number) = x11rb::connect(Some(display)).unwrap();
        Self { server, number }
    }

    /// The bytes of every pixel.
    fn picture(&self) -> Vec<u8> {
        let screen = &self.server.setup().roots[self.number];
        let (width, height) = (screen.width_in_pixels, screen.height_in_pixels);
        let format = ImageFormat::Z_PIXMAP;
        let image = self
            .server
            .get_image(format, screen.root, 0, 0, width, height, u32::MAX);
        image.unwrap().reply().unwrap().data
    }
}

fn differs(one: &[u8], other: &[u8]) -> bool {
    let different = one.iter().zip(other).filter(|(a, b)| a != b).count();
    different * 1_000 > one.len() * SLACK
}
