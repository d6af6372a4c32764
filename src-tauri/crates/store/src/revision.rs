//! The number of a change.

use gardien_domain::audit::AuditEntry;
use serde::{Deserialize, Serialize};

/// Numbers the changes: gapless, in the order of commits, 0 before the first. It is the sequence number of the change's
/// audit entry, so that the two can never tell different stories.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Revision(pub u64);

impl Revision {
    /// That of the change which comes after.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl From<&AuditEntry> for Revision {
    fn from(entry: &AuditEntry) -> Self {
        Self(entry.sequence)
    }
}
