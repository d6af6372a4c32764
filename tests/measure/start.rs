//! One start of a program on a desktop of its own.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use acceptance::session::{Keychain, Session};

use super::picture;
use crate::support::window::Window;

const SCREEN: (u32, u32) = (1180, 760);
/// How often it is looked whether the window is there.
const LOOK: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(30);
/// After the start, for what is still done in the background.
const REST: Duration = Duration::from_secs(3);

/// What a start took.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// Milliseconds until the window was there.
    pub visible: f64,
    /// Milliseconds until the screen looked as it did at the end.
    pub useful: f64,
    /// Megabytes, its web processes included.
    pub memory: f64,
}

/// Starts a program whose window has this title, for the first time.
pub fn measure(program: &Path, title: &str) -> Start {
    let mut session = Session::start(Keychain::Unlocked).unwrap();
    session.add_screen(SCREEN.0, SCREEN.1).unwrap();
    let mut command = session.command(program);
    let begin = Instant::now();
    session.spawn(&mut command).unwrap();
    // Not xdotool, which looks twice a second.
    let display = session.display().unwrap();
    while !Window::find(display, title).is_some_and(|window| window.is_shown()) {
        assert!(begin.elapsed() < PATIENCE, "{title} shows no window");
        thread::sleep(LOOK);
    }
    let visible = begin.elapsed();
    let useful = picture::settled(display, begin);
    thread::sleep(REST);
    let app = program.file_name().unwrap().to_str().unwrap();
    Start {
        visible: milliseconds(visible),
        useful: milliseconds(useful),
        memory: memory(&session, app),
    }
}

/// Each figure in the middle of its kind.
pub fn middle(starts: Vec<Start>) -> Start {
    let of = |figure: fn(&Start) -> f64| super::percentile(starts.iter().map(figure).collect(), 50);
    Start {
        visible: of(|start| start.visible),
        useful: of(|start| start.useful),
        memory: of(|start| start.memory),
    }
}

/// The memory of the program and its web processes: what they share is counted once.
pub fn memory(session: &Session, app: &str) -> f64 {
    let programs = [app, "WebKitWebProcess", "WebKitNetworkProcess"];
    let processes = programs.iter().flat_map(|name| session.running(name));
    let kilobytes: u32 = processes
        .map(|process| {
            let rollup = format!("/proc/{}/smaps_rollup", process.as_raw_nonzero());
            let rollup = fs::read_to_string(rollup).unwrap();
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
            let figure = line.unwrap().trim().trim_end_matches(" kB");
            figure.parse::<u32>().unwrap()
        })
        .sum();
    assert!(kilobytes > 0, "{app} does not run");
    f64::from(kilobytes) / 1e3
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
