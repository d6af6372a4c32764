//! What a gateway enforces, as of a revision: how it begins, and how it learns of every change after.

use std::collections::HashSet;
use std::hash::Hash;

use gardien_domain::{Key, Organization, PhareKey, PhareKeyId, Project, ProjectId};

use crate::{Change, Revision};

/// All that is enforced, as of one revision. Lists are ordered by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Of when it is.
    pub revision: Revision,
    /// `None` before the first start is completed.
    pub organization: Option<Organization>,
    /// Every project.
    pub projects: Vec<Project>,
    /// Every key, whatever its status.
    pub keys: Vec<Key>,
    /// Every key of Phare's.
    pub phare_keys: Vec<PhareKey>,
}

/// What became of it since an earlier revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// What was made or changed, as it is now; the organization only if it was.
    pub put: Snapshot,
    /// Projects that are gone.
    pub deleted_projects: Vec<ProjectId>,
    /// Keys of Phare's that are gone.
    pub deleted_phare_keys: Vec<PhareKeyId>,
}

impl Snapshot {
    /// Brings it to the revision of `changes`, which are those since its own.
    pub fn apply(&mut self, changes: Changes) {
        let Changes {
            put,
            deleted_projects,
            deleted_phare_keys,
        } = changes;
        self.revision = put.revision;
        if put.organization.is_some() {
            self.organization = put.organization;
        }
        replace(&mut self.projects, put.projects, &deleted_projects, |it| {
            it.id
        });
        replace(&mut self.keys, put.keys, &[], Key::id);
        replace(
            &mut self.phare_keys,
            put.phare_keys,
            &deleted_phare_keys,
            |it| it.id,
        );
        self.order();
    }

    pub(crate) fn order(&mut self) {
        self.projects.sort_unstable_by_key(|project| project.id);
        self.keys.sort_unstable_by_key(|key| key.id());
        self.phare_keys.sort_unstable_by_key(|key| key.id);
    }
}

fn replace<T, I: Copy + Eq + Hash>(
    rows: &mut Vec<T>,
    put: Vec<T>,
    deleted: &[I],
    id: impl Fn(&T) -> I,
) {
    let gone: HashSet<I> = put.iter().map(&id).chain(deleted.iter().copied()).collect();
    rows.retain(|row| !gone.contains(&id(row)));
    rows.extend(put);
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
                Change::PutKey(key) => all.put.keys.push(key),
                Change::PutPhareKey(key) => all.put.phare_keys.push(key),
                Change::DeletePhareKey(id) => all.deleted_phare_keys.push(id),
                Change::PutMember(_)
                | Change::RemoveMember(..)
                | Change::PutSession(_)
                | Change::DeleteSession(_)
                | Change::DeleteExpiredSessions(_)
                | Change::PutUpstream(_) => {}
            }
        }
        all
    }
}
