//! What the gateway forwards to, and how it is attached.

use std::sync::Arc;

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
    /// The sandbox cannot start.
    #[error("the sandbox cannot start")]
    Sandbox(#[from] SandboxError),
}

impl Service {
    /// Forwards to this from here on. The projects that it has are read by [`Service::synchronize`].
    ///
    /// # Errors
    /// [`AttachFault`]; the upstream before stays.
    pub async fn attach(&self, upstream: Upstream) -> Result<(), AttachFault> {
        let (transport, counted): (Arc<dyn Transport>, bool) = match upstream {
            Upstream::None => {
                self.authority().attach(None);
                self.gateway().attach(None);
                return Ok(());
            }
            Upstream::Sandbox => {
                let sandbox = Sandbox::open(self.documents(), system_clock()).await?;
                (Arc::new(LocalUpstream::new(sandbox.router())), false)
            }
            Upstream::Phare { url, key } => {
                let base: Uri = url.parse().map_err(|_| UpstreamError::Address)?;
                (Arc::new(HttpUpstream::new(base, key)?), true)
            }
        };
        self.authority()
            .attach(Some(PhareClient::new(Arc::new(OwnCalls {
                transport: transport.clone(),
                counted_by: counted.then(|| self.gateway().clone()),
            }))));
        self.gateway().attach(Some(Arc::new(Followed {
            transport,
            authority: self.authority().clone(),
        })));
        Ok(())
    }
}
