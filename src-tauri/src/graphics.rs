//! Works round graphics drivers that leave WebKitGTK's window blank or end its process.
//!
//! A start notes which way it tries, and that the way works once frames are painted. Whoever finds the note of a start
//! that ended without that takes the next way: it starts itself anew with variables that WebKit reads when it is
//! loaded. No start does so twice, and whoever set such a variable decides alone.

use std::env;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{self, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tauri::{AppHandle, Manager, WebviewWindow};
use tokio::sync::oneshot;

use crate::environment::Environment;

/// The ways, in the order in which they are tried. The window is drawn without the GPU in each, but only the second
/// does not even ask the driver what it could do.
const WAYS: [&[(&str, &str)]; 2] = [&[], &[("WEBKIT_DISABLE_DMABUF_RENDERER", "1")]];

/// Says to the start that it made which way was chosen.
pub(crate) const CHOSEN: &str = "GARDIEN_GRAPHICS";

const PAUSE: Duration = Duration::from_millis(250);
/// A window that was seen for less may have been closed before it could paint.
const LONG_ENOUGH: Duration = Duration::from_secs(5);

/// Counts frames. The third is only asked for when the first two were taken: a page whose frames go nowhere waits.
const PAINTED: &str = "(() => {
    if (window.gardienFrames === undefined) {
        window.gardienFrames = 0;
        const next = () => { window.gardienFrames += 1; if (window.gardienFrames < 3) requestAnimationFrame(next); };
        requestAnimationFrame(next);
    }
    return window.gardienFrames >= 3;
})()";

/// What a start leaves for the next one. Nothing: without a workaround it works, or was never tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Note {
    Trying { way: usize, process: u32 },
    Works { way: usize },
}

impl Note {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let (word, way) = (words.next()?, words.next()?.parse().ok()?);
        match word {
            _ if way >= WAYS.len() => None,
            "trying" => Some(Self::Trying {
                way,
                process: words.next()?.parse().ok()?,
            }),
            "works" => Some(Self::Works { way }),
            _ => None,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Trying { way, process } => format!("trying {way} {process}\n"),
            Self::Works { way } => format!("works {way}\n"),
        }
    }
}

/// The way to take after this note.
fn choose(note: Option<Note>, runs: impl Fn(u32) -> bool) -> usize {
    match note {
        None => 0,
        Some(Note::Works { way }) => way,
        // Somebody opens it twice, quickly.
        Some(Note::Trying { way, process }) if runs(process) => way,
        Some(Note::Trying { way, .. }) => (way + 1) % WAYS.len(),
    }
}

/// One start, and what is known about it.
#[derive(Debug, Clone)]
pub(crate) struct Attempt(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    way: usize,
    file: PathBuf,
    noted: bool,
    seen: Duration,
}

/// Chooses the way, and starts anew with it if need be. To be called before anything else of the app. None: whoever
/// set a variable of WebKit's knows better, or there is no folder for the note.
pub(crate) fn choose_way(environment: &Environment) -> Option<Attempt> {
    if environment.graphics.is_none() && environment.has_webkit_variables {
        return None;
    }
    let file = environment.folder()?.join("graphics");
    let mut way = environment.graphics.unwrap_or_else(|| {
        let text = fs::read_to_string(&file).unwrap_or_default();
        choose(Note::parse(&text), is_ours)
    });
    if way >= WAYS.len() || (environment.graphics.is_none() && way > 0 && start_anew(way).is_err())
    {
        way = 0;
    }
    Some(Attempt(Arc::new(Mutex::new(State {
        way,
        file,
        noted: false,
        seen: Duration::ZERO,
    }))))
}

/// Comes back only when it fails.
fn start_anew(way: usize) -> io::Result<()> {
    let mut command = Command::new(env::current_exe()?);
    command.args(env::args_os().skip(1));
    command.envs(WAYS[way].iter().copied());
    Err(command.env(CHOSEN, way.to_string()).exec())
}

/// Whether this process is a Gardien.
fn is_ours(process: u32) -> bool {
    let theirs = fs::read_link(format!("/proc/{process}/exe"));
    let ours = fs::read_link("/proc/self/exe");
    process != process::id()
        && theirs.is_ok_and(|theirs| ours.is_ok_and(|ours| theirs.file_name() == ours.file_name()))
}

impl Attempt {
    /// Notes that the window is about to be opened in this way.
    pub(crate) fn begin(&self) {
        let mut state = self.state();
        state.try_it();
        if state.way > 0 {
            let variables = WAYS[state.way].iter().map(|(name, _)| *name);
            tracing::warn!(
                variables = variables.collect::<Vec<_>>().join(" "),
                file = %state.file.display(),
                "an earlier start painted nothing, so a workaround for the graphics driver is on; remove the file to try without"
            );
        }
    }

    /// Looks at the window until it has painted.
    pub(crate) async fn watch(self, window: WebviewWindow) {
        loop {
            tokio::time::sleep(PAUSE).await;
            if painted(&window).await {
                self.state().it_works();
                return;
            }
            let hidden = !window.is_visible().unwrap_or(true);
            if hidden || window.is_minimized().unwrap_or(false) {
                // Nothing is painted then, and nobody waits for it.
                self.state().take_back();
            } else {
                let mut state = self.state();
                state.try_it();
                state.seen += PAUSE;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The app ends in order. A blank window leaves its note for the next start.
pub(crate) fn leave(app: &AppHandle) {
    if let Some(attempt) = app.try_state::<Attempt>() {
        let mut state = attempt.state();
        if state.seen < LONG_ENOUGH {
            state.take_back();
        }
    }
}

impl State {
    fn try_it(&mut self) {
        if !self.noted {
            self.noted = true;
            let process = process::id();
            let way = self.way;
            self.write(Some(Note::Trying { way, process }));
        }
    }

    fn it_works(&mut self) {
        // Or the end would take a window that was seen for long to be blank.
        self.seen = Duration::ZERO;
        self.noted = true;
        self.take_back();
    }

    fn take_back(&mut self) {
        if self.noted {
            self.noted = false;
            let way = self.way;
            self.write((way > 0).then_some(Note::Works { way }));
        }
    }

    fn write(&self, note: Option<Note>) {
        let written = match note {
            Some(note) => fs::write(&self.file, note.text()),
            None => match fs::remove_file(&self.file) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed,
            },
        };
        if let Err(error) = written {
            tracing::warn!(%error, "how the window was opened cannot be noted");
        }
    }
}

/// Whether frames of the page reach the window. A page that does not answer paints nothing.
async fn painted(window: &WebviewWindow) -> bool {
    let (send, answer) = oneshot::channel();
    let send = Mutex::new(Some(send));
    let asked = window.eval_with_callback(PAINTED, move |answer| {
        let send = send.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(send) = send {
            let _ = send.send(answer == "true");
        }
    });
    match (asked, tokio::time::timeout(PAUSE, answer).await) {
        (Ok(()), Ok(Ok(painted))) => painted,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: fn(u32) -> bool = |_| false;

    #[test]
    fn a_start_in_vain_leads_to_the_next_way_and_a_good_one_stays() {
        let vain = |way| Some(Note::Trying { way, process: 7 });
        assert_eq!(choose(None, NOBODY), 0);
        assert_eq!(choose(vain(0), NOBODY), 1);
        assert_eq!(choose(vain(1), NOBODY), 0, "it was not the driver");
        assert_eq!(choose(Some(Note::Works { way: 1 }), NOBODY), 1);
        // A second start beside one that is still opening.
        assert_eq!(choose(vain(0), |process| process == 7), 0);
    }

    #[test]
    fn notes_are_read_as_they_were_written() {
        for note in [
            Note::Trying {
                way: 1,
                process: 41,
            },
            Note::Works { way: 1 },
        ] {
            assert_eq!(Note::parse(&note.text()), Some(note));
        }
        for torn in ["", "trying", "trying 1", "trying 9 4", "works x", "other 1"] {
            assert_eq!(Note::parse(torn), None, "{torn:?}");
        }
    }

    fn attempt(way: usize) -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("graphics");
        let state = State {
            way,
            file,
            noted: false,
            seen: Duration::ZERO,
        };
        (folder, state)
    }

    fn noted(state: &State) -> Option<Note> {
        Note::parse(&fs::read_to_string(&state.file).unwrap_or_default())
    }

    #[test]
    fn what_works_is_remembered_and_nothing_without_a_workaround() {
        for (way, left) in [(0, None), (1, Some(Note::Works { way: 1 }))] {
            let (_folder, mut state) = attempt(way);
            state.try_it();
            let process = process::id();
            assert_eq!(noted(&state), Some(Note::Trying { way, process }));
            state.it_works();
            assert_eq!(noted(&state), left);
        }
    }

    #[test]
    fn a_window_that_is_hidden_proves_nothing() {
        let (_folder, mut state) = attempt(0);
        state.try_it();
        state.take_back();
        assert_eq!(noted(&state), None);
        state.try_it();
        assert!(noted(&state).is_some());
    }
}
