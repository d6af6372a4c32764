//! The use cases of members.

use std::collections::BTreeSet;

use gardien_domain::audit::AuditAction;
use gardien_domain::{Member, MemberId, Project, ProjectId, Role};
use gardien_store::Change;
use serde_json::{Map, json};

use crate::actor::OrganizationManager;
use crate::api::{Event, MemberPatch, MemberView};
use crate::changing::repeat;
use crate::{Authority, Fault};

impl Authority {
    /// Everybody, by mail address.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn members(&self) -> Result<Vec<MemberView>, Fault> {
        let members = self.store.members().await?;
        Ok(members.into_iter().map(MemberView::from).collect())
    }

    /// Changes a member's role, or the projects they are assigned to.
    ///
    /// # Errors
    /// [`Fault::RoleForbidden`], [`Fault::LastOwner`], [`Fault::NotFound`],
    /// [`Fault::Invalid`] by field, [`Fault::Store`].
    pub async fn update_member(
        &self,
        manager: OrganizationManager<'_>,
        id: MemberId,
        patch: MemberPatch,
    ) -> Result<MemberView, Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let members = self.store.members().await?;
            let Some(mut member) = members.iter().find(|member| member.id == id).cloned() else {
                return Err(Fault::NotFound { what: "member" });
            };
            let mut changed = Map::new();
            if let Some(role) = patch.role.filter(|role| *role != member.role) {
                if !manager.actor().may_change_role(member.role, role) {
                    return Err(Fault::RoleForbidden);
                }
                if member.role == Role::Owner && owners(&members) == 1 {
                    return Err(Fault::LastOwner);
                }
                changed.insert(
                    "role".to_owned(),
                    json!({ "from": member.role, "to": role }),
                );
                member.role = role;
            }
            if let Some(projects) = &patch.projects {
                let known = self.store.projects().await?;
                let projects = assigned(projects, &known)?;
                if projects != member.projects {
                    let (from, to) = (names(&member.projects, &known), names(&projects, &known));
                    changed.insert("projects".to_owned(), json!({ "from": from, "to": to }));
                    member.projects = projects;
                }
            }
            if !changed.is_empty() {
                changed.insert("name".to_owned(), json!(member.email));
                let changes = [Change::PutMember(member.clone())];
                self.change(
                    changing,
                    manager.actor(),
                    &changes,
                    AuditAction::MemberUpdated,
                    id,
                    &changed.into(),
                )
                .await?;
                self.publish(Event::Organization);
            }
            Ok(member.into())
        })
    }
}

/// Projects that exist.
fn assigned(projects: &[ProjectId], known: &[Project]) -> Result<BTreeSet<ProjectId>, Fault> {
    let exists = |id: &ProjectId| known.iter().any(|project| project.id == *id);
    match projects.iter().find(|id| !exists(id)) {
        None => Ok(projects.iter().copied().collect()),
        Some(id) => Err(Fault::field(
            "projects",
            format!("There is no project {id}."),
        )),
    }
}

/// What people call these projects; one that is gone has its number left.
fn names(projects: &BTreeSet<ProjectId>, known: &[Project]) -> Vec<String> {
    let name = |id: &ProjectId| match known.iter().find(|project| project.id == *id) {
        Some(project) => project.name.clone(),
        None => id.to_string(),
    };
    projects.iter().map(name).collect()
}

fn owners(members: &[Member]) -> usize {
    members
        .iter()
        .filter(|member| member.role == Role::Owner)
        .count()
}
