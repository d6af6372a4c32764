//! The Secret Service of Linux desktops (GNOME Keyring, KDE Wallet and others), over D-Bus.
//!
//! The `keyring` store unlocks whatever it finds locked, which asks the person and waits for as long as they like. So
//! this looks first, on a connection of its own where looking never asks anybody, and only goes to the store when
//! there is nothing to unlock.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use keyring::Entry;
use keyring_core::api::CredentialStoreApi as _;
use secrecy::SecretString;
use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};
use zbus_secret_service_keyring_store::Store;

use super::{Keychain, fault, read, write};
use crate::item::SERVICE;
use crate::{VaultFault, VaultItem, VaultState};

/// For one question, looking first included.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(8);
/// For one D-Bus call: starting the service on demand is part of the first.
const CALL_LIMIT: Duration = Duration::from_secs(3);

const SERVICE_NAME: &str = "org.freedesktop.secrets";
const ROOT: &str = "/org/freedesktop/secrets";
const ROOT_INTERFACE: &str = "org.freedesktop.Secret.Service";
/// How the Secret Service says that there is no such object.
const NOTHING: &str = "/";

/// Connects when first asked, and again after the bus or the service went away.
#[derive(Debug, Default)]
pub(crate) struct SecretService {
    bus: Option<Connection>,
    store: Option<Arc<Store>>,
    /// Whether the last question had no answer: it is asked every few seconds, and logged once.
    silent: bool,
}

impl SecretService {
    /// Asks over the connection for looking; a failure closes it.
    fn look<T>(
        &mut self,
        ask: impl FnOnce(&Connection) -> zbus::Result<T>,
    ) -> Result<T, VaultFault> {
        let bus = match self.bus.take() {
            Some(bus) => Ok(bus),
            None => {
                Builder::session().and_then(|builder| builder.method_timeout(CALL_LIMIT).build())
            }
        };
        let answer = bus.and_then(|bus| {
            let answer = ask(&bus)?;
            self.bus = Some(bus);
            Ok(answer)
        });
        let was_silent = std::mem::replace(&mut self.silent, answer.is_err());
        answer.map_err(|error| {
            if !was_silent {
                tracing::warn!(%error, "no Secret Service answers");
            }
            VaultFault::Unavailable
        })
    }

    /// Passes when acting on this item unlocks nothing and asks nobody.
    fn check(&mut self, item: &VaultItem) -> Result<(), VaultFault> {
        let account = item.account();
        let locked =
            self.look(|bus| Ok(default_is_locked(bus)? || item_is_locked(bus, &account)?))?;
        if locked {
            Err(VaultFault::Locked)
        } else {
            Ok(())
        }
    }

    fn with<T>(
        &mut self,
        item: &VaultItem,
        act: impl Fn(&Entry) -> keyring::Result<T>,
    ) -> Result<T, VaultFault> {
        self.check(item)?;
        let known = self.store.is_some();
        let mut answer = self.act(item, &act);
        if known && matches!(answer, Err(keyring::Error::PlatformFailure(_))) {
            // The service was started anew and knows nothing of our session with it.
            answer = self.act(item, &act);
        }
        answer.map_err(|error| fault(&error))
    }

    fn act<T>(
        &mut self,
        item: &VaultItem,
        act: impl Fn(&Entry) -> keyring::Result<T>,
    ) -> keyring::Result<T> {
        let store = match self.store.take() {
            Some(store) => store,
            None => Store::new()?,
        };
        let label = item.label();
        let modifiers = HashMap::from([("label", label.as_str())]);
        let inner = store.build(SERVICE, &item.account(), Some(&modifiers))?;
        let answer = act(&Entry { inner });
        if !matches!(answer, Err(keyring::Error::PlatformFailure(_))) {
            self.store = Some(store);
        }
        answer
    }
}

impl Keychain for SecretService {
    fn state(&mut self) -> VaultState {
        match self.look(default_is_locked) {
            Ok(false) => VaultState::Available,
            Ok(true) => VaultState::Locked,
            Err(_) => VaultState::Unavailable,
        }
    }

    fn get(&mut self, item: &VaultItem) -> Result<SecretString, VaultFault> {
        self.with(item, read)
    }

    fn put(&mut self, item: &VaultItem, secret: &SecretString) -> Result<(), VaultFault> {
        self.with(item, |entry| write(entry, secret))
    }

    fn remove(&mut self, item: &VaultItem) -> Result<(), VaultFault> {
        self.with(item, Entry::delete_credential)
    }

    fn list(&mut self) -> Result<Vec<VaultItem>, VaultFault> {
        let accounts = self.look(|bus| {
            let (items, locked) = search(bus, &HashMap::from([("service", SERVICE)]))?;
            if !locked.is_empty() {
                return Ok(None);
            }
            let accounts = items.iter().map(|item| account(bus, item));
            accounts.collect::<zbus::Result<Vec<_>>>().map(Some)
        })?;
        let items = |accounts: Vec<String>| {
            let items = accounts.iter().map(|name| VaultItem::of_account(name));
            items.flatten().collect()
        };
        accounts.map(items).ok_or(VaultFault::Locked)
    }
}

/// Whether the collection that new items go to is locked. Having none is an error: nothing can be kept then.
fn default_is_locked(bus: &Connection) -> zbus::Result<bool> {
    let collection: OwnedObjectPath = bus
        .call_method(
            Some(SERVICE_NAME),
            ROOT,
            Some(ROOT_INTERFACE),
            "ReadAlias",
            &"default",
        )?
        .body()
        .deserialize()?;
    if collection.as_str() == NOTHING {
        return Err(zbus::Error::Failure(
            "it has no default collection".to_owned(),
        ));
    }
    let locked: OwnedValue = bus
        .call_method(
            Some(SERVICE_NAME),
            &collection,
            Some("org.freedesktop.DBus.Properties"),
            "Get",
            &("org.freedesktop.Secret.Collection", "Locked"),
        )?
        .body()
        .deserialize()?;
    Ok(bool::try_from(locked)?)
}

/// Whether the item lies in a collection that is locked, which need not be the default one.
fn item_is_locked(bus: &Connection, account: &str) -> zbus::Result<bool> {
    let attributes = HashMap::from([("service", SERVICE), ("username", account)]);
    search(bus, &attributes).map(|(_, locked)| !locked.is_empty())
}

/// The items with these attributes: those that can be read, and those that are locked.
fn search(
    bus: &Connection,
    attributes: &HashMap<&str, &str>,
) -> zbus::Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>)> {
    bus.call_method(
        Some(SERVICE_NAME),
        ROOT,
        Some(ROOT_INTERFACE),
        "SearchItems",
        attributes,
    )?
    .body()
    .deserialize()
}

/// The account that an item is kept under; empty when it has none.
fn account(bus: &Connection, item: &OwnedObjectPath) -> zbus::Result<String> {
    let attributes: OwnedValue = bus
        .call_method(
            Some(SERVICE_NAME),
            item,
            Some("org.freedesktop.DBus.Properties"),
            "Get",
            &("org.freedesktop.Secret.Item", "Attributes"),
        )?
        .body()
        .deserialize()?;
    let mut attributes = HashMap::<String, String>::try_from(attributes)?;
    Ok(attributes.remove("username").unwrap_or_default())
}
