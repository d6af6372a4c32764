//! The use cases of the audit trail.

use std::collections::HashMap;

use gardien_domain::{AuditAction, AuditEntry, AuditFilter, KeyId};

use crate::actor::Auditor;
use crate::api::{AuditPage, AuditQuery, AuditVerification, AuditView};
use crate::key_lists::page_size;
use crate::{Authority, Fault};

/// What was done to what: names are looked up once for each.
type Subjects = HashMap<(Kind, String), Option<String>>;

/// What a subject is, by the family of what was done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Key,
    Project,
    Member,
    PhareKey,
    Organization,
    /// Something without a name.
    Other,
}

impl Kind {
    fn of(action: AuditAction) -> Self {
        match action.family() {
            "key" => Self::Key,
            "project" => Self::Project,
            "member" | "session" => Self::Member,
            "phare_key" => Self::PhareKey,
            "organization" => Self::Organization,
            _ => Self::Other,
        }
    }
}

impl Authority {
    /// Entries, newest first.
    ///
    /// # Errors
    /// [`Fault::Invalid`] for a cursor, limit or action that is none, or [`Fault::Store`].
    pub async fn audit(&self, _: Auditor<'_>, query: AuditQuery) -> Result<AuditPage, Fault> {
        let limit = page_size(query.limit)?;
        let before = query.cursor.as_deref().map(str::parse::<u64>).transpose();
        let before = before.map_err(|_| Fault::field("cursor", "Not a cursor of this list."))?;
        let filter = filter(query)?;
        // One more than asked for tells whether there is another page.
        let mut entries = self.store.audit(&filter, before, limit + 1).await?;
        let more = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        let last = entries.last().map(|entry| entry.sequence.to_string());
        let names = self.names(&entries).await?;
        Ok(AuditPage {
            next_cursor: last.filter(|_| more),
            data: entries
                .into_iter()
                .map(|entry| {
                    let name = names.get(&subject(&entry)).cloned().flatten();
                    AuditView::of(entry, name)
                })
                .collect(),
        })
    }

    /// What the subjects of these entries are called now.
    async fn names(&self, entries: &[AuditEntry]) -> Result<Subjects, Fault> {
        let mut names: Subjects = entries.iter().map(|entry| (subject(entry), None)).collect();
        let any = |kind| names.keys().any(|(known, _)| *known == kind);
        let (projects, members) = (any(Kind::Project), any(Kind::Member));
        let (phare_keys, organization) = (any(Kind::PhareKey), any(Kind::Organization));
        let mut known = Vec::new();
        if projects {
            let all = self.store.projects().await?.into_iter();
            known.extend(all.map(|it| ((Kind::Project, it.id.to_string()), it.name)));
        }
        if members {
            let all = self.store.every_member().await?.into_iter();
            known.extend(all.map(|it| ((Kind::Member, it.id.to_string()), it.email)));
        }
        if phare_keys {
            let all = self.store.phare_keys().await?.into_iter();
            known.extend(all.map(|it| ((Kind::PhareKey, it.id.to_string()), it.name)));
        }
        if organization && let Some(it) = self.store.organization().await? {
            known.push(((Kind::Organization, String::new()), it.name));
        }
        for (_, id) in names.keys().filter(|(kind, _)| *kind == Kind::Key) {
            if let Ok(key) = id.parse::<KeyId>()
                && let Some(stored) = self.store.key(key).await?
            {
                known.push(((Kind::Key, id.clone()), stored.key.name().to_owned()));
            }
        }
        for (subject, name) in known {
            names.entry(subject).and_modify(|known| *known = Some(name));
        }
        Ok(names)
    }

    /// Walks the whole chain.
    ///
    /// # Errors
    /// [`Fault::Store`] when it cannot be read.
    pub async fn verify_audit(&self, _: Auditor<'_>) -> Result<AuditVerification, Fault> {
        let verified = self.store.verify_audit().await?;
        if let (Ok(entries), Some(head)) = (&verified, self.witness.head())
            && !self.store.has(head).await?
        {
            let missing = format!(
                "change {} was acknowledged and is not there",
                head.revision.0
            );
            return Ok(AuditVerification {
                ok: false,
                entries: *entries,
                fault: Some(missing),
            });
        }
        Ok(match verified {
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

fn subject(entry: &AuditEntry) -> (Kind, String) {
    let record = &entry.record;
    (Kind::of(record.action), record.subject.clone())
}

fn filter(query: AuditQuery) -> Result<AuditFilter, Fault> {
    let actions = query.action.as_deref().map(AuditAction::named);
    if actions.as_ref().is_some_and(Vec::is_empty) {
        return Err(Fault::field("action", "There is no such action."));
    }
    Ok(AuditFilter {
        subject: query.subject,
        actor: query.actor,
        actions,
        since: query.since,
        until: query.until,
    })
}
