//! The life of a key: what it may become, and when not.

use jiff::{SignedDuration, Timestamp};

use super::{KeyId, KeyStatus, PreviousSecret, PreviousSecrets, Revocation};
use crate::member::MemberId;
use crate::product::ProductScopes;
use crate::scope::Scope;
use crate::secret::{Secret, SecretDigest};
use crate::share::Share;

/// For how long a revocation can be taken back.
pub const RESTORE_SECONDS: i64 = 10;

/// All that there is to a key, to be made into one or to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyParts {
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
    /// The secrets that rotations replaced.
    pub previous: PreviousSecrets,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: MemberId,
    /// What it may have of the calls a minute.
    pub share: Share,
    /// From this moment on it is refused.
    pub expires_at: Option<Timestamp>,
    /// Set once it is revoked.
    pub revoked: Option<Revocation>,
}

/// An API key. It changes by the methods below and by nothing else; one that is refused leaves it as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(KeyParts);

/// What to change of a key. What is `None` stays. The scope never changes: a wider key is a new key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyEdit {
    /// Its new name.
    pub name: Option<String>,
    /// Its new remark.
    pub note: Option<String>,
    /// What it may do from here on.
    pub products: Option<ProductScopes>,
    /// What it may have of the calls a minute from here on.
    pub share: Option<Share>,
    /// Its new end; `Some(None)`: never.
    pub expires_at: Option<Option<Timestamp>>,
}

/// Why a key does not become what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// It was taken back.
    #[error("the key is revoked")]
    Revoked,
    /// It is past its end.
    #[error("the key has expired")]
    Expired,
    /// There is nothing to take back.
    #[error("the key is not revoked")]
    NotRevoked,
    /// The time to take its revocation back is over.
    #[error("the key was revoked too long ago")]
    RestoreTooLate,
    /// No secret that was replaced still works.
    #[error("the key has no earlier secret that still works")]
    NotRotating,
    /// As many secrets that were replaced as there may be still work.
    #[error("two earlier secrets still work, one of them until {until}")]
    TooManySecrets {
        /// When there is room for another.
        until: Timestamp,
    },
}

impl Key {
    /// The key that is made of these, as it was kept or is new.
    #[must_use]
    pub const fn from_parts(parts: KeyParts) -> Self {
        Self(parts)
    }

    /// What it is made of.
    #[must_use]
    pub fn into_parts(self) -> KeyParts {
        self.0
    }

    /// Stays for ever.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.0.id
    }

    /// What people read; not unique.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// A longer remark; may be empty.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.0.note
    }

    /// Where it works.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        self.0.scope
    }

    /// What it may do.
    #[must_use]
    pub const fn products(&self) -> ProductScopes {
        self.0.products
    }

    /// Digest of the secret in force.
    #[must_use]
    pub const fn digest(&self) -> SecretDigest {
        self.0.digest
    }

    /// Display form of the secret in force.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.0.display
    }

    /// The secrets that rotations replaced.
    #[must_use]
    pub const fn previous(&self) -> PreviousSecrets {
        self.0.previous
    }

    /// When it was made.
    #[must_use]
    pub const fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// Who made it.
    #[must_use]
    pub const fn created_by(&self) -> MemberId {
        self.0.created_by
    }

    /// What it may have of the calls a minute.
    #[must_use]
    pub const fn share(&self) -> Share {
        self.0.share
    }

    /// From this moment on it is refused.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.0.expires_at
    }

    /// By whom and when it was taken back.
    #[must_use]
    pub const fn revoked(&self) -> Option<Revocation> {
        self.0.revoked
    }

    /// What the key is at `now`. A revocation outweighs an expiry.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        if self.0.revoked.is_some() {
            KeyStatus::Revoked
        } else if self.0.expires_at.is_some_and(|at| at <= now) {
            KeyStatus::Expired
        } else if self.0.previous.valid_until(now).is_some() {
            KeyStatus::Rotating
        } else {
            KeyStatus::Active
        }
    }

    /// Until when a secret that it had before works; `None` when it does not at `now`.
    #[must_use]
    pub fn promised(&self, secret: PreviousSecret, now: Timestamp) -> Option<Timestamp> {
        let works = self.status(now) == KeyStatus::Rotating && secret.valid_until > now;
        works.then_some(secret.valid_until)
    }

    /// Whether it works at `now`.
    ///
    /// # Errors
    /// [`KeyFault::Revoked`], [`KeyFault::Expired`].
    pub fn working(&self, now: Timestamp) -> Result<(), KeyFault> {
        match self.status(now) {
            KeyStatus::Active | KeyStatus::Rotating => Ok(()),
            KeyStatus::Revoked => Err(KeyFault::Revoked),
            KeyStatus::Expired => Err(KeyFault::Expired),
        }
    }

    /// Takes it back. The first revocation stands.
    pub fn revoke(&mut self, revocation: Revocation) {
        self.0.revoked.get_or_insert(revocation);
    }

    /// Takes a revocation back, and answers with it.
    ///
    /// # Errors
    /// [`KeyFault::NotRevoked`]; [`KeyFault::RestoreTooLate`] unless that is less than [`RESTORE_SECONDS`] ago.
    pub fn restore(&mut self, now: Timestamp) -> Result<Revocation, KeyFault> {
        let revocation = self.0.revoked.ok_or(KeyFault::NotRevoked)?;
        // A clock that was set back must not make it longer.
        if !(0..RESTORE_SECONDS).contains(&now.duration_since(revocation.at).as_secs()) {
            return Err(KeyFault::RestoreTooLate);
        }
        self.0.revoked = None;
        Ok(revocation)
    }

    /// Gives it another secret. The one before works on for the grace, but not beyond the key's end; the one before that
    /// as it was promised.
    ///
    /// # Errors
    /// [`KeyFault::Revoked`], [`KeyFault::Expired`], [`KeyFault::TooManySecrets`].
    pub fn rotate(
        &mut self,
        secret: &Secret,
        grace: SignedDuration,
        now: Timestamp,
    ) -> Result<(), KeyFault> {
        self.working(now)?;
        let replaced = PreviousSecret {
            digest: self.0.digest,
            valid_until: now.saturating_add(grace).unwrap_or(now),
        };
        self.0.previous = self.0.previous.replaced(replaced, now)?;
        self.end_with_the_key();
        self.0.digest = secret.digest();
        self.0.display = secret.display();
        Ok(())
    }

    /// Ends every secret that was replaced.
    ///
    /// # Errors
    /// [`KeyFault::Revoked`], [`KeyFault::Expired`], [`KeyFault::NotRotating`].
    pub fn end_previous(&mut self, now: Timestamp) -> Result<(), KeyFault> {
        self.working(now)?;
        let until = self.0.previous.valid_until(now);
        until.ok_or(KeyFault::NotRotating)?;
        self.0.previous = self.0.previous.ended_by(now);
        Ok(())
    }

    /// Changes its settings. With an earlier end, secrets that were replaced end earlier too.
    ///
    /// # Errors
    /// [`KeyFault::Revoked`], [`KeyFault::Expired`]: a later end brings no key back.
    pub fn edit(&mut self, edit: KeyEdit, now: Timestamp) -> Result<(), KeyFault> {
        self.working(now)?;
        let KeyEdit {
            name,
            note,
            products,
            share,
            expires_at,
        } = edit;
        self.0.name = name.unwrap_or_else(|| std::mem::take(&mut self.0.name));
        self.0.note = note.unwrap_or_else(|| std::mem::take(&mut self.0.note));
        self.0.products = products.unwrap_or(self.0.products);
        self.0.share = share.unwrap_or(self.0.share);
        self.0.expires_at = expires_at.unwrap_or(self.0.expires_at);
        self.end_with_the_key();
        Ok(())
    }

    fn end_with_the_key(&mut self) {
        if let Some(end) = self.0.expires_at {
            self.0.previous = self.0.previous.ended_by(end);
        }
    }
}

#[cfg(test)]
mod tests;
