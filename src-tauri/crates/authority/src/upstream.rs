//! What the projects and keys of this organization belong to: the sandbox, or a Phare.

use gardien_domain::audit::AuditAction;
use gardien_domain::key::Revocation;
use gardien_domain::phare_key::Purpose;
use gardien_domain::{AdoptedUpstream, Key, MemberId, UpstreamIdentity};
use gardien_store::Change;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::actor::OrganizationManager;
use crate::api::Event;
use crate::changing::Changing;
use crate::{Authority, Fault};

/// The subject that audit entries about the upstream carry.
const SUBJECT: &str = "upstream";

/// What changes when the data comes to belong to something else.
#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) changes: Vec<Change>,
    pub(crate) detail: Value,
}

impl Authority {
    /// What projects and keys belong to; none before anything was attached.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn adopted_upstream(&self) -> Result<Option<UpstreamIdentity>, Fault> {
        let adopted = self.store.upstream().await?;
        Ok(adopted.map(|adopted| adopted.identity))
    }

    /// Whether this may be attached. The numbers of projects mean others at another Phare, so keys made for
    /// the sandbox must never open a real one, nor the other way round.
    ///
    /// # Errors
    /// [`Fault::OtherUpstream`] when the data belongs to the other kind, or [`Fault::Store`].
    pub async fn check_upstream(&self, upstream: &UpstreamIdentity) -> Result<(), Fault> {
        self.adopting(upstream).await.map(drop)
    }

    /// What changes when the data belongs to this from here on; nothing when it does already.
    ///
    /// # Errors
    /// [`Fault::OtherUpstream`] when it belongs to the other kind, or [`Fault::Store`].
    pub(crate) async fn adopting(
        &self,
        upstream: &UpstreamIdentity,
    ) -> Result<Option<Move>, Fault> {
        match self.adopted_upstream().await? {
            Some(adopted) if adopted == *upstream => Ok(None),
            Some(adopted) if adopted.kind() != upstream.kind() => Err(Fault::OtherUpstream),
            _ => Ok(Some(Move {
                changes: vec![self.adoption(upstream)],
                detail: detail(upstream),
            })),
        }
    }

    /// The same whatever it belonged to before. Where that is of the other kind, its keys are revoked and its projects
    /// forgotten, because their numbers mean others there; and Phare's own keys are detached.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub(crate) async fn moving(
        &self,
        manager: OrganizationManager<'_>,
        upstream: &UpstreamIdentity,
    ) -> Result<Option<Move>, Fault> {
        match self.adopting(upstream).await {
            Err(Fault::OtherUpstream) => {
                let by = manager.actor().member().id;
                self.leaving_for(by, upstream).await.map(Some)
            }
            adopting => adopting,
        }
    }

    async fn leaving_for(&self, by: MemberId, upstream: &UpstreamIdentity) -> Result<Move, Fault> {
        let revocation = Revocation { at: self.now(), by };
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
        let changes = keys
            .into_iter()
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
        Ok(Move { changes, detail })
    }

    /// Commits a move, with what `more` there is to it. The gateway refuses what it takes away when it returns.
    ///
    /// # Errors
    /// [`Fault::Store`]; then nothing was changed.
    pub(crate) async fn make_move(
        &self,
        changing: &mut Changing<'_>,
        by: &str,
        moved: Move,
        more: Option<Change>,
    ) -> Result<(), Fault> {
        let mut changes = moved.changes;
        changes.extend(more);
        let (action, subject) = (AuditAction::UpstreamChanged, SUBJECT.to_owned());
        self.commit(changing, &changes, by, action, subject, &moved.detail)
            .await?;
        self.publish(Event::PhareKeys);
        Ok(())
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
