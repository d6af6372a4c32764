//! A local Phare: its operations over stored documents, driven by the specification.
//!
//! A request is matched to one of the 48 operations, the operation to a row of the table in `collection.rs`
//! and a step on it (or to a figure of `figures.rs`), and the specification says what may be sent, what is answered and with which status. A row adds only
//! what the specification cannot say. To offer more of Phare, add a row.
//!
//! It decides nothing about keys: whoever calls it has authorized the request and names the project in
//! `X-Phare-Project-Id`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod alert_rules;
mod answers;
mod collection;
mod figures;
mod form;
mod images;
mod incidents;
mod integrations;
mod maintenance_windows;
mod monitors;
mod paging;
mod projects;
mod query;
mod records;
mod references;
mod router;
mod specification;
mod status_pages;
mod time;
mod users;
mod validate;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use gardien_store::{Documents, StoreError};
use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::specification::Specification;
pub use crate::specification::SpecificationFault;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A local Phare. Clones share everything; all that lasts lies in the documents.
#[derive(Clone)]
pub struct Sandbox {
    documents: Arc<dyn Documents>,
    clock: Clock,
    specification: Arc<Specification>,
    /// Held by whoever reads in order to write, so that two updates of a record both count.
    writing: Arc<Mutex<()>>,
    base: Option<Arc<str>>,
}

/// Why the sandbox cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The specification lacks what the sandbox is driven by.
    #[error("the specification of Phare's API cannot be used")]
    Specification(#[from] SpecificationFault),
    /// The documents cannot be read or written.
    #[error("the sandbox's documents cannot be opened")]
    Store(#[from] StoreError),
}

impl Sandbox {
    /// Opens a sandbox over `documents`, with one user and an integration of each app in it when it is new.
    ///
    /// # Errors
    /// When the documents cannot be read or written.
    pub async fn open(documents: Arc<dyn Documents>, clock: Clock) -> Result<Self, SandboxError> {
        let sandbox = Self {
            documents,
            clock,
            specification: Arc::new(Specification::load()?),
            writing: Arc::default(),
            base: None,
        };
        let (documents, now) = (sandbox.documents.as_ref(), time::written(sandbox.now()));
        users::seed(documents, &now).await?;
        integrations::seed(documents, &sandbox.specification, &now).await?;
        Ok(sandbox)
    }

    /// The address that page links start with (`https://host`, no slash at the end). Without it they follow the
    /// request's Host header.
    #[must_use]
    pub fn with_base(mut self, base: &str) -> Self {
        self.base = Some(base.trim_end_matches('/').into());
        self
    }

    /// The sandbox as a service.
    pub fn router(self) -> Router {
        Router::new().fallback(router::answer).with_state(self)
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("documents", &self.documents)
            .finish_non_exhaustive()
    }
}

/// A sandbox over `documents` as a service, in one step.
///
/// # Errors
/// As [`Sandbox::open`].
pub async fn router(documents: Arc<dyn Documents>, clock: Clock) -> Result<Router, SandboxError> {
    Ok(Sandbox::open(documents, clock).await?.router())
}
