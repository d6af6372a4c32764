//! What keeps secrets: the keychain, or, where none answers, the memory of this run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gardien_authority::{SecretFault, Secrets};
use gardien_domain::{MemberId, PhareSecretId};
use gardien_vault::{Vault, VaultFault, VaultItem, VaultState};
use secrecy::SecretString;
use tokio::sync::watch;

/// How long a look at it waits for a keychain that is slow to say how it is.
const GLANCE: Duration = Duration::from_millis(500);

/// Keeps secrets. What the keychain does not take is wiped when the app ends.
#[derive(Debug)]
pub(crate) struct Keeper {
    vault: Vault,
    this_run: Mutex<Vec<(VaultItem, SecretString)>>,
    /// What the keychain still holds and should not.
    unforgotten: Mutex<Vec<VaultItem>>,
    last_state: watch::Sender<VaultState>,
    /// Whether the keychain gave or took less than it was asked to.
    refused: AtomicBool,
}

impl Keeper {
    pub(crate) fn new(vault: Vault) -> Self {
        Self {
            vault,
            this_run: Mutex::default(),
            unforgotten: Mutex::default(),
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
        let kept = self.vault.put(item, secret.clone()).await;
        self.drop_from_memory(item);
        if let Err(fault) = &kept {
            // Before it is noted, or whoever offers again just then would miss it.
            self.memory().push((item.clone(), secret));
            self.note_refusal(fault);
        }
        kept
    }

    /// A secret that was kept.
    ///
    /// # Errors
    /// Each of the vault's other answers.
    pub(crate) async fn get(&self, item: &VaultItem) -> Result<SecretString, VaultFault> {
        // First what the keychain did not take: what it holds under the same name is older.
        let in_memory = self
            .memory()
            .iter()
            .find(|(kept, _)| kept == item)
            .map(|(_, secret)| secret.clone());
        if let Some(secret) = in_memory {
            return Ok(secret);
        }
        let kept = self.vault.get(item).await;
        if let Err(fault) = &kept {
            self.note_refusal(fault);
        }
        kept
    }

    /// Forgets a secret. A keychain that does not answer is asked again when it does, while this run lasts.
    pub(crate) async fn forget(&self, item: &VaultItem) {
        self.drop_from_memory(item);
        match self.vault.remove(item).await {
            Ok(()) | Err(VaultFault::NotFound) => {}
            Err(fault) => {
                tracing::warn!(%fault, "a secret could not be removed from the keychain yet");
                self.unforgotten().push(item.clone());
                self.note_refusal(&fault);
            }
        }
    }

    /// Whether the keychain has not done all that it was asked for, or refused anything since [`Self::offer_again`].
    pub(crate) fn lacks_something(&self) -> bool {
        self.refused.load(Ordering::Acquire)
            || !self.memory().is_empty()
            || !self.unforgotten().is_empty()
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
        self.memory().iter().map(|(item, _)| item.clone()).collect()
    }

    /// Offers the keychain once more what it did not take. Answers what it took now.
    pub(crate) async fn offer_again(&self) -> Vec<VaultItem> {
        self.refused.store(false, Ordering::Release);
        let unforgotten = std::mem::take(&mut *self.unforgotten());
        for item in unforgotten {
            self.forget(&item).await;
        }
        let waiting = self.memory().clone();
        let mut taken = Vec::new();
        for (item, secret) in waiting {
            if let Err(fault) = self.vault.put(&item, secret).await {
                self.note_refusal(&fault);
                break;
            }
            if self.only_this_run().contains(&item) {
                self.drop_from_memory(&item);
                taken.push(item);
            } else {
                // Somebody gave it up meanwhile.
                self.forget(&item).await;
            }
        }
        self.state().await;
        taken
    }

    fn drop_from_memory(&self, item: &VaultItem) {
        self.memory().retain(|(kept, _)| kept != item);
    }

    fn unforgotten(&self) -> MutexGuard<'_, Vec<VaultItem>> {
        self.unforgotten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, Vec<(VaultItem, SecretString)>> {
        self.this_run.lock().unwrap_or_else(PoisonError::into_inner)
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
