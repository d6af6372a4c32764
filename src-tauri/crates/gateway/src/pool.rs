//! Connections to the upstream that wait for the next call.
//!
//! Each runtime has its own, since only it hears what comes on them: workers share none, and wait for nobody's.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use gardien_egress::IDLE;
use jiff::Timestamp;
use papaya::HashMap;
use tokio::runtime;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::clock::WallClock;
use crate::line::Line;
use crate::secrets::OwnBits;

/// Connections that wait on a shelf.
const MOST: usize = 256;

/// All shelves.
pub(crate) struct Pool {
    /// There are few runtimes, and each is a number: its own bits place it.
    shelves: HashMap<runtime::Id, Arc<Shelf>, BuildHasherDefault<OwnBits>>,
    now: Arc<Now>,
}

/// What all shelves go by.
struct Now {
    clock: WallClock,
    /// How often all that waited was forgotten.
    forgotten: AtomicU64,
}

/// Closes what waits on a shelf for too long, or is closed by the other side: half-open it would still take a file. When its
/// runtime ends, all of them: nobody hears any more what comes on them.
struct Keeper(Weak<Shelf>);

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
    /// What wakes the [`Keeper`], while there is one.
    keeper: Option<Waker>,
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
            shelves: HashMap::default(),
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
        let waited = (self.clock)().duration_since(waiting.since);
        waiting.forgotten == self.forgotten.load(Ordering::Acquire) && waited.unsigned_abs() <= IDLE
    }
}

impl Shelf {
    /// A connection that takes a call, if there is any: the one that was used last.
    pub(crate) fn take(&self) -> Option<Line> {
        // Whoever takes it looks at it next.
        let mut cx = Context::from_waker(Waker::noop());
        let waiting = &mut self.state().waiting;
        loop {
            let mut last = waiting.pop_back()?;
            if !self.now.is_good(&last) {
                // The others wait longer.
                waiting.clear();
                return None;
            }
            if last.line.is_free(&mut cx) {
                return Some(last.line);
            }
        }
    }

    /// Comes back when there may be one.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Keeps a connection for the next call, if it takes one.
    pub(crate) fn put(self: &Arc<Self>, mut line: Line) {
        let since = (self.now.clock)();
        let forgotten = self.now.forgotten.load(Ordering::Acquire);
        let mut state = self.state();
        // One that begins looks at all of them.
        let begins = state.keeper.is_none();
        let keeper = state.keeper.as_ref().unwrap_or(Waker::noop());
        if !line.is_free(&mut Context::from_waker(keeper)) {
            return;
        }
        if begins {
            state.keeper = Some(Waker::noop().clone());
        }
        if state.waiting.len() == MOST {
            state.waiting.pop_front();
        }
        state.waiting.push_back(Waiting {
            line,
            since,
            forgotten,
        });
        drop(state);
        if begins {
            // Dropped at once where the runtime ends: not while the shelf is locked.
            tokio::spawn(Keeper(Arc::downgrade(self)).keep());
        }
        self.changed.notify_one();
    }

    /// Nothing in a critical section can panic half-way.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper {
    /// Until nothing waits.
    async fn keep(self) {
        let is_used = || {
            let shelf = self.0.upgrade();
            shelf.is_some_and(|shelf| !shelf.state().waiting.is_empty())
        };
        loop {
            let _ = timeout(IDLE, poll_fn(|cx| self.look(cx))).await;
            if !is_used() {
                return;
            }
        }
    }

    /// Never comes back while there is a shelf.
    fn look(&self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(shelf) = self.0.upgrade() else {
            return Poll::Ready(());
        };
        let mut state = shelf.state();
        let is_kept = |it: &mut Waiting| shelf.now.is_good(it) && it.line.is_free(cx);
        state.waiting.retain_mut(is_kept);
        state.keeper = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(shelf) = self.0.upgrade() {
            *shelf.state() = State::default();
        }
    }
}
