//! Leave to grant. A gateway that shares its rules with others grants only while it is certain to know the newest.

use std::fmt;
use std::sync::OnceLock;

/// Whether calls may be granted, asked of whoever knows. Without anybody who does they may.
#[derive(Default)]
pub(crate) struct Leave(OnceLock<Box<dyn Fn() -> bool + Send + Sync>>);

impl Leave {
    /// Asks this from here on. The first one stays.
    pub(crate) fn ask(&self, may_grant: impl Fn() -> bool + Send + Sync + 'static) {
        let _ = self.0.set(Box::new(may_grant));
    }

    /// To be asked before the rules are looked at that a call is granted by: they are no older then.
    pub(crate) fn is_given(&self) -> bool {
        self.0.get().is_none_or(|may_grant| may_grant())
    }
}

impl fmt::Debug for Leave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Leave").field(&self.is_given()).finish()
    }
}
