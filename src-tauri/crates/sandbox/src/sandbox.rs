//! The sandbox itself: its documents, its clock and its specification.

use std::fmt;
use std::sync::Arc;

use gardien_store::{Document, Documents, StoreError};
use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::members::Members;
use crate::specification::{Specification, SpecificationFault};
use crate::{integrations, time};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A local Phare. Clones share everything; all that lasts lies in the documents.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) documents: Arc<dyn Documents>,
    pub(crate) members: Arc<dyn Members>,
    pub(crate) specification: Arc<Specification>,
    /// Held by whoever reads in order to write, so that two updates of a record both count.
    pub(crate) writing: Arc<Mutex<()>>,
    clock: Clock,
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
    /// Opens a sandbox over `documents`, with an integration of each app in it when it is new. Its users are `members`.
    ///
    /// # Errors
    /// When the documents cannot be read or written.
    pub async fn open(
        documents: Arc<dyn Documents>,
        members: Arc<dyn Members>,
        clock: Clock,
    ) -> Result<Self, SandboxError> {
        let specification = Arc::new(Specification::load()?);
        integrations::seed(documents.as_ref(), &specification, &time::written(clock())).await?;
        Ok(Self {
            documents,
            members,
            specification,
            writing: Arc::default(),
            clock,
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Every document of a collection, of a project or of all.
    pub(crate) async fn every(
        &self,
        collection: &str,
        project: Option<i64>,
    ) -> Result<Vec<Document>, StoreError> {
        self.documents.list(collection, project, 0, u32::MAX).await
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("documents", &self.documents)
            .finish_non_exhaustive()
    }
}
