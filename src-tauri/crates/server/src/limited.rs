//! That the shared limit began to hold calls up, and which key had the most of it.

use std::sync::Weak;

use gardien_gateway::Limited;
use gardien_store::{Sqlite, Store as _};
use tokio::sync::watch;

/// That calls began to wait or to be refused at the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitReached {
    /// The name of the key that had the most of it, and how many calls of it counted or waited.
    pub most: Option<(String, u32)>,
}

/// Tells of it whenever that begins, at most once in an hour. Keeps nothing open.
#[derive(Debug)]
pub struct LimitNews {
    pub(crate) store: Weak<Sqlite>,
    pub(crate) limited: watch::Receiver<Option<Limited>>,
}

impl LimitNews {
    /// The next that there is to tell; `None` once the service has ended.
    pub async fn next(&mut self) -> Option<LimitReached> {
        self.limited.changed().await.ok()?;
        let most = self
            .limited
            .borrow_and_update()
            .and_then(|limited| limited.most);
        let Some(most) = most else {
            return Some(LimitReached { most: None });
        };
        // A key that cannot be named made the calls all the same.
        let stored = self.store.upgrade()?.key(most.key).await.ok().flatten();
        let most = stored.map(|stored| (stored.key.name().to_owned(), most.calls + most.waiting));
        Some(LimitReached { most })
    }
}
