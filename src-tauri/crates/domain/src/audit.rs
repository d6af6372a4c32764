//! The audit trail: append-only entries, each carrying the hash of the one before.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::words::words;

words! {
    /// What was done. Stored and hashed: never change a word.
    AuditAction {
        OrganizationCreated = "organization.created",
        OrganizationUpdated = "organization.updated",
        OrganizationRestored = "organization.restored",
        MemberCreated = "member.created",
        MemberUpdated = "member.updated",
        MemberRemoved = "member.removed",
        SessionCreated = "session.created",
        SessionEnded = "session.ended",
        KeyCreated = "key.created",
        KeyUpdated = "key.updated",
        KeyRevoked = "key.revoked",
        KeyRestored = "key.restored",
        KeyRotated = "key.rotated",
        KeyPreviousEnded = "key.previous_ended",
        KeySecretCopied = "key.secret_copied",
        KeySecretRevealed = "key.secret_revealed",
        ProjectCreated = "project.created",
        ProjectUpdated = "project.updated",
        ProjectDeleted = "project.deleted",
        ProjectsSynchronized = "projects.synchronized",
        UpstreamChanged = "upstream.changed",
        PhareKeyAdded = "phare_key.added",
        PhareKeyExamined = "phare_key.examined",
        PhareKeyRefused = "phare_key.refused",
        PhareKeyStaged = "phare_key.staged",
        PhareKeySwitched = "phare_key.switched",
        PhareKeyUnstaged = "phare_key.unstaged",
        PhareKeyRenamed = "phare_key.renamed",
        PhareKeyRemoved = "phare_key.removed",
    }
}

impl AuditAction {
    /// The action with this word, or the whole family of actions whose words begin with it before their dot; empty for
    /// a word that is neither.
    #[must_use]
    pub fn named(word: &str) -> Vec<Self> {
        let named = |action: &Self| action.as_str() == word || action.family() == word;
        Self::ALL.iter().copied().filter(named).collect()
    }

    /// Whether it takes nothing from any call: nobody has to wait until it is in force everywhere.
    #[must_use]
    pub fn takes_nothing(self) -> bool {
        matches!(
            self,
            Self::OrganizationCreated
                | Self::MemberCreated
                | Self::MemberUpdated
                | Self::SessionCreated
                | Self::SessionEnded
                | Self::KeyCreated
                | Self::KeyRestored
                | Self::KeySecretCopied
                | Self::KeySecretRevealed
                | Self::ProjectCreated
        )
    }

    /// What it was done to: the part of its word before the dot.
    #[must_use]
    pub fn family(self) -> &'static str {
        let word = self.as_str();
        word.split_once('.').map_or(word, |(family, _)| family)
    }
}

/// Which entries a list keeps. Everything that is `None` keeps all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// About this.
    pub subject: Option<String>,
    /// By this member's mail address, or `system`.
    pub actor: Option<String>,
    /// One of these actions.
    pub actions: Option<Vec<AuditAction>>,
    /// From this moment on.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

impl AuditFilter {
    /// Everything about one subject.
    #[must_use]
    pub fn about(subject: &str) -> Self {
        Self {
            subject: Some(subject.to_owned()),
            ..Self::default()
        }
    }
}

/// A hash of an entry.
pub type AuditHash = [u8; 32];

/// The hash that the first entry carries as its predecessor's.
pub const GENESIS: AuditHash = [0; 32];

/// What is to be recorded; the store gives it its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// When, to the microsecond (what every database keeps).
    pub at: Timestamp,
    /// Who: a member's mail address, or `system`.
    pub actor: String,
    /// What was done.
    pub action: AuditAction,
    /// To what: a key id, a project id, a member id; empty for the organization itself.
    pub subject: String,
    /// Details as compact JSON. Never a secret.
    pub detail: String,
}

/// A recorded change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// 1 for the first, without gaps.
    pub sequence: u64,
    /// What was recorded.
    pub record: AuditRecord,
    /// Hash of the entry before.
    pub previous: AuditHash,
    /// Hash of this one.
    pub hash: AuditHash,
}

/// Where and how a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditFault {
    /// An entry is missing or out of place.
    #[error("entry {expected} is missing: {found} stands in its place")]
    Gap {
        /// The number that should come.
        expected: u64,
        /// The one that came.
        found: u64,
    },
    /// An entry does not follow from the one before.
    #[error("entry {sequence} does not follow from the one before it")]
    Unlinked {
        /// Its number.
        sequence: u64,
    },
    /// An entry is not what was recorded.
    #[error("entry {sequence} was altered")]
    Altered {
        /// Its number.
        sequence: u64,
    },
    /// The chain ends before the last entry that was acknowledged.
    #[error("the chain ends at entry {found}, but {expected} were recorded")]
    Truncated {
        /// Entries that were recorded.
        expected: u64,
        /// Entries that are there.
        found: u64,
    },
}

impl AuditEntry {
    /// Links `record` to the entry before it (`None` for the first).
    #[must_use]
    pub fn link(record: AuditRecord, before: Option<(u64, AuditHash)>) -> Self {
        let (last, previous) = before.unwrap_or((0, GENESIS));
        let sequence = last + 1;
        let hash = hash(sequence, &record, &previous);
        Self {
            sequence,
            record,
            previous,
            hash,
        }
    }
}

/// Walks a chain, entry by entry.
#[derive(Debug, Clone)]
pub struct Verifier {
    sequence: u64,
    hash: AuditHash,
}

impl Default for Verifier {
    fn default() -> Self {
        Self {
            sequence: 0,
            hash: GENESIS,
        }
    }
}

impl Verifier {
    /// Checks the next entry.
    ///
    /// # Errors
    /// The first [`AuditFault`] found; the walk ends there.
    pub fn next(&mut self, entry: &AuditEntry) -> Result<(), AuditFault> {
        let expected = self.sequence + 1;
        if entry.sequence != expected {
            return Err(AuditFault::Gap {
                expected,
                found: entry.sequence,
            });
        }
        if entry.previous != self.hash {
            return Err(AuditFault::Unlinked {
                sequence: entry.sequence,
            });
        }
        if hash(entry.sequence, &entry.record, &entry.previous) != entry.hash {
            return Err(AuditFault::Altered {
                sequence: entry.sequence,
            });
        }
        self.sequence = entry.sequence;
        self.hash = entry.hash;
        Ok(())
    }

    /// Ends the walk: `expected` entries were recorded.
    ///
    /// # Errors
    /// [`AuditFault::Truncated`] when the end of the chain is missing.
    pub fn end(&self, expected: u64) -> Result<u64, AuditFault> {
        if self.sequence == expected {
            Ok(self.sequence)
        } else {
            Err(AuditFault::Truncated {
                expected,
                found: self.sequence,
            })
        }
    }
}

/// Every field with its length before it, so that no two different entries hash the same bytes.
fn hash(sequence: u64, record: &AuditRecord, previous: &AuditHash) -> AuditHash {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(sequence.to_be_bytes());
    hasher.update(record.at.as_microsecond().to_be_bytes());
    for field in [
        &record.actor,
        record.action.as_str(),
        &record.subject,
        &record.detail,
    ] {
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field.as_bytes());
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(count: u64) -> Vec<AuditEntry> {
        let mut entries: Vec<AuditEntry> = Vec::new();
        for number in 1..=count {
            let record = AuditRecord {
                at: Timestamp::from_microsecond(number as i64).unwrap(),
                actor: "ada@example.com".into(),
                action: AuditAction::KeyCreated,
                subject: format!("key-{number}"),
                detail: "{}".into(),
            };
            let before = entries.last().map(|entry| (entry.sequence, entry.hash));
            entries.push(AuditEntry::link(record, before));
        }
        entries
    }

    fn verify(entries: &[AuditEntry], expected: u64) -> Result<u64, AuditFault> {
        let mut verifier = Verifier::default();
        entries.iter().try_for_each(|entry| verifier.next(entry))?;
        verifier.end(expected)
    }

    #[test]
    fn an_untouched_chain_verifies() {
        assert_eq!(verify(&chain(5), 5), Ok(5));
        assert_eq!(verify(&[], 0), Ok(0));
    }

    #[test]
    fn every_kind_of_tampering_is_found() {
        let mut altered = chain(5);
        altered[2].record.actor = "eve@example.com".into();
        assert_eq!(
            verify(&altered, 5),
            Err(AuditFault::Altered { sequence: 3 })
        );

        let mut rehashed = altered;
        rehashed[2].hash = hash(3, &rehashed[2].record, &rehashed[2].previous);
        assert_eq!(
            verify(&rehashed, 5),
            Err(AuditFault::Unlinked { sequence: 4 })
        );

        let mut missing = chain(5);
        missing.remove(1);
        assert_eq!(
            verify(&missing, 5),
            Err(AuditFault::Gap {
                expected: 2,
                found: 3
            })
        );

        let mut reordered = chain(5);
        reordered.swap(1, 2);
        assert!(verify(&reordered, 5).is_err());

        assert_eq!(
            verify(&chain(4), 5),
            Err(AuditFault::Truncated {
                expected: 5,
                found: 4
            })
        );
    }

    #[test]
    fn moving_text_between_fields_changes_the_hash() {
        let [entry] = chain(1).try_into().unwrap();
        let mut moved = entry.clone();
        moved.record.actor = "ada@example.co".into();
        moved.record.subject = "mkey-1".into();
        assert_ne!(hash(1, &moved.record, &GENESIS), entry.hash);
    }
}
