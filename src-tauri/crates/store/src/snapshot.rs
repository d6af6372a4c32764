//! What a gateway enforces, as of a revision: how it begins, and how it learns of every change after.

use gardien_domain::{
    AdoptedUpstream, Key, Organization, PhareKey, PhareKeyId, Project, ProjectId,
};

use crate::{Change, Revision};

/// What is enforced beside the keys, of which there may be a million, as of one revision. Lists are ordered by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Of when it is.
    pub revision: Revision,
    /// `None` before the first start is completed.
    pub organization: Option<Organization>,
    /// Every project.
    pub projects: Vec<Project>,
    /// Every key of Phare's.
    pub phare_keys: Vec<PhareKey>,
}

/// What became of it since an earlier revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// What was made or changed, as it is now; the organization only if it was.
    pub put: Snapshot,
    /// Keys that were made or changed, as they are now, ordered by id.
    pub keys: Vec<Key>,
    /// Projects that are gone.
    pub deleted_projects: Vec<ProjectId>,
    /// Keys of Phare's that are gone.
    pub deleted_phare_keys: Vec<PhareKeyId>,
    /// What the organization belongs to now, whether or not that is new.
    pub upstream: Option<AdoptedUpstream>,
}

impl Snapshot {
    pub(crate) fn order(&mut self) {
        self.projects.sort_unstable_by_key(|project| project.id);
        self.phare_keys.sort_unstable_by_key(|key| key.id);
    }
}

/// What these do to what is enforced. Of no revision: they are not read back.
impl From<&[Change]> for Changes {
    fn from(changes: &[Change]) -> Self {
        let mut all = Self::default();
        for change in changes.iter().cloned() {
            match change {
                Change::PutOrganization(organization) => all.put.organization = Some(organization),
                Change::PutProject(project) => all.put.projects.push(project),
                Change::DeleteProject(id) => all.deleted_projects.push(id),
                Change::PutKey(key) => all.keys.push(key),
                Change::PutPhareKey(key) => all.put.phare_keys.push(key),
                Change::DeletePhareKey(id) => all.deleted_phare_keys.push(id),
                Change::PutUpstream(upstream) => all.upstream = Some(upstream),
                Change::PutMember(_)
                | Change::RemoveMember(..)
                | Change::PutSession(_)
                | Change::DeleteSession(_)
                | Change::DeleteExpiredSessions(_) => {}
            }
        }
        all
    }
}
