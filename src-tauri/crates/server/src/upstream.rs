//! What the gateway forwards to, and how it is attached.

use std::sync::Arc;

use gardien_authority::{Fault, UpstreamIdentity};
use gardien_gateway::{HttpUpstream, LocalUpstream, Transport, UpstreamError};
use gardien_phare::PhareClient;
use gardien_sandbox::{Sandbox, SandboxError};
use http::Uri;
use secrecy::SecretString;

use crate::Service;
use crate::calls::{Followed, OwnCalls};
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
        /// Phare's own key.
        key: SecretString,
    },
    /// Nothing: calls are answered with 503.
    None,
}

/// Why an upstream cannot be attached. The one before stays.
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
        let (transport, counted, identity): (Arc<dyn Transport>, _, _) = match upstream {
            Upstream::None => {
                self.keep_identity(None);
                self.authority().attach(None);
                self.gateway().attach(None);
                return Ok(());
            }
            Upstream::Sandbox => {
                let sandbox = Sandbox::open(self.documents(), system_clock()).await?;
                let transport = LocalUpstream::new(sandbox.router());
                (Arc::new(transport), false, UpstreamIdentity::Sandbox)
            }
            Upstream::Phare { url, key } => {
                let base: Uri = url.parse().map_err(|_| UpstreamError::Address)?;
                let transport = HttpUpstream::new(base, key)?;
                (Arc::new(transport), true, UpstreamIdentity::Phare { url })
            }
        };
        self.authority().check_upstream(&identity).await?;
        self.keep_identity(Some(identity));
        self.authority()
            .attach(Some(PhareClient::new(Arc::new(OwnCalls {
                transport: transport.clone(),
                counted_by: counted.then(|| self.gateway().clone()),
            }))));
        self.gateway().attach(Some(Arc::new(Followed {
            transport,
            synchronizer: self.synchronizer().clone(),
        })));
        self.synchronizer().nudge();
        Ok(())
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
