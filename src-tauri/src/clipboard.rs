//! The clipboard, owned by one thread: it may block, and the process that copied must stay to serve what it copied.
//!
//! A secret is marked, where the system has such a mark, so that clipboard histories leave it out, and is taken away
//! again after a while unless something else was copied since.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use zeroize::{Zeroize, Zeroizing};

use crate::error::{Code, CommandError};

/// An X server or another owner that does not answer within this is as good as none.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often, and after which pause, a clipboard that did not let go of a secret is asked again.
const ATTEMPTS: u32 = 10;
const AGAIN: Duration = Duration::from_secs(1);

/// How often a text is set that does not hold, and how long late word of the owner before may take.
const SETTINGS: u32 = 3;
const SETTLING: Duration = Duration::from_millis(20);

/// A handle to the clipboard's thread. The last one dropped ends it.
#[derive(Debug, Clone)]
pub(crate) struct Clipboard {
    orders: mpsc::Sender<Order>,
    stay: Duration,
}

enum Order {
    Secret(Zeroizing<String>, Duration, oneshot::Sender<bool>),
    Text(String, oneshot::Sender<bool>),
    Clear(oneshot::Sender<bool>),
}

impl Clipboard {
    /// The system's clipboard, on which a secret stays for `stay`. It is first contacted when something is copied.
    pub(crate) fn open(stay: Duration) -> Self {
        let (orders, queue) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("clipboard".to_owned())
            .spawn(move || Owner::default().serve(&queue));
        if let Err(error) = thread {
            // The queue went with it: every order is answered with an error.
            tracing::error!(%error, "no thread for the clipboard");
        }
        Self { orders, stay }
    }

    /// Copies a text that holds a secret. Answers for how long it stays.
    ///
    /// # Errors
    /// `clipboard_unavailable`.
    pub(crate) async fn copy_secret(
        &self,
        text: Zeroizing<String>,
    ) -> Result<Duration, CommandError> {
        let stay = self.stay;
        self.ask(|done| Order::Secret(text, stay, done))
            .await
            .map(|()| stay)
    }

    /// Copies a text that anybody may read.
    ///
    /// # Errors
    /// `clipboard_unavailable`.
    pub(crate) async fn copy(&self, text: String) -> Result<(), CommandError> {
        self.ask(|done| Order::Text(text, done)).await
    }

    /// Takes a secret away at once, if one of ours is still there.
    pub(crate) async fn clear(&self) {
        if self.ask(Order::Clear).await.is_err() {
            tracing::warn!("the clipboard could not be cleared");
        }
    }

    async fn ask(
        &self,
        order: impl FnOnce(oneshot::Sender<bool>) -> Order,
    ) -> Result<(), CommandError> {
        let (done, answer) = oneshot::channel();
        let sent = self.orders.send(order(done)).is_ok();
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(true)) if sent => Ok(()),
            _ => Err(CommandError::new(
                Code::ClipboardUnavailable,
                "The clipboard could not be used.",
            )),
        }
    }
}

/// The secret that was copied last, and when it has to go.
struct CopiedSecret {
    text: Zeroizing<String>,
    until: Instant,
    /// How often taking it back may still fail.
    attempts: u32,
}

#[derive(Default)]
struct Owner {
    system: Option<arboard::Clipboard>,
    held: Option<CopiedSecret>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a thread of its own that only waits"
)]
impl Owner {
    fn serve(mut self, queue: &mpsc::Receiver<Order>) {
        loop {
            let order = match &self.held {
                Some(held) => {
                    queue.recv_timeout(held.until.saturating_duration_since(Instant::now()))
                }
                None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match order {
                Ok(Order::Secret(text, stay, done)) => {
                    let copied = self.with(|system| {
                        set_surely(system, |system| conceal(system.set()).text(text.as_str()))
                    });
                    if copied {
                        self.held = Some(CopiedSecret {
                            text,
                            until: Instant::now() + stay,
                            attempts: ATTEMPTS,
                        });
                    }
                    let _ = done.send(copied);
                }
                Ok(Order::Text(text, done)) => {
                    let copied = self
                        .with(|system| set_surely(system, |system| system.set_text(text.as_str())));
                    if copied {
                        self.held = None;
                    }
                    let _ = done.send(copied);
                }
                Ok(Order::Clear(done)) => {
                    let _ = done.send(self.take_back());
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.take_back();
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.take_back();
    }

    /// Clears the clipboard if it still holds our secret. What somebody copied since stays.
    fn take_back(&mut self) -> bool {
        let Some(held) = self.held.take() else {
            return true;
        };
        let gone = self.with(|system| {
            let mut now = match system.get_text() {
                Ok(text) => text,
                Err(arboard::Error::ContentNotAvailable) => return Ok(()),
                Err(error) => return Err(error),
            };
            let ours = now == *held.text;
            now.zeroize();
            if ours { system.clear() } else { Ok(()) }
        });
        if !gone && held.attempts > 0 {
            // Somebody else may hold the clipboard for a moment: a secret does not stay for that.
            self.held = Some(CopiedSecret {
                until: Instant::now() + AGAIN,
                attempts: held.attempts - 1,
                ..held
            });
        }
        gone
    }

    fn with(
        &mut self,
        act: impl FnOnce(&mut arboard::Clipboard) -> Result<(), arboard::Error>,
    ) -> bool {
        let done = match &mut self.system {
            Some(system) => act(system),
            none => arboard::Clipboard::new().and_then(|system| act(none.insert(system))),
        };
        if let Err(error) = &done {
            tracing::warn!(%error, "the clipboard failed");
            // Its connection may be gone for good; the next order opens a new one.
            self.system = None;
        }
        done.is_ok()
    }
}

/// Sets, and looks whether it holds: on X11 word that somebody else had the clipboard *before* may come late, and
/// arboard then drops what was set meanwhile.
fn set_surely(
    system: &mut arboard::Clipboard,
    set: impl Fn(&mut arboard::Clipboard) -> Result<(), arboard::Error>,
) -> Result<(), arboard::Error> {
    for _ in 0..SETTINGS {
        set(system)?;
        thread::sleep(SETTLING);
        let now = system.get_text().map(Zeroizing::new);
        // Something else is another program's, copied since.
        if !matches!(now, Err(arboard::Error::ContentNotAvailable)) {
            return Ok(());
        }
    }
    Err(arboard::Error::ContentNotAvailable)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn conceal(set: arboard::Set<'_>) -> arboard::Set<'_> {
    arboard::SetExtLinux::exclude_from_history(set)
}

#[cfg(target_os = "macos")]
fn conceal(set: arboard::Set<'_>) -> arboard::Set<'_> {
    arboard::SetExtApple::exclude_from_history(set)
}

#[cfg(windows)]
fn conceal(set: arboard::Set<'_>) -> arboard::Set<'_> {
    arboard::SetExtWindows::exclude_from_monitoring(set)
}
