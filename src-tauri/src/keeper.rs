//! What keeps secrets: the keychain, or, where none answers, the memory of this run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gardien_authority::{SecretFault, Secrets};
use gardien_domain::{MemberId, PhareSecretId};
use gardien_vault::{Vault, VaultFault, VaultItem, VaultState};
use secrecy::SecretString;
use tokio::sync::{OwnedMutexGuard, watch};

#[cfg(test)]
mod tests;

/// How long a look at it waits for a keychain that is slow to say how it is.
const GLANCE: Duration = Duration::from_millis(500);

/// Keeps secrets. What the keychain does not take is wiped when the app ends.
#[derive(Debug)]
pub(crate) struct Keeper {
    vault: Vault,
    owed: Mutex<Vec<Owed>>,
    /// What is being changed. One item waits for no other, because a keychain may ask a person.
    changing: Mutex<Vec<(VaultItem, Arc<tokio::sync::Mutex<()>>)>>,
    last_state: watch::Sender<VaultState>,
    /// Whether the keychain gave or took less than it was asked to.
    refused: AtomicBool,
}

/// What the keychain did not do yet, each item at most once: keep a secret, or forget what it holds.
type Owed = (VaultItem, Option<SecretString>);

impl Keeper {
    pub(crate) fn new(vault: Vault) -> Self {
        Self {
            vault,
            owed: Mutex::default(),
            changing: Mutex::default(),
            last_state: watch::Sender::new(VaultState::Available),
            refused: AtomicBool::new(false),
        }
    }

    /// The keychain itself, for what nobody misses when it does not answer.
    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// What the keychain is good for; what it was good for last, when it takes long to answer.
    pub(crate) async fn state(&self) -> VaultState {
        let Ok(state) = tokio::time::timeout(GLANCE, self.vault.state()).await else {
            return self.last_state();
        };
        // That it is good again is said once it has what it did not take: before, a person who ends the app would lose that.
        if state != VaultState::Available || !self.lacks_something() {
            self.note_state(state);
        }
        state
    }

    /// What the keychain was good for when it was last asked, and had all that it was given.
    pub(crate) fn last_state(&self) -> VaultState {
        *self.last_state.borrow()
    }

    /// Hears whenever it has become good for less, whoever found that out. That it is good again is said by whoever
    /// gives it what it did not take.
    pub(crate) fn refusals(&self) -> watch::Receiver<VaultState> {
        self.last_state.subscribe()
    }

    fn note_state(&self, state: VaultState) {
        self.last_state.send_if_modified(|last| {
            std::mem::replace(last, state) != state && state != VaultState::Available
        });
    }

    /// Notes that the keychain gave or took less than it was asked to.
    fn note_refusal(&self, fault: &VaultFault) {
        let state = match fault {
            VaultFault::Locked => VaultState::Locked,
            VaultFault::Unavailable => VaultState::Unavailable,
            VaultFault::NotFound => return,
        };
        // First, so that nobody who looks at it now takes it for good again.
        self.refused.store(true, Ordering::Release);
        self.note_state(state);
    }

    /// Keeps a secret in the keychain, in place of what was there.
    ///
    /// # Errors
    /// Why the keychain did not take it. It is kept for this run then.
    pub(crate) async fn keep(
        &self,
        item: &VaultItem,
        secret: SecretString,
    ) -> Result<(), VaultFault> {
        let _alone = self.alone_with(item).await;
        self.ask(item, Some(secret)).await
    }

    /// Asks the keychain for a change, in place of what it owes of this item. What it does not do it owes.
    async fn ask(&self, item: &VaultItem, secret: Option<SecretString>) -> Result<(), VaultFault> {
        let done = match &secret {
            Some(secret) => self.vault.put(item, secret.clone()).await,
            None => match self.vault.remove(item).await {
                Err(VaultFault::NotFound) => Ok(()),
                done => done,
            },
        };
        let mut owed = self.owed();
        owed.retain(|(of, _)| of != item);
        if let Err(fault) = &done {
            // Before it is noted, or whoever offers again just then would miss it.
            owed.push((item.clone(), secret));
            drop(owed);
            self.note_refusal(fault);
        }
        done
    }

    /// A secret that was kept.
    ///
    /// # Errors
    /// Each of the vault's other answers.
    pub(crate) async fn get(&self, item: &VaultItem) -> Result<SecretString, VaultFault> {
        // First what the keychain did not do: what it holds under the same name is older.
        if let Some(secret) = self.owed_of(item) {
            return secret.ok_or(VaultFault::NotFound);
        }
        let kept = self.vault.get(item).await;
        if let Err(fault) = &kept {
            self.note_refusal(fault);
        }
        kept
    }

    /// Forgets a secret. A keychain that does not answer is asked again when it does, while this run lasts.
    pub(crate) async fn forget(&self, item: &VaultItem) {
        // From memory at once, however long the keychain takes.
        for (_, secret) in self.owed().iter_mut().filter(|(of, _)| of == item) {
            *secret = None;
        }
        let _alone = self.alone_with(item).await;
        if let Err(fault) = self.ask(item, None).await {
            tracing::warn!(%fault, "a secret could not be removed from the keychain yet");
        }
    }

    /// Whether the keychain has not done all that it was asked for, or refused anything since [`Self::offer_again`].
    pub(crate) fn lacks_something(&self) -> bool {
        self.refused.load(Ordering::Acquire) || !self.owed().is_empty()
    }

    /// What the keychain holds of Gardien's, by name.
    ///
    /// # Errors
    /// When it is locked, or does not say so at a glance.
    pub(crate) async fn list(&self) -> Result<Vec<VaultItem>, VaultFault> {
        let answer = tokio::time::timeout(GLANCE, self.vault.list()).await;
        answer.unwrap_or(Err(VaultFault::Unavailable))
    }

    /// What is kept for this run only.
    pub(crate) fn only_this_run(&self) -> Vec<VaultItem> {
        let owed = self.owed();
        let secrets = owed.iter().filter(|(_, secret)| secret.is_some());
        secrets.map(|(item, _)| item.clone()).collect()
    }

    /// Offers the keychain once more what it did not do, until it refuses. Answers which secrets it took now.
    pub(crate) async fn offer_again(&self) -> Vec<VaultItem> {
        self.refused.store(false, Ordering::Release);
        let mut waiting = self.owed().clone();
        // What is lost with this run comes first.
        waiting.sort_by_key(|(_, secret)| secret.is_none());
        let mut taken = Vec::new();
        for (item, _) in waiting {
            let _alone = self.alone_with(&item).await;
            // Somebody else may have kept or forgotten it meanwhile.
            let Some(secret) = self.owed_of(&item) else {
                continue;
            };
            let is_secret = secret.is_some();
            if self.ask(&item, secret).await.is_err() {
                break;
            }
            if is_secret {
                taken.push(item);
            }
        }
        self.state().await;
        taken
    }

    /// Waits until nobody else changes this item, or an older secret could take the place of a newer one.
    async fn alone_with(&self, item: &VaultItem) -> OwnedMutexGuard<()> {
        let lock = {
            let changing = self.changing.lock();
            let mut changing = changing.unwrap_or_else(PoisonError::into_inner);
            changing.retain(|(_, lock)| Arc::strong_count(lock) > 1);
            let found = changing.iter().find(|(of, _)| of == item);
            let found = found.map(|(_, lock)| Arc::clone(lock));
            found.unwrap_or_else(|| {
                let lock = Arc::default();
                changing.push((item.clone(), Arc::clone(&lock)));
                lock
            })
        };
        lock.lock_owned().await
    }

    /// What the keychain owes of an item, if anything.
    fn owed_of(&self, item: &VaultItem) -> Option<Option<SecretString>> {
        let owed = self.owed();
        let found = owed.iter().find(|(of, _)| of == item);
        found.map(|(_, secret)| secret.clone())
    }

    fn owed(&self) -> MutexGuard<'_, Vec<Owed>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Phare's keys. Before there is an Owner there is nothing to keep.
#[async_trait]
impl Secrets for Keeper {
    async fn get(
        &self,
        owner: Option<MemberId>,
        id: PhareSecretId,
    ) -> Result<SecretString, SecretFault> {
        let owner = owner.ok_or(SecretFault::NotHeld)?;
        let kept = Self::get(self, &phare_secret(owner, id)).await;
        kept.map_err(|fault| match fault {
            VaultFault::NotFound => SecretFault::NotHeld,
            VaultFault::Locked => SecretFault::Locked,
            VaultFault::Unavailable => SecretFault::Unavailable,
        })
    }

    /// Where the keychain does not take it, it is kept for this run, and a banner says so.
    async fn keep(&self, owner: Option<MemberId>, id: PhareSecretId, secret: SecretString) {
        if let Some(owner) = owner
            && let Err(fault) = Self::keep(self, &phare_secret(owner, id), secret).await
        {
            tracing::warn!(%fault, "a key of Phare's is kept for this run only");
        }
    }

    async fn forget(&self, owner: Option<MemberId>, id: PhareSecretId) {
        if let Some(owner) = owner {
            Self::forget(self, &phare_secret(owner, id)).await;
        }
    }
}

/// The name that a secret of Phare's is kept under.
pub(crate) fn phare_secret(owner: MemberId, secret: PhareSecretId) -> VaultItem {
    VaultItem::PhareSecret {
        installation: owner.0,
        secret: secret.0,
    }
}
