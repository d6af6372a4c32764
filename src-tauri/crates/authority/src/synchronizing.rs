//! The copy of the projects follows Phare. Whoever asks for that shares a reading with whoever else does; where projects
//! were changed, Gardien reads on its own account and waits for nobody's interval.

use std::sync::{Arc, Weak};

use gardien_domain::audit::AuditAction;
use gardien_domain::{Project, ProjectId};
use gardien_store::Change;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::actor::ProjectCreator;
use crate::authority::SYSTEM;
use crate::changing::repeat;
use crate::{Attached, Authority, Fault, System};

/// How long the result of a reading is good enough for whoever asks.
const GOOD_FOR: SignedDuration = SignedDuration::from_secs(10);

/// The last time that projects were read.
#[derive(Debug)]
pub(crate) struct Reading {
    /// What was asked. Another one may know others.
    of: Weak<dyn Attached>,
    /// When it was over.
    at: Timestamp,
    outcome: Result<(), Arc<Fault>>,
}

impl Reading {
    fn is_good(&self, attached: &Arc<dyn Attached>, now: Timestamp) -> bool {
        // Not negative either: a clock that was set back must not keep it good.
        let age = now.duration_since(self.at);
        self.of.ptr_eq(&Arc::downgrade(attached)) && !age.is_negative() && age < GOOD_FOR
    }

    fn outcome(&self) -> Result<(), Fault> {
        self.outcome.clone().map_err(Fault::Shared)
    }
}

impl Authority {
    /// Takes the projects as Phare has them, for somebody who asks. Within 10 s of the last reading its result is given,
    /// good or bad; whoever comes while one is going on gets that. Whoever may create a project may ask: it changes
    /// nothing but the copy here, so the entry is the system's.
    ///
    /// # Errors
    /// As [`Self::synchronize_projects`].
    pub async fn refresh_projects(&self, _: ProjectCreator<'_>) -> Result<(), Fault> {
        let authority = self.clone();
        // By itself: whoever gives up half way would leave no result, and the next one would ask Phare again.
        let reading = tokio::spawn(async move {
            let mut last = authority.changing_projects().await;
            let attached = authority.attached().ok_or(Fault::UpstreamMissing)?;
            match &*last {
                Some(last) if last.is_good(&attached, authority.now()) => last.outcome(),
                _ => authority.read_projects(&attached, &mut last).await,
            }
        });
        reading.await.unwrap_or(Err(Fault::Internal))
    }

    /// Takes the projects as Phare has them now, in any case. The keys of a project that is gone stay, and are refused.
    ///
    /// # Errors
    /// [`Fault::UpstreamMissing`], [`Fault::Shared`] of [`Fault::Phare`] or [`Fault::Store`].
    pub async fn synchronize_projects(&self, _: System) -> Result<(), Fault> {
        let mut last = self.changing_projects().await;
        let attached = self.attached().ok_or(Fault::UpstreamMissing)?;
        self.read_projects(&attached, &mut last).await
    }

    async fn read_projects(
        &self,
        attached: &Arc<dyn Attached>,
        last: &mut Option<Reading>,
    ) -> Result<(), Fault> {
        let outcome = self.copy_projects(attached.as_ref()).await;
        let reading = last.insert(Reading {
            of: Arc::downgrade(attached),
            at: self.now(),
            outcome: outcome.map_err(Arc::new),
        });
        reading.outcome()
    }

    async fn copy_projects(&self, attached: &dyn Attached) -> Result<(), Fault> {
        let before = self.store.projects().await?;
        let listing = attached.phare().projects().await?;
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let ours = self.store.projects().await?;
            // What another process changed while Phare was asked is newer than the answer: the next one has it.
            let unchanged = |id: ProjectId| named(&before, id) == named(&ours, id);
            let is_new = |guessed: &&Project| named(&ours, guessed.id).is_none();
            let theirs: Vec<&Project> = listing
                .projects
                .iter()
                .chain(listing.guessed.iter().filter(is_new))
                .filter(|project| unchanged(project.id))
                .collect();
            let gone: Vec<ProjectId> = ours
                .iter()
                .map(|project| project.id)
                .filter(|id| listing.complete && unchanged(*id))
                .filter(|id| !theirs.iter().any(|project| project.id == *id))
                .collect();
            let fresh: Vec<&Project> = theirs
                .iter()
                .copied()
                .filter(|project| !ours.contains(project))
                .collect();
            if !gone.is_empty() || !fresh.is_empty() {
                let detail = differences(&ours, &fresh, &gone);
                let put = fresh
                    .iter()
                    .map(|project| Change::PutProject((*project).clone()));
                let differing: Vec<Change> = gone
                    .iter()
                    .copied()
                    .map(Change::DeleteProject)
                    .chain(put)
                    .collect();
                let action = AuditAction::ProjectsSynchronized;
                self.commit(changing, &differing, SYSTEM, action, String::new(), &detail)
                    .await?;
            }
            Ok(())
        })
    }
}

/// What a synchronization changed, in names.
fn differences(ours: &[Project], fresh: &[&Project], gone: &[ProjectId]) -> Value {
    let before = |id: ProjectId| named(ours, id);
    let (changed, added): (Vec<&Project>, Vec<&Project>) = fresh
        .iter()
        .partition(|project| before(project.id).is_some());
    let renamed = changed.iter().filter_map(|project| {
        let from = &before(project.id)?.name;
        (*from != project.name).then(|| json!({ "from": from, "to": project.name }))
    });
    json!({
        "added": added.iter().map(|project| &project.name).collect::<Vec<_>>(),
        "renamed": renamed.collect::<Vec<_>>(),
        "gone": gone.iter().filter_map(|id| Some(&before(*id)?.name)).collect::<Vec<_>>(),
    })
}

fn named(projects: &[Project], id: ProjectId) -> Option<&Project> {
    projects.iter().find(|project| project.id == id)
}
