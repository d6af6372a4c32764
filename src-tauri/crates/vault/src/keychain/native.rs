//! The keychains of macOS and Windows, which come with the system.

use std::time::Duration;

use keyring::Entry;
use secrecy::SecretString;

use super::{Keychain, fault, read, write};
use crate::item::SERVICE;
use crate::{VaultFault, VaultItem, VaultState};

/// Long enough for a person to answer the system's own question whether this app may read the entry.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Native;

impl Native {
    fn with<T>(
        item: &str,
        act: impl FnOnce(&Entry) -> keyring::Result<T>,
    ) -> Result<T, VaultFault> {
        Entry::new(SERVICE, item)
            .and_then(|entry| act(&entry))
            .map_err(|error| fault(&error))
    }
}

impl Keychain for Native {
    fn state(&mut self) -> VaultState {
        // There is no question for this but reading: an entry that nobody made is answered with "not found".
        match Self::with("probe", read) {
            Ok(_) | Err(VaultFault::NotFound) => VaultState::Available,
            Err(VaultFault::Locked) => VaultState::Locked,
            Err(VaultFault::Unavailable) => VaultState::Unavailable,
        }
    }

    fn get(&mut self, item: &VaultItem) -> Result<SecretString, VaultFault> {
        Self::with(&item.account(), read)
    }

    fn put(&mut self, item: &VaultItem, secret: &SecretString) -> Result<(), VaultFault> {
        Self::with(&item.account(), |entry| write(entry, secret))
    }

    fn remove(&mut self, item: &VaultItem) -> Result<(), VaultFault> {
        Self::with(&item.account(), Entry::delete_credential)
    }

    fn list(&mut self) -> Result<Vec<VaultItem>, VaultFault> {
        // These ask the person about each entry that is looked at.
        Err(VaultFault::Unavailable)
    }
}
