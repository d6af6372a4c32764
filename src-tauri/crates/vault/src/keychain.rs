//! What the owner thread needs of a keychain, and the one of this system: each below is one, and reads and writes as
//! is said here.

use keyring::Entry;
use secrecy::ExposeSecret as _;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::{VaultFault, VaultItem, VaultState};

#[cfg(not(target_os = "linux"))]
mod native;
#[cfg(target_os = "linux")]
mod secret_service;

#[cfg(not(target_os = "linux"))]
pub(crate) use native::{Native as System, TIME_LIMIT};
#[cfg(target_os = "linux")]
pub(crate) use secret_service::{SecretService as System, TIME_LIMIT};

/// A keychain as one thread sees it. May block. What each answers: the method of the same name of [`Vault`](crate::Vault).
pub trait Keychain {
    /// What it is good for right now.
    fn state(&mut self) -> VaultState;
    /// # Errors
    /// Each of the vault's.
    fn get(&mut self, item: &VaultItem) -> Result<SecretString, VaultFault>;
    /// # Errors
    /// Locked or unavailable.
    fn put(&mut self, item: &VaultItem, secret: &SecretString) -> Result<(), VaultFault>;
    /// # Errors
    /// Each of the vault's.
    fn remove(&mut self, item: &VaultItem) -> Result<(), VaultFault>;
    /// # Errors
    /// Locked or unavailable.
    fn list(&mut self) -> Result<Vec<VaultItem>, VaultFault>;
}

/// Reads an entry without leaving a copy of it in memory.
fn read(entry: &Entry) -> keyring::Result<SecretString> {
    let bytes = Zeroizing::new(entry.get_secret()?);
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(SecretString::from(text)),
        Err(_) => Err(keyring::Error::BadStoreFormat(
            "the secret is not text".to_owned(),
        )),
    }
}

fn write(entry: &Entry, secret: &SecretString) -> keyring::Result<()> {
    entry.set_secret(secret.expose_secret().as_bytes())
}

/// Which of the answers an error is. Its `Display` names no secret (its `Debug` may).
fn fault(error: &keyring::Error) -> VaultFault {
    match error {
        keyring::Error::NoEntry => VaultFault::NotFound,
        keyring::Error::NoStorageAccess(_) => VaultFault::Locked,
        other => {
            tracing::warn!(error = %other, "the keychain failed");
            VaultFault::Unavailable
        }
    }
}
