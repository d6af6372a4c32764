//! API keys as the authority keeps them. The secret itself is never here, only its digest.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::member::MemberId;
use crate::product::ProductScopes;
use crate::scope::Scope;
use crate::secret::SecretDigest;
use crate::words::{id, words};

id! {
    /// Identifies a key. UUID version 7, so that ids sort by creation.
    KeyId(uuid::Uuid as "string")
}

impl std::str::FromStr for KeyId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

words! {
    /// What a key is right now. Derived from its times, never stored.
    KeyStatus {
        /// Works.
        Active = "active",
        /// Works, and so does the secret it had before, until the grace ends.
        Rotating = "rotating",
        /// Past its expiry.
        Expired = "expired",
        /// Taken back.
        Revoked = "revoked",
    }
}

/// The secret that a rotation replaced, valid a little longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviousSecret {
    /// Its digest.
    pub digest: SecretDigest,
    /// Until when it still works.
    pub valid_until: Timestamp,
}

/// When and by whom a key was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// When it took effect.
    pub at: Timestamp,
    /// Who did it.
    pub by: MemberId,
}

/// When a key was last used, and for what. Counted in memory and written in batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    /// When.
    pub at: Timestamp,
    /// Phare's operation id.
    pub operation: String,
    /// What made the call, as it names itself.
    pub client: Option<String>,
    /// Where it came from: the other end of the connection.
    pub address: Option<IpAddr>,
}

/// What was noted of a key's use since it was last written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedUse {
    /// Which key.
    pub key: KeyId,
    /// Its last use, whichever secret it was made with.
    pub last: LastUse,
    /// The last one that was made with the secret before.
    pub previous: Option<PreviousUse>,
}

/// When the secret before was last used. It names that secret, because a rotation may come between the use and the
/// writing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviousUse {
    /// Its digest.
    pub digest: SecretDigest,
    /// When.
    pub at: Timestamp,
}

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Stays for ever.
    pub id: KeyId,
    /// What people read; not unique.
    pub name: String,
    /// A longer remark; may be empty.
    pub note: String,
    /// Where it works.
    pub scope: Scope,
    /// What it may do.
    pub products: ProductScopes,
    /// Digest of the secret in force.
    pub digest: SecretDigest,
    /// Display form of the secret in force.
    pub display: String,
    /// The secret before the last rotation.
    pub previous: Option<PreviousSecret>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: MemberId,
    /// From this moment on it is refused.
    pub expires_at: Option<Timestamp>,
    /// Set once it is revoked.
    pub revoked: Option<Revocation>,
}

/// For how long a revocation can be taken back.
pub const RESTORE_SECONDS: i64 = 10;

impl Key {
    /// What the key is at `now`. A revocation outweighs an expiry.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        if self.revoked.is_some() {
            KeyStatus::Revoked
        } else if self.expires_at.is_some_and(|at| at <= now) {
            KeyStatus::Expired
        } else if self
            .previous
            .is_some_and(|previous| previous.valid_until > now)
        {
            KeyStatus::Rotating
        } else {
            KeyStatus::Active
        }
    }

    /// Whether a revocation can still be taken back at `now`.
    #[must_use]
    pub fn restorable(&self, now: Timestamp) -> bool {
        self.revoked.is_some_and(|revocation| {
            // A clock that was set back must not make it longer.
            (0..RESTORE_SECONDS).contains(&now.duration_since(revocation.at).as_secs())
        })
    }
}
