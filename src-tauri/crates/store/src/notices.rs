//! What other processes do to the database, heard as it happens where the database tells of it.

use std::future::pending;

use tokio::sync::watch;

/// What is heard. A notice may be lost with its connection: whoever waits for one looks by itself from time to time.
#[derive(Debug, Clone)]
pub struct Notices {
    changed: watch::Receiver<()>,
    renewed: watch::Receiver<()>,
}

/// Tells all who hear.
#[derive(Debug, Default)]
pub(crate) struct Telling {
    /// Something was recorded.
    pub(crate) changed: watch::Sender<()>,
    /// A gateway has shown a newer revision, or holds no lease any more.
    pub(crate) renewed: watch::Sender<()>,
}

impl Telling {
    /// Whatever it may have been.
    pub(crate) fn anything(&self) {
        self.changed.send_replace(());
        self.renewed.send_replace(());
    }

    pub(crate) fn hear(&self) -> Notices {
        Notices {
            changed: self.changed.subscribe(),
            renewed: self.renewed.subscribe(),
        }
    }
}

impl Notices {
    /// Of a database that tells nothing.
    pub(crate) fn none() -> Self {
        Telling::default().hear()
    }

    /// Comes back when something may have been recorded since this was last waited for.
    pub async fn changed(&mut self) {
        heard(&mut self.changed).await;
    }

    /// Comes back when a gateway may have shown a newer revision, or given up its lease, since this was last waited for.
    pub async fn renewed(&mut self) {
        heard(&mut self.renewed).await;
    }
}

async fn heard(notice: &mut watch::Receiver<()>) {
    if notice.changed().await.is_err() {
        // Nobody is there to tell.
        pending::<()>().await;
    }
}
