//! The use cases of projects. Phare is the source of truth: every change is made there first, and only once. What is
//! repeated is keeping it here.

use std::collections::HashMap;

use gardien_domain::audit::AuditAction;
use gardien_domain::key::Revocation;
use gardien_domain::{Key, Project, ProjectId, Role};
use gardien_store::Change;
use serde_json::json;

use crate::actor::{ProjectCreator, ProjectManager};
use crate::api::ProjectView;
use crate::changing::repeat;
use crate::{Actor, Authority, Fault, check};

impl Authority {
    /// Projects by name: all of them for Owners and Admins, the assigned ones for a Member.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn projects(&self, actor: &Actor) -> Result<Vec<ProjectView>, Fault> {
        let live = self.store.live_keys(self.now()).await?;
        let projects = self.store.projects().await?.into_iter();
        Ok(projects
            .filter(|project| {
                actor.sees_every_key() || actor.member().projects.contains(&project.id)
            })
            .map(|project| view(project, &live))
            .collect())
    }

    /// Makes a project at Phare and here. A Member who makes one is assigned to it.
    ///
    /// # Errors
    /// [`Fault::UpstreamMissing`], [`Fault::Phare`], [`Fault::Store`].
    pub async fn create_project(
        &self,
        creator: ProjectCreator<'_>,
        name: &str,
    ) -> Result<ProjectView, Fault> {
        let name = check::name("name", name)?;
        let _projects = self.changing_projects().await;
        let phare = self.phare()?;
        self.confirm(creator.actor()).await?;
        let project = phare.create_project(&name).await?;
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let mut changes = vec![Change::PutProject(project.clone())];
            // As they are now, not as they were when they asked: both may have changed in between.
            let member = self.store.member(creator.actor().member().id).await?;
            if let Some(mut member) = member.filter(|member| member.role == Role::Member) {
                member.projects.insert(project.id);
                changes.push(Change::PutMember(member));
            }
            let detail = json!({ "name": project.name, "slug": project.slug });
            self.change(
                changing,
                creator.actor(),
                &changes,
                AuditAction::ProjectCreated,
                project.id,
                &detail,
            )
            .await?;
            Ok(())
        })?;
        Ok(ProjectView::of(project, 0))
    }

    /// Gives a project another name. Its slug stays.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::UpstreamMissing`], [`Fault::Phare`], [`Fault::Store`].
    pub async fn rename_project(
        &self,
        manager: ProjectManager<'_>,
        id: ProjectId,
        name: &str,
    ) -> Result<ProjectView, Fault> {
        let name = check::name("name", name)?;
        let _projects = self.changing_projects().await;
        let phare = self.phare()?;
        self.confirm(manager.actor()).await?;
        self.project(id).await?;
        let project = phare.rename_project(id, &name).await?;
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let before = self.project(id).await?;
            let detail = json!({ "name": { "from": before.name, "to": project.name } });
            let changes = [Change::PutProject(project.clone())];
            self.change(
                changing,
                manager.actor(),
                &changes,
                AuditAction::ProjectUpdated,
                id,
                &detail,
            )
            .await?;
            Ok(())
        })?;
        let live = self.store.live_keys(self.now()).await?;
        Ok(view(project, &live))
    }

    /// Deletes a project with everything in it, and revokes its keys.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::UpstreamMissing`], [`Fault::Phare`], [`Fault::Store`].
    pub async fn delete_project(
        &self,
        manager: ProjectManager<'_>,
        id: ProjectId,
    ) -> Result<(), Fault> {
        let _projects = self.changing_projects().await;
        let phare = self.phare()?;
        self.confirm(manager.actor()).await?;
        let project = self.project(id).await?;
        match phare.delete_project(id).await {
            // Gone already: what is left is to forget it here.
            Ok(()) | Err(gardien_phare::PhareFault::NotFound) => {}
            Err(fault) => return Err(fault.into()),
        }
        let changing = &mut self.changing().await;
        repeat!(changing, {
            self.enforcement.remove_project(id);
            let keys = self.revoked_keys_of(id, manager.actor()).await?;
            let detail = json!({
                "name": project.name,
                "slug": project.slug,
                "revoked_keys": keys.iter().map(Key::name).collect::<Vec<_>>(),
            });
            let mut changes = vec![Change::DeleteProject(id)];
            changes.extend(keys.iter().cloned().map(Change::PutKey));
            self.change(
                changing,
                manager.actor(),
                &changes,
                AuditAction::ProjectDeleted,
                id,
                &detail,
            )
            .await?;
            Ok(())
        })
    }

    async fn project(&self, id: ProjectId) -> Result<Project, Fault> {
        let projects = self.store.projects().await?;
        let project = projects.into_iter().find(|project| project.id == id);
        project.ok_or(Fault::NotFound { what: "project" })
    }

    /// The keys of a project that still work, as they are once they are revoked.
    async fn revoked_keys_of(&self, id: ProjectId, actor: &Actor) -> Result<Vec<Key>, Fault> {
        let now = self.now();
        let revocation = Revocation {
            at: now,
            by: actor.member().id,
        };
        let keys = self.store.every_key().await?.into_iter();
        Ok(keys
            .filter(|key| key.scope().project() == Some(id) && key.working(now).is_ok())
            .map(|mut key| {
                key.revoke(revocation);
                key
            })
            .collect())
    }
}

fn view(project: Project, live: &HashMap<ProjectId, u32>) -> ProjectView {
    let keys = live.get(&project.id).copied().unwrap_or(0);
    ProjectView::of(project, keys)
}
