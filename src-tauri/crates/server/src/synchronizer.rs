//! Keeps Gardien's copy of the projects like Phare's: after every change, after a failure, and now and then.

use std::sync::Arc;
use std::time::Duration;

use gardien_authority::{Authority, Fault, System};
use gardien_phare::PhareFault;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::duty::OnDuty;

/// How often projects are read when nothing calls for it: somebody may change them in Phare's own panel.
const PERIOD: Duration = Duration::from_secs(15 * 60);
/// The first pause after a failure. It doubles up to [`PERIOD`].
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const COPYING: System = System::because("the copy follows Phare's projects");

/// Asks for a synchronization and waits for one. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Synchronizer {
    /// How many were asked for.
    asked: Arc<watch::Sender<u64>>,
    /// All that were asked for up to this one are done.
    done: watch::Receiver<u64>,
}

impl Synchronizer {
    /// One, and the work of the one task that synchronizes.
    pub(crate) fn new() -> (Self, Work) {
        let (asked, wanted) = watch::channel(0);
        let (finished, done) = watch::channel(0);
        let synchronizer = Self {
            asked: Arc::new(asked),
            done,
        };
        (synchronizer, Work { wanted, finished })
    }

    /// Asks for one. It does not wait for it.
    pub(crate) fn nudge(&self) -> u64 {
        self.asked.send_modify(|asked| *asked += 1);
        *self.asked.borrow()
    }

    /// Asks for one and waits for it, but not longer than `patience`: it goes on behind.
    pub(crate) async fn synchronized(&self, patience: Duration) {
        let mine = self.nudge();
        let mut done = self.done.clone();
        let waiting = done.wait_for(|done| *done >= mine);
        if timeout(patience, waiting).await.is_err() {
            tracing::warn!("a project was changed and cannot be read back yet");
        }
    }
}

/// What was asked for, to be done by one task.
#[derive(Debug)]
pub(crate) struct Work {
    wanted: watch::Receiver<u64>,
    finished: watch::Sender<u64>,
}

impl Work {
    /// Starts the task, which ends with `stop`.
    pub(crate) fn start(self, authority: Authority, on_duty: OnDuty, stop: CancellationToken) {
        let keeping = async move {
            let read = || authority.synchronize_projects(COPYING);
            keep(self, read, || on_duty.is_on()).await;
        };
        tokio::spawn(stop.run_until_cancelled_owned(keeping));
    }
}

/// Without being asked only where it is `on_duty`.
async fn keep<R: Future<Output = Result<(), Fault>>>(
    work: Work,
    read: impl Fn() -> R,
    on_duty: impl Fn() -> bool,
) {
    let Work {
        mut wanted,
        finished,
    } = work;
    let mut pause = PERIOD;
    loop {
        // Either somebody asks, or it is time.
        match timeout(pause, wanted.changed()).await {
            Ok(Err(_)) => return,
            Err(_) if pause == PERIOD && !on_duty() => continue,
            _ => {}
        }
        let asked = *wanted.borrow_and_update();
        match read().await {
            Ok(()) => {
                finished.send_replace(asked);
                pause = PERIOD;
            }
            // What is attached next asks.
            Err(fault) if has_nothing_to_read_by(&fault) => {
                finished.send_replace(asked);
                pause = PERIOD;
            }
            Err(fault) => {
                tracing::warn!(
                    error = &fault as &dyn std::error::Error,
                    "projects cannot be read yet"
                );
                pause = if pause == PERIOD {
                    FIRST_PAUSE
                } else {
                    (pause * 2).min(PERIOD)
                };
            }
        }
    }
}

fn has_nothing_to_read_by(fault: &Fault) -> bool {
    match fault {
        Fault::UpstreamMissing | Fault::Phare(PhareFault::NoKey) => true,
        Fault::Shared(fault) => has_nothing_to_read_by(fault),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn changes_during_a_reading_share_the_next_one() {
        let (synchronizer, work) = Synchronizer::new();
        let (begun, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let (reading, gate) = (begun.clone(), go.clone());
        let read = move || {
            reading.fetch_add(1, Ordering::SeqCst);
            let gate = gate.clone();
            async move {
                gate.acquire().await.unwrap().forget();
                Ok(())
            }
        };
        tokio::spawn(keep(work, read, || true));
        let change = || {
            let synchronizer = synchronizer.clone();
            tokio::spawn(async move { synchronizer.synchronized(Duration::from_secs(60)).await })
        };
        let first = change();
        while begun.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        // Made after the reading began, they may not be in it: they wait for one that began after them.
        let others: Vec<_> = (0..100).map(|_| change()).collect();
        while *synchronizer.asked.borrow() < 101 {
            tokio::task::yield_now().await;
        }
        go.add_permits(1);
        first.await.unwrap();
        assert!(others.iter().all(|other| !other.is_finished()));
        go.add_permits(1);
        for other in others {
            other.await.unwrap();
        }
        assert_eq!(begun.load(Ordering::SeqCst), 2);
    }
}
