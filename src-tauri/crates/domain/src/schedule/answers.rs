//! What the schedule answers.

use crate::key::KeyId;
use crate::limit::Slot;
use crate::share::Share;
use crate::turns::Ticket;

/// A slot, and where it came from.
#[derive(Debug)]
#[must_use = "a slot that is dropped stays taken for ever"]
pub struct Turn {
    pub(super) slot: Slot,
    /// Out of what is reserved for its key, and not out of the bucket.
    pub(super) reserved: bool,
}

impl Turn {
    /// Whose it is.
    #[must_use]
    pub fn key(&self) -> Option<KeyId> {
        self.slot.key()
    }
}

/// What stands in a call's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The organization's limit.
    Organization,
    /// The key's own share.
    Key,
}

/// Why there is no turn, and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full {
    /// What is used up.
    pub bound: Bound,
    /// Milliseconds until it would be this call's turn, as things stand.
    pub retry_after_ms: u64,
}

/// What a key has of the limit at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which key.
    pub key: KeyId,
    /// Slots that it holds.
    pub calls: u32,
    /// Calls of it that wait for their turn.
    pub waiting: u32,
    /// Milliseconds that the first of them has waited; 0 if none waits.
    pub waited_ms: u64,
    /// Calls of it that were refused for want of a turn in the last minute, where somebody counts them.
    pub refused: u32,
    /// What it may have, and what is kept free for it.
    pub share: Share,
}

impl Part {
    /// Of a key that has nothing.
    #[must_use]
    pub fn of(key: KeyId) -> Self {
        Self {
            key,
            calls: 0,
            waiting: 0,
            waited_ms: 0,
            refused: 0,
            share: Share::default(),
        }
    }
}

/// What a key has of its own share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own {
    /// Calls that it may have a minute.
    pub at_most: u32,
    /// Calls that are left of them now.
    pub remaining: u32,
    /// Milliseconds until the oldest of them counts no more; 0 if none counts.
    pub reset_ms: u64,
}

/// The answer to a call that comes.
#[derive(Debug)]
pub enum Coming {
    /// It goes.
    Goes(Turn),
    /// It waits; [`Schedule::due`](super::Schedule::due) says when it goes.
    Waits(Ticket),
    /// It could not go in time.
    Refused(Full),
}

/// Those who need not wait any longer.
#[derive(Debug)]
pub struct Due<W> {
    /// They go.
    pub go: Vec<(W, Turn)>,
    /// They cannot go in time any more.
    pub refused: Vec<(W, Full)>,
}
