//! What a decision about a key is made from.

use jiff::Timestamp;

use super::{Key, KeyId, PreviousSecret, PreviousSecrets};
use crate::decision::Credential;
use crate::product::ProductScopes;
use crate::scope::Scope;
use crate::secret::SecretDigest;

/// What a gateway has to know of a key, and nothing that people read: it holds one for every key there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRule {
    /// Which key.
    pub id: KeyId,
    /// Where it works.
    pub scope: Scope,
    /// What it may do.
    pub products: ProductScopes,
    /// Digest of the secret in force.
    pub digest: SecretDigest,
    /// The secrets that rotations replaced.
    pub previous: PreviousSecrets,
    /// From this moment on it is refused.
    pub expires_at: Option<Timestamp>,
    /// Since when it is revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Which of a key's secrets was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// The one in force.
    Current,
    /// One that a rotation replaced.
    Replaced(PreviousSecret),
}

impl From<Presented> for Credential {
    fn from(presented: Presented) -> Self {
        match presented {
            Presented::Current => Self::Current,
            Presented::Replaced(_) => Self::Previous,
        }
    }
}

impl KeyRule {
    /// Refuses it since `at`. The first revocation stands.
    pub fn revoke(&mut self, at: Timestamp) {
        self.revoked_at.get_or_insert(at);
    }

    /// Which of its secrets has this digest.
    #[must_use]
    pub fn presented(&self, digest: &SecretDigest) -> Option<Presented> {
        if self.digest == *digest {
            return Some(Presented::Current);
        }
        self.previous.find(digest).map(Presented::Replaced)
    }

    /// The digests that it is found by.
    pub fn digests(&self) -> impl Iterator<Item = SecretDigest> + use<> {
        let previous = self.previous.iter().map(|previous| previous.digest);
        [self.digest].into_iter().chain(previous)
    }
}

impl From<&Key> for KeyRule {
    fn from(key: &Key) -> Self {
        Self {
            id: key.id(),
            scope: key.scope(),
            products: key.products(),
            digest: key.digest(),
            previous: key.previous(),
            expires_at: key.expires_at(),
            revoked_at: key.revoked().map(|revocation| revocation.at),
        }
    }
}
