//! What wakes whoever waits for a connection.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// So often it is looked at once: what rings without end, as a runtime does that wants its turn back, is for the next time.
const MOST: usize = 4;

/// Rings for whoever waits, but not for one that is looking already: the parts of a connection wake each other by it, and each time
/// would have a whole call looked at once more. Clones are one.
#[derive(Clone)]
pub(super) struct Bell {
    rope: Arc<Rope>,
    waker: Waker,
}

#[derive(Default)]
struct Rope {
    waiting: AtomicWaker,
    is_looking: AtomicBool,
    /// While somebody was looking.
    rang: AtomicBool,
}

impl Default for Bell {
    fn default() -> Self {
        let rope = Arc::<Rope>::default();
        Self {
            waker: rope.clone().into(),
            rope,
        }
    }
}

impl Bell {
    /// What comes of `look`, which is repeated where the bell rings meanwhile.
    pub(super) fn hears<T>(
        &self,
        cx: &mut Context<'_>,
        mut look: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let Rope {
            waiting,
            is_looking,
            rang,
        } = &*self.rope;
        waiting.register(cx.waker());
        is_looking.store(true, Ordering::SeqCst);
        let mut within = Context::from_waker(&self.waker);
        let mut seen = Poll::Pending;
        for _ in 0..MOST {
            rang.store(false, Ordering::SeqCst);
            seen = look(&mut within);
            if seen.is_ready() || !rang.load(Ordering::SeqCst) {
                break;
            }
        }
        is_looking.store(false, Ordering::SeqCst);
        // It may have rung after the last look.
        if seen.is_pending() && rang.load(Ordering::SeqCst) {
            cx.waker().wake_by_ref();
        }
        seen
    }

    /// The same, until something comes of it.
    pub(super) async fn waits<T>(&self, mut look: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
        poll_fn(|cx| self.hears(cx, &mut look)).await
    }
}

impl Wake for Rope {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.is_looking.load(Ordering::SeqCst) {
            self.rang.store(true, Ordering::SeqCst);
            // Unless they have just stopped.
            if self.is_looking.load(Ordering::SeqCst) {
                return;
            }
        }
        self.waiting.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// How often it was looked, and whoever waits was woken, where `rings` of the looks ring.
    fn after(rings: usize) -> (usize, usize) {
        let (woken, bell, mut looks) = (Arc::<Woken>::default(), Bell::default(), 0);
        let waker = Waker::from(woken.clone());
        let looked = bell.hears(&mut Context::from_waker(&waker), |cx| {
            looks += 1;
            if looks <= rings {
                cx.waker().wake_by_ref();
            }
            Poll::<()>::Pending
        });
        assert!(looked.is_pending());
        (looks, woken.0.load(Ordering::SeqCst))
    }

    #[test]
    fn what_rings_during_a_look_is_looked_for_at_once_but_not_for_ever() {
        assert_eq!(after(0), (1, 0));
        assert_eq!(after(1), (2, 0));
        assert_eq!(after(MOST - 1), (MOST, 0));
        assert_eq!(after(usize::MAX), (MOST, 1));
    }

    #[test]
    fn whoever_waited_last_hears_it_afterwards() {
        let (bell, mut within) = (Bell::default(), None);
        let woken = [(); 2].map(|()| Arc::<Woken>::default());
        for woken in &woken {
            let waker = Waker::from(woken.clone());
            let looked = bell.hears(&mut Context::from_waker(&waker), |cx| {
                within = Some(cx.waker().clone());
                Poll::<()>::Pending
            });
            assert!(looked.is_pending());
        }
        within.unwrap().wake();
        assert_eq!(woken.map(|it| it.0.load(Ordering::SeqCst)), [0, 1]);
    }
}
