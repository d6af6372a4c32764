//! Revocation: in force before anything is waited for, and never forgotten.
//!
//! What the database does not take, as on a full disk or on one that hangs, the witness keeps until it does: over the
//! end of the process too.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gardien_domain::audit::AuditAction;
use gardien_domain::key::Revocation;
use gardien_domain::{AuditFilter, Key, KeyId, MemberId};
use gardien_store::{Change, Revision, StoreError, StoredKey, Witness, Witnessed};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::api::Event;
use crate::authority::SYSTEM;
use crate::changing::repeat;
use crate::{Actor, Authority, Fault, System};

/// How long a caller waits for the database. A disk that hangs longer is not waited for.
const PATIENCE: Duration = Duration::from_millis(3_500);
/// How long a caller waits for the disk to take what the witness has.
const SYNC_PATIENCE: Duration = Duration::from_secs(1);
/// How often writing one is tried again.
const PAUSE: Duration = Duration::from_secs(5);

/// Whether a key is what somebody revokes it for, at this moment.
pub(crate) type Fit = fn(&Key, Timestamp) -> Result<(), Fault>;

/// Who asked for a revocation, which has to be allowed before it is promised.
struct Asked {
    actor: Actor,
    fit: Fit,
    /// Whether the key was not in force as revoked before.
    new: bool,
}

/// Revocations that are in force and not written yet. They count as if they were: nothing but a restoration brings such
/// a key back.
#[derive(Debug)]
pub(crate) struct Revocations {
    /// Each who asked has a claim of their own: one that is refused takes no other's away. The first one stands.
    unwritten: Mutex<HashMap<KeyId, Vec<(Claim, Revocation)>>>,
    claims: AtomicU64,
    witness: Arc<Witness>,
    stopped: AtomicBool,
}

/// One who asked for the revocation of a key.
type Claim = u64;

impl Revocations {
    pub(crate) fn new(witness: Arc<Witness>) -> Self {
        Self {
            unwritten: Mutex::default(),
            claims: AtomicU64::default(),
            witness,
            stopped: AtomicBool::default(),
        }
    }

    /// Adds what is not written to a key as the store has it. A revocation that is written stands.
    pub(crate) fn overlay(&self, key: &mut Key) {
        if let Some([(_, revocation), ..]) = self.unwritten().get(&key.id()).map(Vec::as_slice) {
            key.revoke(*revocation);
        }
    }

    /// Takes a key as the store has it, and answers with the key as it is in force.
    pub(crate) fn take(&self, mut key: Key) -> Key {
        let mut unwritten = self.unwritten();
        if let Some(revocation) = key.revoked() {
            unwritten.remove(&key.id());
            told(self.witness.revoked(key.id(), revocation, true));
        } else if !unwritten.contains_key(&key.id()) {
            told(self.witness.restored(key.id()));
        }
        drop(unwritten);
        self.overlay(&mut key);
        key
    }

    pub(crate) fn is_unwritten(&self, id: KeyId) -> bool {
        self.unwritten().contains_key(&id)
    }

    /// A claim, and whether it is the first.
    fn claim(&self, id: KeyId, revocation: Revocation) -> (Claim, bool) {
        let claim = self.claims.fetch_add(1, Ordering::Relaxed);
        let mut unwritten = self.unwritten();
        let claims = unwritten.entry(id).or_default();
        claims.push((claim, revocation));
        (claim, claims.len() == 1)
    }

    fn withdraw(&self, id: KeyId, claim: Claim) {
        let mut unwritten = self.unwritten();
        if let Some(claims) = unwritten.get_mut(&id) {
            claims.retain(|(other, _)| *other != claim);
            if claims.is_empty() {
                unwritten.remove(&id);
            }
        }
    }

    /// Forgets one that was taken back.
    pub(crate) fn forget(&self, id: KeyId) {
        self.unwritten().remove(&id);
        told(self.witness.restored(id));
    }

    /// Nothing is written from here on. What is not yet, the witness has.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    fn unwritten(&self) -> MutexGuard<'_, HashMap<KeyId, Vec<(Claim, Revocation)>>> {
        self.unwritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The witness is the second place: that it cannot be written keeps nobody from the first.
fn told(written: io::Result<()>) {
    if let Err(error) = written {
        tracing::error!(%error, "the file beside the database cannot be written");
    }
}

impl Authority {
    /// Revokes a key that is `fit` for it.
    ///
    /// # Errors
    /// [`Fault::RevokedInMemory`] and [`Fault::RevokedUntilRestart`] when it is refused from now on but that could not be
    /// written within a few seconds; whatever `fit` says, [`Fault::NotFound`], and what [`Self::confirm`] says: then it is
    /// what it was.
    pub(crate) async fn revoke(
        &self,
        actor: &Actor,
        id: KeyId,
        fit: Fit,
    ) -> Result<StoredKey, Fault> {
        let revocation = Revocation {
            at: self.now(),
            by: actor.member().id,
        };
        let (claim, new) = self.revocations.claim(id, revocation);
        self.enforcement.revoke(id, revocation);
        let noted = self.revocations.witness.revoked(id, revocation, false);
        let is_noted = noted.is_ok();
        told(noted);
        // Whoever is first: this call that gives up waiting, or a refusal that takes the revocation back.
        let settled = Arc::<AtomicBool>::default();
        let (tell, mut told) = oneshot::channel();
        let (authority, actor, other) = (self.clone(), actor.clone(), settled.clone());
        // Apart from the caller, who may go away or be told before the disk has answered.
        tokio::spawn(async move {
            let by = actor.member().email.clone();
            let asked = Asked { actor, fit, new };
            let first = authority.write_revocation(id, Some(&asked), &by).await;
            let again = match &first {
                Ok(_) => false,
                Err(Fault::Store(_) | Fault::Conflict) => true,
                Err(_) => other.swap(true, Ordering::SeqCst),
            };
            if first.is_err() && !again {
                authority.take_back(id, claim).await;
            }
            // Whoever is gone needs no answer.
            let _ = tell.send(first);
            if again {
                authority.keep_writing(id, &by).await;
            }
        });
        let first = match timeout(PATIENCE, &mut told).await {
            Err(late) if !settled.swap(true, Ordering::SeqCst) => {
                Ok(Err(Fault::Store(StoreError::Unreachable(late.into()))))
            }
            // It was taken back, and is told at once.
            Err(_) => match timeout(PATIENCE, told).await {
                Ok(first) => first,
                Err(_) => return Err(Fault::Internal),
            },
            Ok(first) => first,
        };
        let error = match first {
            Ok(Err(Fault::Store(error))) => error,
            Ok(Err(Fault::Conflict)) => StoreError::Conflict,
            Ok(first) => return first,
            Err(_) => return Err(Fault::Internal),
        };
        self.publish(Event::Keys { ids: vec![id] });
        match timeout(SYNC_PATIENCE, self.revocations.witness.sync()).await {
            Ok(Ok(())) if is_noted => {
                tracing::error!(error = &error as &dyn std::error::Error, key = %id, "a revocation is kept beside the database");
                Err(Fault::RevokedInMemory(error))
            }
            unsynced => {
                tracing::error!(error = &error as &dyn std::error::Error, ?unsynced, key = %id, "a revocation is in force and nowhere on the disk yet");
                Err(Fault::RevokedUntilRestart(error))
            }
        }
    }

    /// Lets be in force what the witness has and the database does not: what it did not take, and what is gone from it.
    pub(crate) async fn recall(&self) -> Result<(), Fault> {
        for witnessed in self.revocations.witness.revocations() {
            let Some(stored) = self.store.key(witnessed.key).await? else {
                continue;
            };
            // It may have been taken back, and only the word of that be lost.
            if stored.key.revoked().is_none() && !self.was_restored(&witnessed).await? {
                self.revoke_again(witnessed);
            }
        }
        Ok(())
    }

    /// Goes on with a database that is older than what was acknowledged, because a person chose so. Whatever the witness
    /// has of the time between is revoked again.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn accept_older(&self, _: System, acknowledged: Revision) -> Result<(), Fault> {
        for witnessed in self.revocations.witness.revocations() {
            self.revoke_again(witnessed);
        }
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let found = self.store.revision().await?;
            let detail = json!({ "from": acknowledged, "to": found });
            let action = AuditAction::OrganizationRestored;
            self.commit(changing, &[], SYSTEM, action, String::new(), &detail)
                .await
        })
    }

    fn revoke_again(&self, witnessed: Witnessed) {
        let Witnessed {
            key, revocation, ..
        } = witnessed;
        self.revocations.claim(key, revocation);
        self.enforcement.revoke(key, revocation);
        let authority = self.clone();
        tokio::spawn(async move {
            let by = authority.name_of(revocation.by).await;
            match authority.write_revocation(key, None, &by).await {
                Ok(_) => {}
                Err(Fault::NotFound { .. }) => authority.revocations.forget(key),
                Err(_) => authority.keep_writing(key, &by).await,
            }
        });
    }

    /// Also of somebody who was removed since.
    async fn name_of(&self, member: MemberId) -> String {
        let members = self.store.every_member().await.unwrap_or_default();
        let known = members.into_iter().find(|known| known.id == member);
        known.map_or_else(|| SYSTEM.to_owned(), |member| member.email)
    }

    async fn was_restored(&self, witnessed: &Witnessed) -> Result<bool, Fault> {
        let about = AuditFilter {
            actions: Some(vec![AuditAction::KeyRestored]),
            since: Some(witnessed.revocation.at),
            ..AuditFilter::about(&witnessed.key.to_string())
        };
        Ok(!self.store.audit(&about, None, 1).await?.is_empty())
    }

    async fn keep_writing(&self, id: KeyId, by: &str) {
        loop {
            tokio::time::sleep(PAUSE).await;
            if self.revocations.stopped.load(Ordering::SeqCst) {
                return;
            }
            match self.write_revocation(id, None, by).await {
                Ok(_) => return,
                Err(Fault::NotFound { .. }) => {
                    self.revocations.forget(id);
                    return;
                }
                Err(fault) => {
                    tracing::error!(%fault, key = %id, "a revocation still cannot be written");
                }
            }
        }
    }

    /// Writes a revocation that is in force, unless that was done already. Who asks is looked at only the first time:
    /// what was promised stands.
    async fn write_revocation(
        &self,
        id: KeyId,
        asked: Option<&Asked>,
        by: &str,
    ) -> Result<StoredKey, Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            if let Some(asked) = asked {
                self.confirm(&asked.actor).await?;
            }
            let stored = self.store.key(id).await?;
            let mut stored = stored.ok_or(Fault::NotFound { what: "key" })?;
            if let Some(asked) = asked {
                let mut before = stored.key.clone();
                if !asked.new {
                    self.revocations.overlay(&mut before);
                }
                (asked.fit)(&before, self.now())?;
            }
            if stored.key.revoked().is_some() || !self.revocations.is_unwritten(id) {
                // One that another process wrote stands; one that was taken back meanwhile is not written.
                stored.key = self.revocations.take(stored.key);
                self.enforcement.put_key(&stored.key);
                return Ok(stored);
            }
            self.revocations.overlay(&mut stored.key);
            let key = &stored.key;
            let detail = json!({ "name": key.name(), "display": key.display() });
            let changes = [Change::PutKey(key.clone())];
            let (action, subject) = (AuditAction::KeyRevoked, id.to_string());
            self.commit(changing, &changes, by, action, subject, &detail)
                .await?;
            Ok(stored)
        })
    }

    /// Whoever asked may not, or the key was not fit for it: it is again what it is without them.
    async fn take_back(&self, id: KeyId, claim: Claim) {
        // What is recorded meanwhile is enforced after this.
        let _followed = self.followed.hold().await;
        self.revocations.withdraw(id, claim);
        match self.store.key(id).await {
            Ok(Some(stored)) => {
                let key = self.revocations.take(stored.key);
                self.enforcement.put_key(&key);
            }
            Ok(None) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, key = %id, "a key whose revocation was not allowed stays refused until the next start");
            }
        }
    }
}
