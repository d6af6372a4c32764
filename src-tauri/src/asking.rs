//! What a person is asked when they close the window or leave the app, and what they were asked before.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gardien_authority::api::Caller;
use serde::Serialize;
use ts_rs::TS;

/// Whoever wants to leave again within this means it.
pub(crate) const INSISTING: Duration = Duration::from_secs(30);
/// Somebody closes the window, or leaves the app, and has to say what becomes of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct Closing {
    /// Keys that stop with the gateway.
    #[ts(type = "number")]
    pub(crate) live_keys: u64,
    /// Programs that called in the last minute.
    pub(crate) callers: Vec<Caller>,
    /// Whether an icon in the tray can bring the window back.
    pub(crate) tray: bool,
    /// Whether the app is to be left, rather than the window closed.
    pub(crate) quitting: bool,
}

/// What was asked before, and is not answered.
#[derive(Debug, Default)]
pub(crate) struct Asked(Mutex<Memory>);

#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) quitting: Option<Instant>,
    /// The page did not even take the question.
    pub(crate) deaf: bool,
}

impl Asked {
    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether asking once more would ask somebody who has answered by asking again, or nobody.
    pub(crate) fn is_enough(&self, quitting: bool, now: Instant) -> bool {
        let memory = self.memory();
        let insisting = memory
            .quitting
            .is_some_and(|before| now.duration_since(before) < INSISTING);
        memory.deaf || (quitting && insisting)
    }

    /// The question is asked: to leave the app if it is `quitting`.
    pub(crate) fn remember(&self, quitting: Option<Instant>) {
        *self.memory() = Memory {
            quitting,
            deaf: false,
        };
    }

    /// The question is answered, or there is none.
    pub(crate) fn settle(&self) {
        *self.memory() = Memory::default();
    }
}
