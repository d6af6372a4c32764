//! How what is recorded comes into force: whoever enforces has all there is at the start, and then what became of it
//! since, whichever process changed it.

use std::time::Duration;

use gardien_store::{Changes, Revision, Snapshot};
use tokio::sync::Mutex;

use crate::api::Event;
use crate::{Authority, Fault};

/// How often it is tried again to read what was recorded.
const PAUSE: Duration = Duration::from_secs(1);

/// The revision that is in force.
#[derive(Debug, Default)]
pub(crate) struct Followed(Mutex<Revision>);

impl Authority {
    /// Lets everything be in force that there is.
    pub(crate) async fn begin(&self) -> Result<(), Fault> {
        let mut followed = self.followed.0.lock().await;
        let snapshot = self.store.snapshot().await?;
        *followed = snapshot.revision;
        self.enforce(Changes {
            put: snapshot,
            ..Changes::default()
        });
        Ok(())
    }

    /// Lets everything be in force that was recorded since, and tells of it.
    ///
    /// # Errors
    /// [`Fault::Store`]; it is tried again until it succeeds.
    pub(crate) async fn follow(&self) -> Result<(), Fault> {
        let followed = self.catch_up().await;
        if followed.is_err() {
            let authority = self.clone();
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(PAUSE).await;
                    match authority.catch_up().await {
                        Ok(()) => return,
                        Err(fault) => tracing::error!(%fault, "what was recorded is not in force"),
                    }
                }
            });
        }
        followed
    }

    async fn catch_up(&self) -> Result<(), Fault> {
        let mut followed = self.followed.0.lock().await;
        let changes = self.store.changes_since(*followed).await?;
        *followed = changes.put.revision;
        let events = events(&changes);
        self.enforce(changes);
        for event in events {
            self.publish(event);
        }
        Ok(())
    }

    fn enforce(&self, changes: Changes) {
        let Changes {
            put,
            deleted_projects,
            ..
        } = changes;
        let Snapshot {
            organization,
            projects,
            mut keys,
            ..
        } = put;
        for id in deleted_projects {
            self.enforcement.remove_project(id);
        }
        for project in &projects {
            self.enforcement.put_project(project.id, &project.slug);
        }
        for key in &mut keys {
            self.unwritten.overlay(key);
            self.enforcement.put_key(key);
        }
        if let Some(organization) = organization {
            self.enforcement.set_limit(organization.calls_per_minute);
        }
    }
}

fn events(changes: &Changes) -> Vec<Event> {
    let put = &changes.put;
    let mut events = Vec::new();
    if !put.keys.is_empty() {
        let ids = put.keys.iter().map(|key| key.id).collect();
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
