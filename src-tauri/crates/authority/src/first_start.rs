//! The first start: an organization, its Owner, and what its keys are for. Whatever speaks against it speaks before
//! anything is founded, so that it can be asked for again.

use gardien_domain::phare_key::Purpose;
use gardien_domain::{MemberId, UpstreamIdentity};
use secrecy::SecretString;

use crate::attaching::Examined;
use crate::{Authority, Fault, System};

/// What the first key of Phare's is called until somebody says otherwise.
const FIRST_NAME: &str = "Phare";

/// What an organization begins with behind its gateway.
#[derive(Debug)]
pub enum Beginning {
    /// The local Phare.
    Sandbox,
    /// Phare, called with this secret.
    Phare(SecretString),
}

impl Authority {
    /// Completes the first start, and reads the projects that are there. Once the organization stands, what fails can be
    /// attached later: it is logged.
    ///
    /// # Errors
    /// As [`Self::found`]; [`Fault::OtherUpstream`], [`Fault::Unattachable`], and as [`Self::examine_secret`].
    pub async fn first_start(
        &self,
        by: System,
        organization: &str,
        email: &str,
        beginning: Beginning,
    ) -> Result<MemberId, Fault> {
        let (owner, attached) = match beginning {
            Beginning::Sandbox => {
                let sandbox = UpstreamIdentity::Sandbox;
                self.check_upstream(&sandbox).await?;
                self.behind.attaching.build(&sandbox).await?;
                let owner = self.found(by, organization, email).await?;
                (owner, self.attach(by, &sandbox).await)
            }
            Beginning::Phare(secret) => {
                self.check_upstream(&self.phare_identity()?).await?;
                let examined = self.examine_secret(&secret).await?;
                self.check_phare_secret(FIRST_NAME, &examined, Purpose::Attached)
                    .await?;
                let owner = self.found(by, organization, email).await?;
                (owner, self.attach_first(owner, examined).await)
            }
        };
        if let Err(fault) = attached {
            let error = &fault as &dyn std::error::Error;
            tracing::error!(error, "nothing stands behind the gateway yet");
            return Ok(owner);
        }
        // The first thing that a person sees are the projects. If that fails, they are read again behind.
        if let Err(fault) = self.synchronize_projects(by).await {
            tracing::warn!(%fault, "projects cannot be read yet");
        }
        Ok(owner)
    }

    async fn attach_first(&self, owner: MemberId, examined: Examined) -> Result<(), Fault> {
        let actor = self.actor(owner).await?;
        let manager = actor.manage_phare_keys()?;
        self.attach_phare_key(manager, FIRST_NAME, examined, false)
            .await
            .map(drop)
    }
}
