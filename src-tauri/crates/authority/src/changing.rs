//! How every change is made: on top of the very state that it was decided in, or once more from the beginning.
//!
//! Changes of this process wait for each other. Another process over the same database can still be faster: then
//! nothing is written, and the use case is repeated from its reading. What cannot be repeated, such as a call to Phare,
//! is done before.

use std::fmt;
use std::time::Duration;

use gardien_domain::audit::{AuditAction, AuditEntry, AuditRecord};
use gardien_store::{Change, Head, Revision, Store, StoreError};
use serde_json::Value;
use tokio::sync::MutexGuard;
use tokio::time::timeout;

use crate::{Actor, Authority, Fault};

/// How often a use case may lose to another process before a person is told. Each time somebody else got through.
const ATTEMPTS: u32 = 10;

/// How long a change waits for those before it.
const PATIENCE: Duration = Duration::from_secs(15);

/// Does what reads, decides and commits, with `?` as in a function of its own, and does it again while another process
/// was faster.
///
/// No function that takes an async closure: the compiler could not tell that its future may be sent between threads.
macro_rules! repeat {
    ($changing:ident, $change:block) => {
        loop {
            let done: Result<_, Fault> = async $change.await;
            let Err(Fault::Conflict) = done else {
                break done;
            };
            if let Err(fault) = $changing.again().await {
                break Err(fault);
            }
        }
    };
}
pub(crate) use repeat;

/// The right to change something. What is read while one holds it is the state of its revision: if it is not, the
/// change is not made.
pub(crate) struct Changing<'a> {
    store: &'a dyn Store,
    /// Read once no other change of this process could come between. That it cannot be read keeps nobody from what
    /// comes before a commit: a leaked key is refused all the same.
    at: Result<Revision, StoreError>,
    attempts: u32,
    /// Never held over a call to Phare: a revocation waits for it.
    _alone: Option<MutexGuard<'a, ()>>,
}

impl<'a> Changing<'a> {
    /// For a process that makes no other changes meanwhile.
    pub(crate) async fn begin(store: &'a dyn Store) -> Self {
        Self::after(None, store).await
    }

    async fn after(alone: Option<MutexGuard<'a, ()>>, store: &'a dyn Store) -> Self {
        Self {
            store,
            at: store.revision().await,
            attempts: 1,
            _alone: alone,
        }
    }

    /// The revision that everything was read at, or something newer; none where it could not be read.
    pub(crate) fn at(&self) -> Option<Revision> {
        self.at.as_ref().ok().copied()
    }

    /// Begins once more after a conflict. For [`repeat`].
    ///
    /// # Errors
    /// [`Fault::Conflict`] after the last attempt.
    pub(crate) async fn again(&mut self) -> Result<(), Fault> {
        if self.attempts == ATTEMPTS {
            return Err(Fault::Conflict);
        }
        self.attempts += 1;
        self.at = self.store.revision().await;
        Ok(())
    }

    /// Makes changes together with their audit entry. What comes next is decided on top of them.
    ///
    /// # Errors
    /// [`Fault::Conflict`] when another process has changed something since the revision, [`Fault::Store`].
    pub(crate) async fn commit(
        &mut self,
        changes: &[Change],
        record: AuditRecord,
    ) -> Result<AuditEntry, Fault> {
        // Whatever failed, what was read is not on top of anything that is known: only reading it again helps.
        let at = std::mem::replace(&mut self.at, Err(StoreError::Conflict))?;
        let entry = self.store.commit(changes, record, at).await?;
        self.at = Ok(Revision::from(&entry));
        Ok(entry)
    }
}

impl Authority {
    /// Holds back every other change of this process. Where the one before does not come to its end in time, there is
    /// nothing to decide on, and no change can be made.
    pub(crate) async fn changing(&self) -> Changing<'_> {
        match timeout(PATIENCE, self.changing.lock()).await {
            Ok(alone) => Changing::after(Some(alone), &*self.store).await,
            Err(late) => Changing {
                store: &*self.store,
                at: Err(StoreError::Unreachable(late.into())),
                attempts: ATTEMPTS,
                _alone: None,
            },
        }
    }

    /// Makes sure that the actor's session is still open, and that they have the role that the proof was given for: the
    /// body of a request may come long after its head. To be asked while changes are held back.
    pub(crate) async fn confirm(&self, actor: &Actor) -> Result<(), Fault> {
        if let Some(session) = actor.session()
            && self.store.session(&session.digest).await?.is_none()
        {
            return Err(Fault::Unauthenticated);
        }
        match self.store.member(actor.member().id).await? {
            Some(member) if member.role == actor.member().role => Ok(()),
            Some(_) => Err(Fault::RoleChanged),
            None => Err(Fault::Unauthenticated),
        }
    }

    /// Makes changes as `actor`, together with their audit entry. In force when it returns.
    pub(crate) async fn change(
        &self,
        changing: &mut Changing<'_>,
        actor: &Actor,
        changes: &[Change],
        action: AuditAction,
        subject: impl fmt::Display,
        detail: &Value,
    ) -> Result<(), Fault> {
        self.confirm(actor).await?;
        let (by, subject) = (&actor.member().email, subject.to_string());
        self.commit(changing, changes, by, action, subject, detail)
            .await
    }

    pub(crate) async fn commit(
        &self,
        changing: &mut Changing<'_>,
        changes: &[Change],
        actor: &str,
        action: AuditAction,
        subject: String,
        detail: &Value,
    ) -> Result<(), Fault> {
        let record = AuditRecord {
            at: self.now(),
            actor: actor.to_owned(),
            action,
            subject,
            detail: detail.to_string(),
        };
        let entry = changing.commit(changes, record).await?;
        if let Some(elsewhere) = &self.elsewhere
            && !action.takes_nothing()
        {
            elsewhere.taken(Revision::from(&entry));
        }
        if let Err(error) = self.witness.note(Head::from(&entry)) {
            tracing::error!(%error, "the file beside the database cannot be written");
        }
        // It is made, whatever can be read of it: a secret that goes with it must not be lost.
        if let Err(fault) = self.follow().await {
            tracing::error!(%fault, "what was recorded cannot be read yet");
            self.enforce(changes.into());
        }
        Ok(())
    }
}
