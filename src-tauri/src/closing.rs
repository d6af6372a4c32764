//! Closing the window and leaving the app: nothing that stops a gateway with live keys does so without a word.
//!
//! Being told to end by the system is not asked about here: whoever shuts a computer down has decided.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gardien_authority::api::Caller;
use jiff::Timestamp;

use crate::app::App;
use crate::asking::Closing;
use crate::error::CommandError;
use crate::home::Local;
use crate::listener::WindowEvent;
use crate::preferences::OnClose;
use crate::trial;

/// A store that does not answer keeps nobody from leaving.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Close,
    Quit,
}

/// What is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Hide,
    Ask { quitting: bool },
    Leave,
}

/// What hangs on the gateway of this computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stake {
    /// It answers programs.
    running: bool,
    /// It rests, and can be resumed.
    paused: bool,
    live_keys: u64,
    callers: usize,
}

fn decide(wish: Wish, way: OnClose, stake: Stake) -> Act {
    let called = stake.running && stake.callers > 0;
    match (wish, way) {
        // A gateway that is not open has nothing to go on with, and a hidden window could not say so.
        (Wish::Close, OnClose::Keep) if stake.running || stake.paused => Act::Hide,
        (Wish::Close, OnClose::Ask) if stake.running && stake.live_keys > 0 => {
            Act::Ask { quitting: false }
        }
        (Wish::Quit, _) | (Wish::Close, OnClose::Stop) if called => Act::Ask { quitting: true },
        _ => Act::Leave,
    }
}

/// The window is to be closed.
pub(crate) async fn close(app: &Arc<App>) {
    go(app, Wish::Close).await;
}

/// The app is to be left, by the tray.
pub(crate) async fn quit(app: &Arc<App>) {
    go(app, Wish::Quit).await;
}

/// Leaves the window as its person answered: whether the gateway goes on, and whether that is the answer from now on.
pub(crate) fn leave(
    app: &App,
    keep: bool,
    remember: bool,
    start_at_login: bool,
) -> Result<(), CommandError> {
    if remember {
        let way = if keep { OnClose::Keep } else { OnClose::Stop };
        app.preferences.change(|saved| saved.on_close = way)?;
    }
    app.asked.settle();
    if keep {
        app.shell.start_at_login(start_at_login)?;
        app.shell.hide();
    } else {
        app.shell.leave();
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "when a person was last asked")]
async fn go(app: &Arc<App>, wish: Wish) {
    let (stake, callers) = match app.local() {
        Some(local) => at_stake(&local).await,
        None => (Stake::NOTHING, Vec::new()),
    };
    match decide(wish, app.preferences.read().on_close, stake) {
        Act::Leave => app.shell.leave(),
        Act::Ask { quitting } if app.asked.is_enough(quitting, Instant::now()) => {
            app.shell.leave();
        }
        Act::Hide => {
            app.asked.settle();
            app.shell.hide();
        }
        Act::Ask { quitting } => {
            app.shell.show();
            let closing = Closing {
                live_keys: stake.live_keys,
                callers,
                tray: app.shell.has_tray(),
                quitting,
            };
            app.listener.tell(WindowEvent::Closing { closing });
            let quitting = quitting.then(Instant::now);
            app.asked.remember(quitting);
            if !app.shell.page_answers().await {
                tracing::warn!("the page does not answer; closing again ends Gardien");
                app.asked.memory().deaf = true;
            }
        }
    }
}

impl Stake {
    const NOTHING: Self = Self {
        running: false,
        paused: false,
        live_keys: 0,
        callers: 0,
    };
}

#[expect(clippy::disallowed_methods, reason = "who calls at this moment")]
async fn at_stake(local: &Local) -> (Stake, Vec<Caller>) {
    let (live_keys, callers) = tokio::join!(
        tokio::time::timeout(PATIENCE, local.live_keys()),
        tokio::time::timeout(PATIENCE, local.service.callers(Timestamp::now())),
    );
    let mut callers = callers.ok().and_then(Result::ok).unwrap_or_default();
    // What somebody tried in the window is no program that would miss the gateway.
    callers.retain(|caller| caller.client.as_deref() != Some(trial::CLIENT));
    let stake = Stake {
        running: local.gateway.is_running(),
        paused: local.gateway.is_paused(),
        live_keys: live_keys.ok().flatten().unwrap_or_default(),
        callers: callers.len(),
    };
    (stake, callers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asking::{Asked, INSISTING};

    const IDLE: Stake = Stake {
        running: true,
        paused: false,
        live_keys: 3,
        callers: 0,
    };
    const CALLED: Stake = Stake { callers: 2, ..IDLE };
    const KEYLESS: Stake = Stake {
        live_keys: 0,
        ..IDLE
    };
    const PAUSED: Stake = Stake {
        running: false,
        paused: true,
        ..CALLED
    };
    const SHUT: Stake = Stake {
        paused: false,
        ..PAUSED
    };

    #[test]
    fn nothing_that_stops_live_keys_does_so_without_a_word() {
        let asks = Act::Ask { quitting: false };
        let names = Act::Ask { quitting: true };
        for (wish, way, stake, act) in [
            (Wish::Close, OnClose::Ask, IDLE, asks),
            (Wish::Close, OnClose::Ask, CALLED, asks),
            (Wish::Close, OnClose::Ask, KEYLESS, Act::Leave),
            (Wish::Close, OnClose::Ask, PAUSED, Act::Leave),
            (Wish::Close, OnClose::Ask, SHUT, Act::Leave),
            (Wish::Close, OnClose::Ask, Stake::NOTHING, Act::Leave),
            (Wish::Close, OnClose::Keep, IDLE, Act::Hide),
            (Wish::Close, OnClose::Keep, CALLED, Act::Hide),
            (Wish::Close, OnClose::Keep, KEYLESS, Act::Hide),
            (Wish::Close, OnClose::Keep, PAUSED, Act::Hide),
            (Wish::Close, OnClose::Keep, SHUT, Act::Leave),
            (Wish::Close, OnClose::Stop, IDLE, Act::Leave),
            (Wish::Close, OnClose::Stop, CALLED, names),
            (Wish::Close, OnClose::Stop, PAUSED, Act::Leave),
            (Wish::Quit, OnClose::Ask, IDLE, Act::Leave),
            (Wish::Quit, OnClose::Keep, CALLED, names),
            (Wish::Quit, OnClose::Stop, CALLED, names),
            (Wish::Quit, OnClose::Ask, CALLED, names),
            (Wish::Quit, OnClose::Ask, PAUSED, Act::Leave),
        ] {
            assert_eq!(decide(wish, way, stake), act, "{wish:?} {way:?} {stake:?}");
        }
    }

    #[test]
    fn who_insists_leaves_and_so_does_who_cannot_be_asked() {
        let (asked, now) = (Asked::default(), Instant::now());
        assert!(!asked.is_enough(true, now) && !asked.is_enough(false, now));
        asked.memory().quitting = Some(now);
        assert!(asked.is_enough(true, now + Duration::from_secs(5)));
        assert!(!asked.is_enough(true, now + INSISTING), "long ago");
        // Closing the window twice is no answer to what becomes of the gateway.
        assert!(!asked.is_enough(false, now + Duration::from_secs(5)));
        asked.memory().deaf = true;
        assert!(asked.is_enough(false, now + Duration::from_secs(5)));
        asked.settle();
        assert!(!asked.is_enough(false, now));
    }
}
