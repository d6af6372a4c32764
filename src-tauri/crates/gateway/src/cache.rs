//! Reads that are answered from memory, where the organization wants that: what is kept, what is coming, and what a write
//! takes away. Pure: time comes in, as milliseconds on one clock that never runs backwards.
//!
//! A read that may be kept has a slot from before it goes out. Whatever makes its answer an old one takes the slot away:
//! then the answer is not kept, however late it comes, and nobody waits for it any more.
//!
//! Not a library's: what is kept lives for a minute at most and each of it cost a call of the limit, so that there is
//! nothing to evict well; and none lets a write end what is still coming.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use gardien_domain::{KeyId, ProjectId};
use http::Response;
use http::header::{AGE, HeaderMap};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::body::Body;
use crate::clock::Clock;
use crate::keeping::Keeping;
use crate::minute::Minute;
use crate::question::Question;

/// Bytes of everything that is kept or coming. The longest answer that is kept is [`LARGEST`](crate::keeping::LARGEST).
const ROOM: usize = 16 * 1024 * 1024;
/// Bytes that an answer takes beside its own and its question's.
const EACH: usize = 1024;
/// What is too old is looked for this often at most while calls come, in milliseconds.
const SWEEP_MS: u64 = 1_000;
/// And this often while none does.
const AT_REST: Duration = Duration::from_secs(60);

mod writing;

#[derive(Debug)]
pub(crate) struct Cache {
    state: Mutex<State>,
    room: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct State {
    /// How long an answer is kept; 0: nothing is.
    lifetime_ms: u64,
    slots: HashMap<Question, Slot>,
    /// How often something was taken away.
    changes: u64,
    /// Which writes were given up, and until when each may still be made.
    given_up: Vec<(Option<ProjectId>, u64)>,
    /// The number of the next that is coming.
    next: u64,
    swept_at: u64,
    saved: Minute,
}

#[derive(Debug)]
enum Slot {
    Coming {
        number: u64,
        /// Dropped with the slot, which tells whoever waits.
        _over: watch::Sender<()>,
        waiting: watch::Receiver<()>,
    },
    Kept {
        answer: Kept,
        _room: OwnedSemaphorePermit,
    },
}

/// A whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// When it was asked for.
    pub(crate) at: u64,
}

/// What there is to a question.
#[derive(Debug)]
pub(crate) enum Found {
    Kept(Response<Body>),
    /// Somebody asked the same and is about to be answered.
    Coming(Coming),
    /// It has to be asked, and may be kept.
    Nothing(Option<Keeping>),
}

/// The answer to somebody else's call.
#[derive(Debug)]
pub(crate) struct Coming(watch::Receiver<()>);

impl Coming {
    /// Comes back when it is there, or will not be.
    pub(crate) async fn over(mut self) {
        // Nothing is ever sent: the sender goes.
        let _ = self.0.changed().await;
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            room: Arc::new(Semaphore::new(ROOM)),
        }
    }
}

impl Cache {
    /// Keeps answers for so many seconds from here on; 0: none.
    pub(crate) fn keep_for(&self, seconds: u32) {
        let lifetime_ms = u64::from(seconds) * 1_000;
        let mut state = self.state();
        if state.lifetime_ms != lifetime_ms {
            state.lifetime_ms = lifetime_ms;
            state.clear();
        }
    }

    /// How often something was taken away by now; `None`: nothing is kept.
    pub(crate) fn changes(&self) -> Option<u64> {
        let state = self.state();
        (state.lifetime_ms > 0).then_some(state.changes)
    }

    /// What there is to a question that was made of what held after `changes`.
    pub(crate) fn ask(
        self: &Arc<Self>,
        question: &Question,
        changes: Option<u64>,
        now: u64,
        wall: Timestamp,
    ) -> Found {
        let mut state = self.state();
        let lifetime = state.lifetime_ms;
        match state.slots.get(question) {
            Some(Slot::Kept { answer, .. }) if answer.is_fresh(lifetime, now) => {
                let answer = answer.at(now);
                state.saved.add(1, wall);
                return Found::Kept(answer);
            }
            Some(Slot::Coming { waiting, .. }) => return Found::Coming(Coming(waiting.clone())),
            _ => {}
        }
        if lifetime == 0
            || changes != Some(state.changes)
            || state.is_in_doubt(question.project, now)
        {
            return Found::Nothing(None);
        }
        state.sweep(now);
        let Some(room) = self.room(EACH + question.size()) else {
            return Found::Nothing(None);
        };
        let number = state.next;
        state.next += 1;
        let (_over, waiting) = watch::channel(());
        let coming = Slot::Coming {
            number,
            _over,
            waiting,
        };
        state.slots.insert(question.clone(), coming);
        let keeping = Keeping::new(self.clone(), question.clone(), number, room);
        Found::Nothing(Some(keeping))
    }

    /// Takes away all that a key was answered.
    pub(crate) fn forget(&self, key: KeyId) {
        self.state().retain(|question| question.key != key);
    }

    /// Takes away everything.
    pub(crate) fn clear(&self) {
        self.state().clear();
    }

    /// How many calls were answered from memory in the minute before `now`.
    pub(crate) fn saved(&self, now: Timestamp) -> u32 {
        self.state().saved.calls(now)
    }

    /// Gives memory back while no call comes, until `stop`.
    pub(crate) async fn keep_small(self: Arc<Self>, clock: Clock, stop: CancellationToken) {
        let mut rest = interval(AT_REST);
        rest.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = rest.tick() => self.state().sweep(clock.now()),
            }
        }
    }

    /// Room for so many bytes, if there is any.
    pub(crate) fn room(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes).ok()?;
        self.room.clone().try_acquire_many_owned(bytes).ok()
    }

    /// What was coming is there.
    pub(crate) fn keep(
        &self,
        question: &Question,
        coming: u64,
        answer: Kept,
        room: OwnedSemaphorePermit,
    ) {
        if let Some(slot) = self.state().coming(question, coming) {
            *slot = Slot::Kept {
                answer,
                _room: room,
            };
        }
    }

    /// What was coming does not come.
    pub(crate) fn give_up(&self, question: &Question, coming: u64) {
        let mut state = self.state();
        if state.coming(question, coming).is_some() {
            state.slots.remove(question);
        }
    }

    /// Nothing in a critical section can panic half-way.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn coming(&mut self, question: &Question, coming: u64) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(question)?;
        matches!(slot, Slot::Coming { number, .. } if *number == coming).then_some(slot)
    }

    fn retain(&mut self, keeps: impl Fn(&Question) -> bool) {
        self.changes += 1;
        self.slots.retain(|question, _| keeps(question));
    }

    fn clear(&mut self) {
        self.retain(|_| false);
    }

    fn sweep(&mut self, now: u64) {
        if now.saturating_sub(self.swept_at) >= SWEEP_MS {
            self.swept_at = now;
            let lifetime = self.lifetime_ms;
            self.slots.retain(|_, slot| match slot {
                Slot::Coming { .. } => true,
                Slot::Kept { answer, .. } => answer.is_fresh(lifetime, now),
            });
        }
    }
}

impl Kept {
    fn is_fresh(&self, lifetime_ms: u64, now: u64) -> bool {
        // Whoever asks may have looked at the clock before it was asked for.
        now.saturating_sub(self.at) < lifetime_ms
    }

    /// The answer as it is given now. Source: RFC 9111, `Age` in whole seconds, on top of what it had when it came.
    fn at(&self, now: u64) -> Response<Body> {
        let mut response = Response::new(Body::whole(self.body.clone()));
        let mut headers = self.headers.clone();
        let before = headers.get(AGE).and_then(|age| age.to_str().ok());
        let before: u64 = before.and_then(|age| age.parse().ok()).unwrap_or(0);
        let age = before.saturating_add(now.saturating_sub(self.at) / 1_000);
        headers.insert(AGE, age.into());
        *response.headers_mut() = headers;
        response
    }
}

#[cfg(test)]
mod tests;
