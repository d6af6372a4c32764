//! A server of the tests' own, beside the ones under test.

use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

/// Something that runs on a thread of its own: it has to answer while a test waits for a server to become ready.
/// Dropping it ends it, with every connection and task of its.
#[derive(Debug)]
pub struct Background {
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Runs what this makes, until it is ended.
    pub fn run<F: Future<Output = ()>>(serve: impl FnOnce() -> F + Send + 'static) -> Self {
        let (end, ended) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            // When the runtime is dropped, so is every connection.
            runtime.block_on(async {
                tokio::select! {
                    () = serve() => {}
                    _ = ended => {}
                }
            });
        });
        Self {
            end: Some(end),
            thread: Some(thread),
        }
    }

    /// Ends it.
    pub fn end(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.end();
    }
}
