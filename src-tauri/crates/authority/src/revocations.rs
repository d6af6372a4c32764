//! Revocation: in force before anything is waited for, and never forgotten.
//!
//! What the database does not take, as on a full disk or on one that hangs, the witness keeps until it does: over the
//! end of the process too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gardien_domain::audit::AuditAction;
use gardien_domain::key::Revocation;
use gardien_domain::{AuditFilter, Key, KeyId, MemberId};
use gardien_store::{Change, Revision, StoreError, StoredKey, Witnessed};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::api::Event;
use crate::authority::SYSTEM;
use crate::changing::repeat;
use crate::in_force::Claimed;
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
    /// Whether the key was in force as revoked before.
    again: bool,
}

/// How a call that gives up waiting and a refusal that takes the revocation back agree: whoever is first settles it.
type Settled = Arc<AtomicBool>;

impl Authority {
    /// Revokes a key that is `fit` for it.
    ///
    /// # Errors
    /// [`Fault::RevokedInMemory`] and [`Fault::RevokedUntilRestart`] when it is refused from now on but that could not be
    /// written within a few seconds, [`Fault::RevokedHere`] when only here; whatever `fit` says, [`Fault::NotFound`], and what [`Self::confirm`] says: then it is
    /// what it was.
    pub(crate) async fn revoke(
        &self,
        actor: &Actor,
        id: KeyId,
        fit: Fit,
    ) -> Result<StoredKey, Fault> {
        let claimed = self.refuse(actor, id);
        self.record_revocation(actor, claimed, fit).await
    }

    /// Refuses a key from here on. To be recorded.
    pub(crate) fn refuse(&self, actor: &Actor, id: KeyId) -> Claimed {
        let revocation = Revocation {
            at: self.now(),
            by: actor.member().id,
        };
        self.in_force.revoke(id, revocation)
    }

    /// Records a revocation that is in force.
    ///
    /// # Errors
    /// As [`Self::revoke`].
    pub(crate) async fn record_revocation(
        &self,
        actor: &Actor,
        claimed: Claimed,
        fit: Fit,
    ) -> Result<StoredKey, Fault> {
        let (id, is_witnessed) = (claimed.key, claimed.witnessed);
        let asked = Asked {
            actor: actor.clone(),
            fit,
            again: !claimed.first,
        };
        let error = match self.told_of(asked, claimed).await? {
            Ok(stored) => return Ok(stored),
            Err(error) => error,
        };
        self.publish(Event::Keys { ids: vec![id] });
        if self.elsewhere.is_some() {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                key = %id,
                "a revocation is in force here and not in the database yet"
            );
            return Err(Fault::RevokedHere(error));
        }
        let synced = timeout(SYNC_PATIENCE, self.witness.sync()).await;
        let is_kept = is_witnessed && matches!(synced, Ok(Ok(())));
        tracing::error!(
            error = &error as &dyn std::error::Error,
            key = %id,
            is_kept,
            "a revocation is in force and not in the database yet"
        );
        Err(if is_kept {
            Fault::RevokedInMemory(error)
        } else {
            Fault::RevokedUntilRestart(error)
        })
    }

    /// Has it written apart from the caller, who may go away or be told before the disk has answered. What keeps it from
    /// being written is the inner error.
    async fn told_of(
        &self,
        asked: Asked,
        claimed: Claimed,
    ) -> Result<Result<StoredKey, StoreError>, Fault> {
        let settled = Settled::default();
        let (tell, mut told) = oneshot::channel();
        let writing = self
            .clone()
            .write_until_done(asked, claimed, settled.clone(), tell);
        tokio::spawn(writing);
        let first = match timeout(PATIENCE, &mut told).await {
            Err(late) if !settled.swap(true, Ordering::SeqCst) => {
                return Ok(Err(StoreError::Unreachable(late.into())));
            }
            // It is being taken back.
            Err(_) => match timeout(PATIENCE, told).await {
                Ok(first) => first,
                Err(_) => return Err(Fault::Internal),
            },
            Ok(first) => first,
        };
        match first {
            Ok(Ok(stored)) => Ok(Ok(stored)),
            Ok(Err(Fault::Store(error))) => Ok(Err(error)),
            Ok(Err(Fault::Conflict)) => Ok(Err(StoreError::Conflict)),
            Ok(Err(fault)) => Err(fault),
            Err(_) => Err(Fault::Internal),
        }
    }

    async fn write_until_done(
        self,
        asked: Asked,
        claimed: Claimed,
        settled: Settled,
        tell: oneshot::Sender<Result<StoredKey, Fault>>,
    ) {
        let by = asked.actor.member().email.clone();
        let first = self.write_revocation(claimed.key, Some(&asked), &by).await;
        let stands = match &first {
            Ok(_) => true,
            Err(Fault::Store(_) | Fault::Conflict) => true,
            // What was promised stands.
            Err(_) => settled.swap(true, Ordering::SeqCst),
        };
        if !stands {
            self.take_back(&claimed).await;
        }
        let is_written = first.is_ok();
        // Whoever is gone needs no answer.
        let _ = tell.send(first);
        if stands && !is_written {
            self.keep_writing(claimed.key, &by).await;
        }
    }

    /// Lets be in force what the witness has and the database does not: what it did not take, and what is gone from it.
    pub(crate) async fn recall(&self) -> Result<(), Fault> {
        for witnessed in self.in_force.witnessed() {
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
        for witnessed in self.in_force.witnessed() {
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
        let (key, revocation) = (witnessed.key, witnessed.revocation());
        self.in_force.revoke(key, revocation);
        let authority = self.clone();
        tokio::spawn(async move {
            let by = authority.name_of(revocation.by).await;
            match authority.write_revocation(key, None, &by).await {
                Ok(_) => {}
                Err(Fault::NotFound { .. }) => authority.in_force.forget(key),
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
            since: Some(witnessed.at),
            ..AuditFilter::about(&witnessed.key.to_string())
        };
        Ok(!self.store.audit(&about, None, 1).await?.is_empty())
    }

    async fn keep_writing(&self, id: KeyId, by: &str) {
        loop {
            tokio::time::sleep(PAUSE).await;
            if self.stopped.load(Ordering::SeqCst) {
                return;
            }
            match self.write_revocation(id, None, by).await {
                Ok(_) => return,
                Err(Fault::NotFound { .. }) => {
                    self.in_force.forget(id);
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
                if asked.again {
                    self.in_force.overlay(&mut before);
                }
                (asked.fit)(&before, self.now())?;
            }
            if stored.key.revoked().is_some() || !self.in_force.is_claimed(id) {
                // One that another process wrote stands; one that was undone meanwhile is not written. Nobody may have waited
                // for it yet until it is in force everywhere.
                if let (Some(elsewhere), Some(at)) = (&self.elsewhere, changing.at()) {
                    elsewhere.taken(at);
                }
                stored.key = self.in_force.put(stored.key);
                return Ok(stored);
            }
            self.in_force.overlay(&mut stored.key);
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
    async fn take_back(&self, claimed: &Claimed) {
        // What is recorded meanwhile is enforced after this.
        let _followed = self.followed.hold().await;
        match self.store.key(claimed.key).await {
            Ok(stored) => self
                .in_force
                .withdraw(claimed, stored.map(|stored| stored.key)),
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                key = %claimed.key,
                "a key whose revocation was not allowed stays refused"
            ),
        }
    }
}
