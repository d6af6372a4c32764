//! How what is recorded comes into force: whoever enforces has all there is at the start, and then what became of it
//! since, whichever process changed it.

use std::time::Duration;

use gardien_domain::AuditFilter;
use gardien_store::{Changes, Head, Revision, Snapshot, StoreError, sooner};
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::time::{sleep, timeout};

use crate::api::Event;
use crate::{Authority, Fault};

/// How often it is looked for what was recorded.
const PAUSE: Duration = Duration::from_secs(1);

/// The revision that is in force.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    revision: Mutex<Revision>,
    told: watch::Sender<Revision>,
}

impl Followed {
    /// Lets nothing come into force meanwhile that is recorded.
    pub(crate) async fn hold(&self) -> MutexGuard<'_, Revision> {
        self.revision.lock().await
    }
}

impl Authority {
    /// Lets everything be in force that there is.
    pub(crate) async fn begin(&self) -> Result<(), Fault> {
        let mut followed = self.followed.hold().await;
        self.enforcement.expect_keys(self.store.key_count().await?);
        let put = self
            .store
            .snapshot(&mut |rule, share| self.in_force.begin(rule, share))
            .await?;
        *followed = put.revision;
        self.enforce(Changes {
            put,
            ..Changes::default()
        });
        self.followed.told.send_replace(*followed);
        self.remember(*followed).await;
        Ok(())
    }

    /// The revision up to which everything is in force here, and each one from then on.
    #[must_use]
    pub fn followed(&self) -> watch::Receiver<Revision> {
        self.followed.told.subscribe()
    }

    /// Lets everything be in force that was recorded since, whoever recorded it, and tells of it, after a change that was made
    /// here.
    ///
    /// # Errors
    /// [`Fault::Store`]; [`Self::keep_following`] goes on trying.
    pub(crate) async fn follow(&self) -> Result<(), Fault> {
        // Whoever made it put the right thing behind the gateway. Others may have changed that at the same time.
        self.read_on(self.elsewhere.is_some()).await.map(drop)
    }

    /// Whether there was anything. What stands behind the gateway is due where that is `foreign`, not made here.
    async fn read_on(&self, foreign: bool) -> Result<bool, Fault> {
        let mut followed = self.followed.hold().await;
        let changes = self.store.changes_since(*followed).await?;
        if changes.put.revision == *followed {
            return Ok(false);
        }
        *followed = changes.put.revision;
        let events = events(&changes);
        if foreign && self.behind.is_concerned_by(&changes) {
            self.behind.set_due();
        }
        self.enforce(changes);
        self.followed.told.send_replace(*followed);
        for event in events {
            self.publish(event);
        }
        self.remember(*followed).await;
        Ok(true)
    }

    /// Has the witness know of what other processes recorded, too: only one process has it.
    async fn remember(&self, followed: Revision) {
        let known = self.witness.head();
        if known.is_some_and(|known| known.revision >= followed) {
            return;
        }
        if let Err(error) = self.witness_newest(known).await {
            tracing::error!(%error, "what another process recorded is not remembered beside the database");
        }
    }

    async fn witness_newest(&self, known: Option<Head>) -> Result<(), StoreError> {
        // Of another history: somebody has to accept that first.
        if let Some(known) = known
            && !self.store.has(known).await?
        {
            return Ok(());
        }
        let newest = self.store.audit(&AuditFilter::default(), None, 1).await?;
        for entry in &newest {
            self.witness.advance(Head::from(entry))?;
        }
        Ok(())
    }

    /// Follows what other processes record, and what was recorded here after whoever asked for it was told that it takes
    /// too long.
    pub async fn keep_following(&self) {
        let mut failing = false;
        let mut notices = self.elsewhere.as_ref().map(|elsewhere| elsewhere.notices());
        loop {
            match &mut notices {
                Some(notices) => drop(timeout(sooner(PAUSE), notices.changed()).await),
                None => sleep(PAUSE).await,
            }
            let followed = self.follow_if_behind().await;
            if let Err(fault) = &followed
                && !failing
            {
                tracing::error!(%fault, "what was recorded cannot be read");
            }
            failing = followed.is_err();
        }
    }

    /// Lets everything be in force that was recorded since, if there is anything.
    ///
    /// # Errors
    /// [`Fault::Store`]; [`Self::keep_following`] goes on trying.
    pub async fn follow_if_behind(&self) -> Result<(), Fault> {
        let read = self.read_on(true).await?;
        // What is lacking may be there now. It is not asked for all the time: a keychain would ask a person.
        if self.behind.take_due() || (read && self.behind.lacks()) {
            let authority = self.clone();
            tokio::spawn(async move { authority.catch_up_behind().await });
        }
        Ok(())
    }

    /// By itself, as a keychain may have to be asked.
    async fn catch_up_behind(&self) {
        let whole = self.reattach().await;
        if let Err(fault) = &whole {
            tracing::error!(%fault, "what stands behind the gateway is not what is recorded");
        }
        if let Err(Fault::Store(_)) = &whole {
            self.behind.set_due();
        }
        self.behind.set_lacks(!whole.unwrap_or(false));
    }

    pub(crate) fn enforce(&self, changes: Changes) {
        let Changes {
            put,
            keys,
            deleted_projects,
            ..
        } = changes;
        let Snapshot {
            organization,
            projects,
            ..
        } = put;
        for id in deleted_projects {
            self.enforcement.remove_project(id);
        }
        if !projects.is_empty() {
            self.enforcement.put_projects(&projects);
        }
        for key in keys {
            self.in_force.put(key);
        }
        if let Some(organization) = &organization {
            self.enforcement.set_limit(organization);
        }
        // The sandbox shows the members, whose changes are none of these.
        self.enforcement.forget_reads();
    }
}

fn events(changes: &Changes) -> Vec<Event> {
    let put = &changes.put;
    let mut events = Vec::new();
    if !changes.keys.is_empty() {
        let ids = changes.keys.iter().map(|key| key.id()).collect();
        events.push(Event::Keys { ids });
    }
    if !put.projects.is_empty() || !changes.deleted_projects.is_empty() {
        events.push(Event::Projects);
    }
    if put.organization.is_some() {
        events.push(Event::Organization);
    }
    events
}
