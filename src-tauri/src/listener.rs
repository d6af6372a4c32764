//! Who hears what is pushed: the page in the window, from when it begins to listen.

use std::sync::{Mutex, MutexGuard, PoisonError};

use gardien_authority::api::Event;
use serde::Serialize;
use tokio::sync::watch;
use ts_rs::TS;

use crate::asking::Closing;
use crate::error::CommandError;
use crate::status::AppStatus;

/// What is pushed to the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum WindowEvent {
    Changed {
        change: Event,
    },
    Status {
        status: Box<AppStatus>,
    },
    /// The team's server does not answer, and why; or null: it answers again.
    Lost {
        error: Option<CommandError>,
    },
    Closing {
        closing: Closing,
    },
}

/// Takes an event to the page. Answers whether there is one.
type Page = Box<dyn Fn(WindowEvent) -> bool + Send>;

/// The page that listens, if one does, and whether anybody sees it.
pub(crate) struct Listener {
    page: Mutex<Option<Hearing>>,
    lost: Mutex<Option<CommandError>>,
    visible: watch::Sender<bool>,
}

struct Hearing {
    page: Page,
    told: Option<AppStatus>,
}

impl Default for Listener {
    fn default() -> Self {
        Self {
            page: Mutex::default(),
            lost: Mutex::default(),
            visible: watch::Sender::new(false),
        }
    }
}

impl Listener {
    /// Pushes to this page from here on, in place of the one before.
    pub(crate) fn listen(&self, page: impl Fn(WindowEvent) -> bool + Send + 'static) {
        let lost = lock(&self.lost).clone();
        if lost.is_some() {
            page(WindowEvent::Lost { error: lost });
        }
        *lock(&self.page) = Some(Hearing {
            page: Box::new(page),
            told: None,
        });
    }

    pub(crate) fn tell(&self, event: WindowEvent) {
        if let WindowEvent::Lost { error } = &event {
            lock(&self.lost).clone_from(error);
        }
        let mut hearing = lock(&self.page);
        if hearing.as_ref().is_some_and(|to| !(to.page)(event)) {
            *hearing = None;
        }
    }

    /// The person is elsewhere now: whether the server answers that they left matters no more.
    pub(crate) fn tell_left(&self) {
        let lost = lock(&self.lost).is_some();
        if lost {
            self.tell(WindowEvent::Lost { error: None });
        }
    }

    /// The status, unless it is what the page was told last.
    pub(crate) fn tell_status(&self, status: AppStatus) {
        let mut hearing = lock(&self.page);
        let Some(to) = hearing.as_mut() else {
            return;
        };
        if to.told.as_ref() == Some(&status) {
            return;
        }
        to.told = Some(status.clone());
        let status = Box::new(status);
        if !(to.page)(WindowEvent::Status { status }) {
            *hearing = None;
        }
    }

    /// Says whether the window is shown or hidden.
    pub(crate) fn set_visible(&self, visible: bool) {
        self.visible.send_replace(visible);
    }

    /// Whether it is shown, from here on.
    pub(crate) fn visible(&self) -> watch::Receiver<bool> {
        self.visible.subscribe()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
