//! What ends a connection in the middle of an answer.
//!
//! While its client takes nothing, the HTTP library asks an answer for nothing either: that it may not go on could not be
//! said by the answer itself.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

type Over = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Put on an answer by a service: when this comes back, the answer is cut off, and its connection with it, whether anybody
/// takes it or not.
#[derive(Clone)]
pub struct Until(Arc<dyn Fn() -> Over + Send + Sync>);

impl Until {
    /// Until what `over` gives comes back.
    pub fn new<F>(over: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(over())))
    }
}

impl fmt::Debug for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Until").finish_non_exhaustive()
    }
}

/// That of the answer which a connection gives now.
#[derive(Clone, Default)]
pub(super) struct Current(Arc<Mutex<Option<Over>>>);

impl Current {
    /// An answer begins, and lasts until what this gives is dropped.
    pub(super) fn begin(&self, until: Option<&Until>) -> Lasting {
        *self.held() = until.map(|Until(over)| over());
        Lasting(self.clone())
    }

    /// Comes back when the answer may not go on. Asked after the connection itself, which begins answers.
    pub(super) async fn over(&self) {
        poll_fn(|cx| match &mut *self.held() {
            Some(over) => over.as_mut().poll(cx),
            None => Poll::Pending,
        })
        .await;
    }

    fn held(&self) -> MutexGuard<'_, Option<Over>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer that is being given.
pub(super) struct Lasting(Current);

impl Drop for Lasting {
    fn drop(&mut self) {
        *self.0.held() = None;
    }
}
