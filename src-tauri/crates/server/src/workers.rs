//! The threads that answer clients of Phare's API. Each has a runtime of its own: a call stays on one thread from its first byte
//! to its last. Authority, sandbox and database are on the general runtime and never here.
//!
//! One acceptor hands connections over. Were the workers to accept with `SO_REUSEPORT`, another process of the same user could
//! listen beside them, and be sent keys.

use std::io;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// So many at most. One begins with the first connection, and another when all have some: until somebody calls, they cost nothing.
#[derive(Debug)]
pub struct Workers {
    most: NonZeroUsize,
    working: Mutex<Vec<Worker>>,
}

#[derive(Debug)]
struct Worker {
    runtime: Handle,
    connections: TaskTracker,
    _end: DropGuard,
}

impl Workers {
    /// So many at most.
    #[must_use]
    pub fn new(most: NonZeroUsize) -> Self {
        let working = Mutex::default();
        Self { most, working }
    }

    /// Has a connection answered by the worker that has the fewest.
    ///
    /// # Errors
    /// The system's, which has no thread for the first one, say.
    pub(crate) fn take<F>(
        &self,
        connection: TcpStream,
        answer: impl FnOnce(TcpStream) -> F + Send + 'static,
    ) -> io::Result<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        // A runtime hears only of the sockets that are its own.
        let connection = connection.into_std()?;
        let mut working = self.working();
        let is_free = |worker: &Worker| worker.connections.is_empty();
        if working.len() < self.most.get() && !working.iter().any(is_free) {
            match Worker::start() {
                Ok(worker) => working.push(worker),
                Err(error) if working.is_empty() => return Err(error),
                // Those that there are answer it.
                Err(error) => tracing::warn!(%error, "there is no thread for another worker"),
            }
        }
        let fewest = working.iter().min_by_key(|worker| worker.connections.len());
        let Some(worker) = fewest else {
            return Ok(());
        };
        let answering = async move {
            match TcpStream::from_std(connection) {
                Ok(connection) => answer(connection).await,
                Err(error) => tracing::warn!(%error, "a connection could not be handed over"),
            }
        };
        worker.connections.spawn_on(answering, &worker.runtime);
        Ok(())
    }

    /// Nothing in a critical section can panic half-way.
    fn working(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker {
    fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (handle, end) = (runtime.handle().clone(), CancellationToken::new());
        let ended = end.clone();
        thread::Builder::new()
            .name("gateway".to_owned())
            .spawn(move || runtime.block_on(ended.cancelled()))?;
        Ok(Self {
            runtime: handle,
            connections: TaskTracker::new(),
            _end: end.drop_guard(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread::ThreadId;

    use tokio::net::TcpListener;
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

    use super::*;

    struct Crew {
        workers: Workers,
        listener: TcpListener,
        tell: UnboundedSender<ThreadId>,
        told: UnboundedReceiver<ThreadId>,
    }

    impl Crew {
        async fn new(most: usize) -> Self {
            let (tell, told) = unbounded_channel();
            Self {
                workers: Workers::new(NonZeroUsize::new(most).unwrap()),
                listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
                tell,
                told,
            }
        }

        /// Who answers a connection, which lasts until what this gives is cancelled.
        async fn take(&mut self) -> (ThreadId, CancellationToken) {
            let address = self.listener.local_addr().unwrap();
            let calling = TcpStream::connect(address);
            let (called, accepted) = tokio::join!(calling, self.listener.accept());
            let (tell, end) = (self.tell.clone(), CancellationToken::new());
            let ended = end.clone();
            let answer = move |connection| async move {
                tell.send(thread::current().id()).unwrap();
                ended.cancelled().await;
                drop((connection, called));
            };
            self.workers.take(accepted.unwrap().0, answer).unwrap();
            (self.told.recv().await.unwrap(), end)
        }
    }

    #[tokio::test]
    async fn connections_are_shared_out_and_no_thread_begins_before_it_is_needed() {
        let mut crew = Crew::new(2).await;
        let (first, over) = crew.take().await;
        assert_ne!(first, thread::current().id());
        over.cancel();
        while !crew.workers.working()[0].connections.is_empty() {
            tokio::task::yield_now().await;
        }
        let (again, _one) = crew.take().await;
        assert_eq!(again, first, "it has none");
        let (second, _two) = crew.take().await;
        assert_ne!(second, first);
        let (third, _three) = crew.take().await;
        let (fourth, _four) = crew.take().await;
        assert_eq!(
            [third, fourth].map(|it| it == first || it == second),
            [true; 2]
        );
        assert_ne!(third, fourth);
    }

    #[tokio::test]
    async fn they_end_with_what_they_belong_to() {
        let mut crew = Crew::new(1).await;
        let held = Arc::new(());
        let (_, over) = crew.take().await;
        over.cancel();
        let lasting = held.clone();
        crew.workers.working()[0].runtime.spawn(async move {
            std::future::pending::<()>().await;
            drop(lasting);
        });
        drop(crew);
        while Arc::strong_count(&held) > 1 {
            tokio::task::yield_now().await;
        }
    }
}
