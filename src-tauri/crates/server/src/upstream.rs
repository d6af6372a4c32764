//! What the gateway forwards to, and how it is attached.

use std::sync::Arc;

use gardien_authority::{Fault, UpstreamIdentity};
use gardien_domain::PhareSecretId;
use gardien_gateway::{HttpUpstream, LocalUpstream, Transport, UpstreamError};
use gardien_phare::PhareClient;
use gardien_sandbox::{Sandbox, SandboxError};
use http::Uri;
use secrecy::SecretString;

use crate::Service;
use crate::calls::{Followed, OwnCalls};
use crate::examiner::Examiner;
use crate::ring::Ring;
use crate::service::system_clock;

/// What the gateway forwards to.
#[derive(Debug, Clone)]
pub enum Upstream {
    /// The local Phare of this process.
    Sandbox,
    /// A Phare over the network.
    Phare {
        /// Scheme, host and, if any, the path before every path.
        url: String,
        /// The secrets of its attached keys, as far as they are at hand.
        secrets: Vec<(PhareSecretId, SecretString)>,
    },
    /// Nothing: calls are answered with 503.
    None,
}

/// Why an upstream cannot be attached.
#[derive(Debug, thiserror::Error)]
pub enum AttachFault {
    /// Its address or key is unusable.
    #[error("{0}")]
    Upstream(#[from] UpstreamError),
    /// The data belongs to an upstream of another kind, or that cannot be recorded.
    #[error("{0}")]
    Authority(#[from] Fault),
    /// The sandbox cannot start.
    #[error("the sandbox cannot start")]
    Sandbox(#[from] SandboxError),
}

impl Service {
    /// Forwards to this from here on, and begins to read the projects that it has.
    ///
    /// # Errors
    /// [`AttachFault`]; the upstream before stays.
    pub async fn attach(&self, upstream: Upstream) -> Result<(), AttachFault> {
        let identity = match &upstream {
            Upstream::None => None,
            Upstream::Sandbox => Some(UpstreamIdentity::Sandbox),
            Upstream::Phare { url, .. } => Some(UpstreamIdentity::Phare { url: url.clone() }),
        };
        if let Some(identity) = &identity {
            self.authority().check_upstream(identity).await?;
        }
        let (transport, calls, examiner): (Arc<dyn Transport>, _, _) = match upstream {
            Upstream::None => {
                self.keep_attached(None, None);
                self.authority().attach(None);
                self.authority().use_keyring(None).await?;
                self.gateway().attach(None);
                return Ok(());
            }
            Upstream::Sandbox => {
                let sandbox = Sandbox::open(self.documents(), system_clock()).await?;
                let transport = Arc::new(LocalUpstream::new(sandbox.router()));
                (transport.clone(), OwnCalls::free(transport), None)
            }
            Upstream::Phare { url, secrets } => {
                let examiner = self.examiner_of(&url)?;
                for (id, secret) in secrets {
                    examiner.ring.give(id, secret);
                }
                let transport = Arc::new(examiner.ring.clone());
                (transport, OwnCalls::of(examiner.clone()), Some(examiner))
            }
        };
        let keyring = examiner.clone().map(|examiner| Arc::new(examiner) as _);
        self.keep_attached(identity, examiner);
        self.authority().use_keyring(keyring).await?;
        self.authority()
            .attach(Some(PhareClient::new(Arc::new(calls))));
        self.gateway().attach(Some(Arc::new(Followed {
            transport,
            synchronizer: self.synchronizer().clone(),
        })));
        self.synchronizer().nudge();
        Ok(())
    }

    /// Who finds out what keys of the Phare at `url` can do.
    pub(crate) fn examiner_of(&self, url: &str) -> Result<Examiner, UpstreamError> {
        let base: Uri = url.parse().map_err(|_| UpstreamError::Address)?;
        Ok(Examiner {
            ring: Ring::new(HttpUpstream::new(base)?, self.verdicts()),
            gateway: self.gateway().clone(),
            refusals: self.refused(),
        })
    }

    /// Binds the data to what is attached: keys made for the sandbox never open a real Phare, nor the other
    /// way round. Not part of [`Self::attach`], because whoever tries a key has not chosen yet.
    ///
    /// # Errors
    /// As [`gardien_authority::Authority::adopt_upstream`].
    pub async fn adopt_upstream(&self) -> Result<(), Fault> {
        match self.identity() {
            Some(identity) => self.authority().adopt_upstream(&identity).await,
            None => Ok(()),
        }
    }
}
