//! The use cases of members.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use gardien_domain::audit::AuditAction;
use gardien_domain::{KeyFilter, KeyOrder, Member, MemberId, Project, ProjectId, Role};
use gardien_store::{Change, StoredKey};
use serde_json::{Map, json};

use crate::actor::{KeyManager, OrganizationManager};
use crate::api::{Event, MemberPatch, MemberView};
use crate::changing::repeat;
use crate::{Actor, Authority, Fault};

/// How many keys are revoked side by side. Each waits for those before it, and is told of a slow disk after a while.
const AT_ONCE: usize = 50;

/// What becomes of the keys that somebody made who is removed, with the proof that it takes.
#[derive(Debug, Clone, Copy)]
pub enum TheirKeys<'a> {
    /// They work on.
    Keep,
    /// They are revoked.
    Revoke(KeyManager<'a>),
}

impl Authority {
    /// Everybody, by mail address.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn members(&self, _: &Actor) -> Result<Vec<MemberView>, Fault> {
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
                keeps_an_owner(&member, &members)?;
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

    /// Removes a member and ends their sessions. Their mail address may come again, as another member. Keys that are to
    /// be revoked are so before it, and those that they made meanwhile after it.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::RemovalForbidden`], [`Fault::LastOwner`], [`Fault::Store`]; what [`Self::revoke_key`]
    /// says of a key, and then the member may still be there.
    pub async fn remove_member(
        &self,
        manager: OrganizationManager<'_>,
        id: MemberId,
        keys: TheirKeys<'_>,
    ) -> Result<(), Fault> {
        self.removable(manager.actor(), id).await?;
        let revoked = self.revoke_if_asked(id, keys).await?;
        self.remove(manager, id, &revoked).await?;
        self.publish(Event::Organization);
        self.revoke_if_asked(id, keys).await.map(drop)
    }

    async fn remove(
        &self,
        manager: OrganizationManager<'_>,
        id: MemberId,
        revoked: &[String],
    ) -> Result<(), Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let member = self.removable(manager.actor(), id).await?;
            let detail = json!({
                "name": member.email,
                "role": member.role,
                "revoked_keys": revoked,
            });
            self.change(
                changing,
                manager.actor(),
                &[Change::RemoveMember(id, self.now())],
                AuditAction::MemberRemoved,
                id,
                &detail,
            )
            .await
        })
    }

    /// The member, if the actor may remove them and an Owner is left.
    async fn removable(&self, actor: &Actor, id: MemberId) -> Result<Member, Fault> {
        let members = self.store.members().await?;
        let member = members.iter().find(|member| member.id == id);
        let member = member.ok_or(Fault::NotFound { what: "member" })?;
        if !actor.may_remove(member) {
            return Err(Fault::RemovalForbidden);
        }
        keeps_an_owner(member, &members)?;
        Ok(member.clone())
    }

    /// Revokes what a member made and still works, and answers with the names. All of it is refused before anything is
    /// written, and whatever becomes of one, the others go on.
    async fn revoke_if_asked(
        &self,
        member: MemberId,
        keys: TheirKeys<'_>,
    ) -> Result<Vec<String>, Fault> {
        let TheirKeys::Revoke(manager) = keys else {
            return Ok(Vec::new());
        };
        let filter = KeyFilter {
            created_by: Some(member),
            live: true,
            ..KeyFilter::default()
        };
        let made = self
            .store
            .keys(&filter, self.now(), KeyOrder::default(), None, u32::MAX);
        let made = made.await?.rows.into_iter();
        let mut refused: Vec<_> = made
            .map(|row| self.refuse(manager.actor(), row.key.id()))
            .collect();
        let mut revoked = Vec::with_capacity(refused.len());
        while !refused.is_empty() {
            let some = refused.split_off(refused.len().saturating_sub(AT_ONCE));
            let recording = some
                .into_iter()
                .map(|claimed| self.record_revocation(manager.actor(), claimed, |_, _| Ok(())));
            revoked.extend(join_all(recording).await);
        }
        let name = |revoked: Result<StoredKey, Fault>| Ok(revoked?.key.into_parts().name);
        revoked.into_iter().map(name).collect()
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

/// Whether an Owner is left without this member.
///
/// # Errors
/// [`Fault::LastOwner`].
fn keeps_an_owner(member: &Member, members: &[Member]) -> Result<(), Fault> {
    if member.role == Role::Owner && owners(members) == 1 {
        return Err(Fault::LastOwner);
    }
    Ok(())
}

fn owners(members: &[Member]) -> usize {
    members
        .iter()
        .filter(|member| member.role == Role::Owner)
        .count()
}
