//! What a connection is about, between its HTTP library and whoever may end it from outside.
//!
//! While its client takes nothing, the library asks an answer for nothing either: that it may not go on could not be
//! said by the answer itself.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::Until;

/// The request that a connection makes now, or since when it makes none. Clones are one.
#[derive(Clone)]
pub(crate) struct Current(Arc<Mutex<Doing>>);

struct Doing {
    /// None during a request.
    idle_since: Option<Instant>,
    /// What cuts its answer off.
    until: Option<Until>,
}

impl Default for Current {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Doing {
            idle_since: Some(Instant::now()),
            until: None,
        })))
    }
}

impl Current {
    /// A request begins, and lasts until what this gives is dropped.
    pub(crate) fn begin(&self) -> Lasting {
        self.doing().idle_since = None;
        Lasting(self.clone())
    }

    /// Comes back when the answer may not go on. Asked after the connection itself, which begins answers.
    pub(crate) async fn over(&self) {
        poll_fn(|cx| match &mut self.doing().until {
            Some(until) => until.as_mut().poll(cx),
            None => Poll::Pending,
        })
        .await;
    }

    /// Its client takes what was answered, and had to be waited for: until now it was not idle.
    pub(crate) fn is_taken(&self) {
        let mut doing = self.doing();
        doing.idle_since = doing.idle_since.map(|_| Instant::now());
    }

    /// Comes back when there was no request for so long.
    pub(crate) async fn idle(&self, most: Duration) {
        loop {
            // A request costs no timer: one that ended meanwhile is looked at when the former one is up.
            let now = Instant::now();
            let deadline = self.doing().idle_since.unwrap_or(now) + most;
            if deadline <= now {
                return;
            }
            sleep_until(deadline).await;
        }
    }

    /// Nothing in a critical section can panic half-way.
    fn doing(&self) -> MutexGuard<'_, Doing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being answered.
pub(crate) struct Lasting(Current);

impl Lasting {
    /// Its answer lasts no longer than until this comes back.
    pub(crate) fn until(&self, until: Until) {
        self.0.doing().until = Some(until);
    }
}

impl Drop for Lasting {
    fn drop(&mut self) {
        let mut doing = self.0.doing();
        doing.until = None;
        doing.idle_since = Some(Instant::now());
    }
}
