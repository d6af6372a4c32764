//! What stands behind the gateway, whole: the upstream, the secrets that it is called with, the way that the gateway
//! takes to it and the way that Gardien itself takes.

use std::sync::Arc;

use async_trait::async_trait;
use gardien_authority::{Attached, Attaching, Fault, NamedSecret, UpstreamIdentity};
use gardien_domain::phare_key::Findings;
use gardien_domain::{Member, PhareKey, PhareSecret, PhareSecretId};
use gardien_egress::Proxies;
use gardien_gateway::{
    Gateway, HttpUpstream, KeyedUpstream, LocalUpstream, Transport, UpstreamError,
};
use gardien_phare::{PhareClient, PhareFault, examine};
use gardien_sandbox::{Members, Sandbox};
use gardien_store::{Database, StoreError};
use http::Uri;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc::UnboundedSender;

use crate::calls::{Followed, OwnCalls};
use crate::clock::system_clock;
use crate::ring::{PhareAnswer, Ring};
use crate::synchronizer::Synchronizer;

/// Builds attachments. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Builder {
    /// The address of the Phare whose keys can be attached.
    pub(crate) phare: Option<String>,
    /// What the way to it leads through.
    pub(crate) proxies: Proxies,
    /// What the sandbox keeps, and who its users are.
    pub(crate) store: Arc<dyn Database>,
    pub(crate) gateway: Gateway,
    pub(crate) synchronizer: Synchronizer,
    /// Hears which secrets Phare begins to refuse, or to take again.
    pub(crate) answers: UnboundedSender<PhareAnswer>,
}

/// What stands behind the gateway at one moment. It never changes; another takes its place.
#[derive(Debug, Clone)]
struct Attachment {
    identity: UpstreamIdentity,
    /// The way that the gateway takes.
    transport: Arc<dyn Transport>,
    /// The secrets that it is called with; the sandbox needs none.
    ring: Option<Ring>,
    /// How Gardien itself asks it.
    phare: PhareClient,
    builder: Builder,
}

impl Builder {
    fn of_phare(&self, identity: UpstreamIdentity, ring: Ring) -> Attachment {
        let calls = OwnCalls::with(ring.clone(), self.gateway.clone());
        Attachment {
            identity,
            transport: Arc::new(ring.clone()),
            ring: Some(ring),
            phare: PhareClient::new(Arc::new(calls)),
            builder: self.clone(),
        }
    }

    async fn of_sandbox(&self) -> Result<Attachment, Fault> {
        let members = Arc::new(StoredMembers(self.store.clone()));
        let sandbox = Sandbox::open(self.store.clone(), members, system_clock())
            .await
            .map_err(unattachable)?;
        let transport = Arc::new(LocalUpstream::new(sandbox.router()));
        Ok(Attachment {
            identity: UpstreamIdentity::Sandbox,
            phare: PhareClient::new(Arc::new(OwnCalls::free(transport.clone()))),
            transport,
            ring: None,
            builder: self.clone(),
        })
    }

    fn keyed(&self, secret: &SecretString) -> Result<KeyedUpstream, UpstreamError> {
        let url = self.phare.as_deref().ok_or(UpstreamError::Address)?;
        self.upstream_at(url)?.with_key(secret)
    }

    fn upstream_at(&self, url: &str) -> Result<HttpUpstream, UpstreamError> {
        let base: Uri = url.parse().map_err(|_| UpstreamError::Address)?;
        HttpUpstream::new(base, self.proxies.clone(), system_clock())
    }
}

/// The members as the authority has them at any time.
#[derive(Debug)]
struct StoredMembers(Arc<dyn Database>);

#[async_trait]
impl Members for StoredMembers {
    async fn members(&self) -> Result<Vec<Member>, StoreError> {
        self.0.members().await
    }
}

fn unattachable(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::Unattachable(error.into())
}

#[async_trait]
impl Attaching for Builder {
    fn phare_url(&self) -> Option<&str> {
        self.phare.as_deref()
    }

    async fn build(&self, identity: &UpstreamIdentity) -> Result<Arc<dyn Attached>, Fault> {
        Ok(Arc::new(match identity {
            UpstreamIdentity::Sandbox => self.of_sandbox().await?,
            UpstreamIdentity::Phare { url } => {
                let ring = Ring::new(
                    self.upstream_at(url).map_err(unattachable)?,
                    self.answers.clone(),
                );
                self.of_phare(identity.clone(), ring)
            }
        }))
    }

    async fn examine(&self, secret: &SecretString, counted: bool) -> Result<Findings, PhareFault> {
        let keyed = self.keyed(secret);
        let keyed = Arc::new(keyed.map_err(|error| PhareFault::Unreachable(error.into()))?);
        let kind = PhareSecret::kind_of(secret.expose_secret());
        let calls = if counted {
            OwnCalls::with_a_key_of_anybodys(keyed, self.gateway.clone())
        } else {
            OwnCalls::beside(keyed, self.gateway.clone())
        };
        examine(&calls, kind, system_clock()()).await
    }
}

#[async_trait]
impl Attached for Attachment {
    fn identity(&self) -> &UpstreamIdentity {
        &self.identity
    }

    fn phare(&self) -> &PhareClient {
        &self.phare
    }

    fn is_callable(&self) -> bool {
        let ring = self.ring.as_ref();
        ring.is_none_or(|ring| ring.in_use().next().is_some())
    }

    fn holds(&self, secret: &PhareSecretId) -> bool {
        let ring = self.ring.as_ref();
        ring.is_some_and(|ring| ring.held(secret).is_some())
    }

    fn with_keys(
        &self,
        keys: &[PhareKey],
        fresh: &[NamedSecret],
    ) -> Result<Arc<dyn Attached>, Fault> {
        Ok(Arc::new(match &self.ring {
            None => self.clone(),
            Some(ring) => {
                let ring = ring.with_keys(keys, fresh).map_err(unattachable)?;
                self.builder.of_phare(self.identity.clone(), ring)
            }
        }))
    }

    async fn examine(&self, secret: &PhareSecretId) -> Result<Findings, PhareFault> {
        let held = self.ring.as_ref().and_then(|ring| ring.held(secret));
        let held = held.cloned().ok_or(PhareFault::NoKey)?;
        let kind = held.secret.kind;
        let calls = OwnCalls::counted(Arc::new(held), self.builder.gateway.clone());
        examine(&calls, kind, system_clock()()).await
    }

    fn enter(&self, before: Option<&dyn Attached>) {
        let Builder {
            gateway,
            synchronizer,
            ..
        } = &self.builder;
        let followed = Arc::new(Followed {
            transport: self.transport.clone(),
            synchronizer: synchronizer.clone(),
        });
        let same = before.filter(|before| before.identity() == &self.identity);
        match same {
            None => gateway.attach(Some(followed)),
            Some(_) => gateway.attach_again(followed),
        }
        if same.is_none_or(|before| self.sees_more_than(before)) {
            synchronizer.nudge();
        }
    }
}

impl Attachment {
    /// Whether projects may be seen through it that were not seen through the one before.
    fn sees_more_than(&self, before: &dyn Attached) -> bool {
        let mut in_use = self.ring.iter().flat_map(Ring::in_use);
        in_use.any(|held| !before.holds(&held.secret.id))
    }
}
