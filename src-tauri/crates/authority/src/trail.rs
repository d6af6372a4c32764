//! The use cases of the audit trail.

use crate::actor::Auditor;
use crate::api::{AuditPage, AuditQuery, AuditVerification, AuditView};
use crate::key_lists::page_size;
use crate::{Authority, Fault};

impl Authority {
    /// Entries, newest first.
    ///
    /// # Errors
    /// [`Fault::Invalid`] for a cursor or limit that is none, or [`Fault::Store`].
    pub async fn audit(&self, _: Auditor<'_>, query: AuditQuery) -> Result<AuditPage, Fault> {
        let limit = page_size(query.limit)?;
        let before = query.cursor.as_deref().map(str::parse::<u64>).transpose();
        let before = before.map_err(|_| Fault::field("cursor", "Not a cursor of this list."))?;
        // One more than asked for tells whether there is another page.
        let asked = self
            .store
            .audit(query.subject.as_deref(), before, limit + 1);
        let mut entries = asked.await?;
        let more = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        let last = entries.last().map(|entry| entry.sequence.to_string());
        Ok(AuditPage {
            next_cursor: last.filter(|_| more),
            data: entries.into_iter().map(AuditView::from).collect(),
        })
    }

    /// Walks the whole chain.
    ///
    /// # Errors
    /// [`Fault::Store`] when it cannot be read.
    pub async fn verify_audit(&self, _: Auditor<'_>) -> Result<AuditVerification, Fault> {
        Ok(match self.store.verify_audit().await? {
            Ok(entries) => AuditVerification {
                ok: true,
                entries,
                fault: None,
            },
            Err((entries, fault)) => AuditVerification {
                ok: false,
                entries,
                fault: Some(fault.to_string()),
            },
        })
    }
}
