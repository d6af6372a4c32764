//! Where the secrets of Phare's keys lie while they are not called with.

use std::fmt::Debug;

use async_trait::async_trait;
use gardien_domain::{MemberId, PhareSecretId};
use secrecy::SecretString;

/// Why a secret cannot be had from where it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// It is not there.
    #[error("The secret of this key is not held here any more. Add it again.")]
    NotHeld,
    /// A person has to unlock the place.
    #[error("The keychain is locked.")]
    Locked,
    /// The place does not answer.
    #[error("No keychain answers here.")]
    Unavailable,
}

/// Where the secrets of Phare's keys lie. `owner` is the first Owner of the organization: one place may serve several
/// installations.
#[async_trait]
pub trait Secrets: Send + Sync + Debug {
    /// A secret that was kept.
    ///
    /// # Errors
    /// [`SecretFault`].
    async fn get(
        &self,
        owner: Option<MemberId>,
        id: PhareSecretId,
    ) -> Result<SecretString, SecretFault>;
    /// Keeps a secret; where it cannot be kept for good, at least for this run.
    async fn keep(&self, owner: Option<MemberId>, id: PhareSecretId, secret: SecretString);
    /// Forgets a secret.
    async fn forget(&self, owner: Option<MemberId>, id: PhareSecretId);
}
