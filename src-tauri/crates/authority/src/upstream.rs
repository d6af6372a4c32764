//! What the projects and keys of this organization belong to: the sandbox, or a Phare.

use gardien_domain::audit::AuditAction;
use gardien_domain::key::Revocation;
use gardien_domain::phare_key::Purpose;
use gardien_domain::{AdoptedUpstream, Key, UpstreamIdentity};
use gardien_store::Change;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::actor::OrganizationManager;
use crate::api::Event;
use crate::authority::SYSTEM;
use crate::changing::repeat;
use crate::{Authority, Fault};

/// The subject that audit entries about the upstream carry.
const SUBJECT: &str = "upstream";

impl Authority {
    /// Whether this may be attached. The numbers of projects mean others at another Phare, so keys made for
    /// the sandbox must never open a real one, nor the other way round.
    ///
    /// # Errors
    /// [`Fault::OtherUpstream`] when the one adopted is of the other kind, or [`Fault::Store`].
    pub async fn check_upstream(&self, upstream: &UpstreamIdentity) -> Result<(), Fault> {
        match self.adopted_upstream().await? {
            Some(adopted) if adopted.kind() != upstream.kind() => Err(Fault::OtherUpstream),
            _ => Ok(()),
        }
    }

    /// What projects and keys belong to; none before anything was attached.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn adopted_upstream(&self) -> Result<Option<UpstreamIdentity>, Fault> {
        let adopted = self.store.upstream().await?;
        Ok(adopted.map(|adopted| adopted.identity))
    }

    /// Records that projects and keys belong to this from here on.
    ///
    /// # Errors
    /// As [`Self::check_upstream`].
    pub async fn adopt_upstream(&self, upstream: &UpstreamIdentity) -> Result<(), Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            self.check_upstream(upstream).await?;
            if self.adopted_upstream().await?.as_ref() == Some(upstream) {
                return Ok(());
            }
            let changes = [self.adoption(upstream)];
            let action = AuditAction::UpstreamChanged;
            let detail = detail(upstream);
            self.commit(
                changing,
                &changes,
                SYSTEM,
                action,
                SUBJECT.to_owned(),
                &detail,
            )
            .await
        })
    }

    /// Lets the organization belong to this from here on, whatever it belonged to before. Its keys are revoked and
    /// its projects forgotten, because their numbers mean others there; and Phare's own keys are detached.
    ///
    /// # Errors
    /// [`Fault::Store`]; then nothing was changed.
    pub async fn move_upstream(
        &self,
        manager: OrganizationManager<'_>,
        upstream: &UpstreamIdentity,
    ) -> Result<(), Fault> {
        let _projects = self.changing_projects().await;
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let revocation = Revocation {
                at: self.now(),
                by: manager.actor().member().id,
            };
            let mut keys = self.store.every_key().await?;
            keys.retain(|key| key.revoked().is_none());
            for key in &mut keys {
                key.revoke(revocation);
            }
            let projects = self.store.projects().await?;
            let mut phare_keys = self.store.phare_keys().await?;
            phare_keys.retain(|key| key.purpose == Purpose::Attached);
            let mut members = self.store.members().await?;
            members.retain(|member| !member.projects.is_empty());
            for member in &mut members {
                member.projects.clear();
            }
            let mut detail = detail(upstream);
            detail["revoked_keys"] = keys.iter().map(Key::name).collect();
            detail["detached"] = phare_keys.iter().map(|key| key.name.as_str()).collect();
            let changes: Vec<Change> = keys
                .iter()
                .cloned()
                .map(Change::PutKey)
                .chain(
                    projects
                        .iter()
                        .map(|project| Change::DeleteProject(project.id)),
                )
                .chain(phare_keys.iter().map(|key| Change::DeletePhareKey(key.id)))
                .chain(members.into_iter().map(Change::PutMember))
                .chain([self.adoption(upstream)])
                .collect();
            let action = AuditAction::UpstreamChanged;
            self.change(
                changing,
                manager.actor(),
                &changes,
                action,
                SUBJECT,
                &detail,
            )
            .await?;
            self.hold_phare_keys().await?;
            self.publish(Event::PhareKeys);
            Ok(())
        })
    }

    /// Whether the organization came to belong to something else since then.
    pub(crate) async fn moved_since(&self, then: Timestamp) -> Result<bool, Fault> {
        let adopted = self.store.upstream().await?;
        Ok(adopted.is_some_and(|adopted| adopted.since >= then))
    }

    fn adoption(&self, upstream: &UpstreamIdentity) -> Change {
        Change::PutUpstream(AdoptedUpstream {
            identity: upstream.clone(),
            since: self.now(),
        })
    }
}

fn detail(upstream: &UpstreamIdentity) -> Value {
    match upstream.url() {
        None => json!({ "kind": upstream.kind() }),
        Some(url) => json!({ "kind": upstream.kind(), "url": url }),
    }
}
