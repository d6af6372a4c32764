//! What the projects and keys of this organization belong to: the sandbox, or a Phare.

use gardien_domain::audit::AuditAction;
use serde_json::{Value, json};

use crate::authority::SYSTEM;
use crate::{Authority, Fault};

/// The subject that audit entries about the upstream carry. Never change it: the last one says what it was.
const SUBJECT: &str = "upstream";

/// What stands behind the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamIdentity {
    /// The local Phare.
    Sandbox,
    /// A Phare over the network.
    Phare {
        /// Its address.
        url: String,
    },
}

impl UpstreamIdentity {
    fn kind(&self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Phare { .. } => "phare",
        }
    }

    fn detail(&self) -> Value {
        match self {
            Self::Sandbox => json!({ "kind": self.kind() }),
            Self::Phare { url } => json!({ "kind": self.kind(), "url": url }),
        }
    }
}

impl Authority {
    /// Whether this may be attached. The numbers of projects mean others at another Phare, so keys made for
    /// the sandbox must never open a real one, nor the other way round.
    ///
    /// # Errors
    /// [`Fault::OtherUpstream`] when the one adopted is of the other kind, or [`Fault::Store`].
    pub async fn check_upstream(&self, upstream: &UpstreamIdentity) -> Result<(), Fault> {
        match self.adopted().await? {
            Some(adopted) if adopted["kind"] != upstream.kind() => Err(Fault::OtherUpstream),
            _ => Ok(()),
        }
    }

    /// Records that projects and keys belong to this from here on.
    ///
    /// # Errors
    /// As [`Self::check_upstream`].
    pub async fn adopt_upstream(&self, upstream: &UpstreamIdentity) -> Result<(), Fault> {
        let _changing = self.changing().await;
        self.check_upstream(upstream).await?;
        let detail = upstream.detail();
        if self.adopted().await? == Some(detail.clone()) {
            return Ok(());
        }
        let action = AuditAction::UpstreamChanged;
        self.commit(&[], SYSTEM, action, SUBJECT.to_owned(), &detail)
            .await
    }

    async fn adopted(&self) -> Result<Option<Value>, Fault> {
        let last = self.store.audit(Some(SUBJECT), None, 1).await?.pop();
        Ok(last.and_then(|entry| serde_json::from_str(&entry.record.detail).ok()))
    }
}
