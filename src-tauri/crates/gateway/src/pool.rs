//! Connections to the upstream that wait for the next call.
//!
//! Each runtime has its own, since only it hears what comes on them: workers share none, and wait for nobody's.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use gardien_egress::IDLE;
use jiff::{SignedDuration, Timestamp};
use papaya::HashMap;
use tokio::runtime;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::clock::WallClock;
use crate::line::Line;

/// Connections that wait on a shelf.
const MOST: usize = 256;

/// All shelves.
pub(crate) struct Pool {
    shelves: HashMap<runtime::Id, Arc<Shelf>>,
    now: Arc<Now>,
}

/// What all shelves go by.
struct Now {
    clock: WallClock,
    /// How often all that waited was forgotten.
    forgotten: AtomicU64,
}

/// The connections of one runtime.
pub(crate) struct Shelf {
    state: Mutex<State>,
    changed: Notify,
    now: Arc<Now>,
}

#[derive(Default)]
struct State {
    /// Whoever waits longest first.
    waiting: VecDeque<Waiting>,
    /// Whether somebody will come and take away what waits for too long.
    is_looked_after: bool,
}

struct Waiting {
    line: Line,
    since: Timestamp,
    forgotten: u64,
}

impl Pool {
    /// An empty one. `clock` tells the wall's time.
    pub(crate) fn new(clock: WallClock) -> Self {
        let forgotten = AtomicU64::new(0);
        Self {
            shelves: HashMap::new(),
            now: Arc::new(Now { clock, forgotten }),
        }
    }

    /// The shelf of the runtime that asks.
    pub(crate) fn shelf(&self) -> Arc<Shelf> {
        let runtime = runtime::Handle::current().id();
        let shelves = self.shelves.pin();
        let shelf = shelves.get_or_insert_with(runtime, || {
            Arc::new(Shelf {
                state: Mutex::default(),
                changed: Notify::new(),
                now: self.now.clone(),
            })
        });
        shelf.clone()
    }

    /// Forgets all connections that wait: what killed one killed the others.
    pub(crate) fn forget(&self) {
        self.now.forgotten.fetch_add(1, Ordering::AcqRel);
    }
}

impl Now {
    /// Whether a connection may still carry a call. The clock of the runtime stands still while the machine sleeps, so it is
    /// the wall's that tells.
    fn is_good(&self, waiting: &Waiting) -> bool {
        let waited = (self.clock)().duration_since(waiting.since).abs();
        waiting.forgotten == self.forgotten.load(Ordering::Acquire)
            && SignedDuration::try_from(IDLE).is_ok_and(|longest| waited <= longest)
    }
}

impl Shelf {
    /// A connection that takes a call, if there is any: the one that was used last.
    pub(crate) async fn take(&self) -> Option<Line> {
        poll_fn(|cx| Poll::Ready(self.next(cx))).await
    }

    fn next(&self, cx: &mut Context<'_>) -> Option<Line> {
        let waiting = &mut self.state().waiting;
        loop {
            let mut last = waiting.pop_back()?;
            if !self.now.is_good(&last) {
                // The others wait longer.
                waiting.clear();
                return None;
            }
            if last.line.is_free(cx) {
                return Some(last.line);
            }
        }
    }

    /// Comes back when there may be one.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Keeps a connection for the next call.
    pub(crate) fn put(self: &Arc<Self>, line: Line) {
        let since = (self.now.clock)();
        let forgotten = self.now.forgotten.load(Ordering::Acquire);
        let mut state = self.state();
        if state.waiting.len() == MOST {
            state.waiting.pop_front();
        }
        state.waiting.push_back(Waiting {
            line,
            since,
            forgotten,
        });
        if !std::mem::replace(&mut state.is_looked_after, true) {
            tokio::spawn(Self::look_after(Arc::downgrade(self)));
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Closes what waits for too long, until nothing waits.
    async fn look_after(shelf: Weak<Self>) {
        loop {
            sleep(IDLE).await;
            let Some(shelf) = shelf.upgrade() else {
                return;
            };
            let mut state = shelf.state();
            state.waiting.retain(|waiting| shelf.now.is_good(waiting));
            if state.waiting.is_empty() {
                state.is_looked_after = false;
                return;
            }
        }
    }

    /// Nothing in a critical section can panic half-way.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
