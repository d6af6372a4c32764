//! What other processes record, heard as it happens where the database tells of it.

use std::future::pending;

use tokio::sync::watch;

/// What is heard. A notice may be lost with its connection: whoever waits for one looks by itself from time to time.
#[derive(Debug, Clone)]
pub struct Notices(watch::Receiver<()>);

/// Tells all who hear.
#[derive(Debug, Default)]
pub(crate) struct Telling(watch::Sender<()>);

impl Telling {
    /// Something may have been recorded.
    pub(crate) fn changed(&self) {
        self.0.send_replace(());
    }

    pub(crate) fn hear(&self) -> Notices {
        Notices(self.0.subscribe())
    }
}

impl Notices {
    /// Of a database that tells nothing.
    pub(crate) fn none() -> Self {
        Telling::default().hear()
    }

    /// Comes back when something may have been recorded since this was last waited for.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            // Nobody is there to tell.
            pending::<()>().await;
        }
    }
}
