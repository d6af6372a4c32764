//! The one place that says what stands behind the gateway.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use gardien_domain::PhareKey;
use gardien_store::Changes;
use tokio::sync::{Mutex, MutexGuard, broadcast};

use crate::attached::{Attached, Attaching};
use crate::secrets::Secrets;

/// Names of refused keys that a listener may be behind.
const REFUSALS: usize = 8;

/// What stands behind the gateway, and everything that is needed to put something else there.
pub(crate) struct Behind {
    attached: RwLock<Option<Arc<dyn Attached>>>,
    pub(crate) attaching: Arc<dyn Attaching>,
    pub(crate) secrets: Arc<dyn Secrets>,
    /// Held by whoever takes or gives up secrets, so that where they are kept and what is called with agree.
    moving: Mutex<()>,
    /// What is recorded of it was changed since it was last made that.
    due: AtomicBool,
    /// It could not be made that, or not whole.
    lacks: AtomicBool,
    refusals: broadcast::Sender<String>,
}

impl Behind {
    pub(crate) fn new(attaching: Arc<dyn Attaching>, secrets: Arc<dyn Secrets>) -> Self {
        Self {
            attached: RwLock::default(),
            attaching,
            secrets,
            moving: Mutex::default(),
            due: AtomicBool::default(),
            lacks: AtomicBool::default(),
            refusals: broadcast::Sender::new(REFUSALS),
        }
    }

    /// Waits for whoever is at it. Before any change is held back: a keychain may ask a person first.
    pub(crate) async fn moving(&self) -> MutexGuard<'_, ()> {
        self.moving.lock().await
    }

    pub(crate) fn attached(&self) -> Option<Arc<dyn Attached>> {
        let attached = self.attached.read();
        attached.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts it in place, for the gateway and for everybody who asks here, at once. It cannot fail.
    pub(crate) fn put(&self, next: Arc<dyn Attached>) {
        let mut attached = self
            .attached
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        next.enter(attached.as_deref());
        *attached = Some(next);
    }

    /// Whether after these it may not be what is recorded.
    pub(crate) fn is_concerned_by(&self, changes: &Changes) -> bool {
        let upstream = changes.upstream.as_ref().map(|adopted| &adopted.identity);
        let stands = self.attached();
        let is_other = upstream != stands.as_deref().map(|attached| attached.identity());
        is_other || !changes.put.phare_keys.is_empty() || !changes.deleted_phare_keys.is_empty()
    }

    /// Remembers that it has to be made what is recorded.
    pub(crate) fn set_due(&self) {
        self.due.store(true, Ordering::SeqCst);
    }

    /// Whether that was so since this was last asked.
    pub(crate) fn take_due(&self) -> bool {
        self.due.swap(false, Ordering::SeqCst)
    }

    /// Whether it lacks something of what is recorded.
    pub(crate) fn lacks(&self) -> bool {
        self.lacks.load(Ordering::SeqCst)
    }

    pub(crate) fn set_lacks(&self, lacks: bool) {
        self.lacks.store(lacks, Ordering::SeqCst);
    }

    /// Tells whoever wants to know that Phare refuses this key from now on.
    pub(crate) fn tell_refused(&self, key: &PhareKey) {
        // Nobody listens where there is no window.
        let _ = self.refusals.send(key.name.clone());
    }

    pub(crate) fn refusals(&self) -> broadcast::Receiver<String> {
        self.refusals.subscribe()
    }
}

impl fmt::Debug for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Behind")
            .field("attached", &self.attached())
            .finish_non_exhaustive()
    }
}
