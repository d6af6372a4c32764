//! Phare, called with the narrowest of the keys that are attached. Only here do their secrets lie while they are in
//! use.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use gardien_domain::phare_key::{Need, narrowest};
use gardien_domain::project::{PROJECT_ID_HEADER, PROJECT_SLUG_HEADER};
use gardien_domain::{Access, PhareKey, PhareSecret, PhareSecretId, Product, ScopeKind};
use gardien_gateway::{
    Body, HttpUpstream, KeyedUpstream, Transport, TransportFault, UpstreamError,
};
use http::{Request, Response, StatusCode};
use secrecy::SecretString;
use tokio::sync::mpsc::UnboundedSender;

/// What Gardien's own calls need: a key of the organization.
const ORGANIZATION: Need = Need {
    project: None,
    product: Product::Platform,
    access: Access::Write,
    manages_projects: true,
};

/// That Phare does not take a secret, or takes it again.
pub(crate) type Verdict = (PhareSecretId, bool);

/// Phare and the secrets that it is called with. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub(crate) struct Ring {
    phare: HttpUpstream,
    given: Arc<RwLock<HashMap<PhareSecretId, SecretString>>>,
    held: Arc<RwLock<Vec<Held>>>,
    verdicts: UnboundedSender<Verdict>,
}

/// A secret that Phare is called with, for a client or to find out what it can do.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) secret: PhareSecret,
    /// Only these carry calls; the others are there to be examined.
    in_use: bool,
    refused: Arc<AtomicBool>,
    upstream: KeyedUpstream,
    verdicts: UnboundedSender<Verdict>,
}

impl Ring {
    pub(crate) fn new(phare: HttpUpstream, verdicts: UnboundedSender<Verdict>) -> Self {
        Self {
            phare,
            given: Arc::default(),
            held: Arc::default(),
            verdicts,
        }
    }

    /// Takes a secret. It is called with once it is held.
    pub(crate) fn give(&self, id: PhareSecretId, secret: SecretString) {
        let mut given = self.given.write().unwrap_or_else(PoisonError::into_inner);
        given.insert(id, secret);
    }

    /// Calls with the secrets of these from here on, as far as they were given, and forgets all others.
    pub(crate) fn hold(&self, keys: &[PhareKey]) {
        let mut given = self.given.write().unwrap_or_else(PoisonError::into_inner);
        let slots = || {
            keys.iter()
                .flat_map(|key| key.secrets().map(move |secret| (key, secret)))
        };
        given.retain(|id, _| slots().any(|(_, secret)| secret.id == *id));
        let held = slots().filter_map(|(key, secret)| {
            let upstream = self.phare.with_key(given.get(&secret.id)?.clone()).ok()?;
            Some(Held {
                in_use: secret.id == key.current.id,
                refused: Arc::new(AtomicBool::new(secret.refused_at.is_some())),
                secret: secret.clone(),
                upstream,
                verdicts: self.verdicts.clone(),
            })
        });
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = held.collect();
    }

    /// Phare with a secret that is not held.
    pub(crate) fn with_key(&self, secret: SecretString) -> Result<KeyedUpstream, UpstreamError> {
        self.phare.with_key(secret)
    }

    /// The secret with this id, in use or not.
    pub(crate) fn held(&self, id: &PhareSecretId) -> Option<Held> {
        self.every_held()
            .into_iter()
            .find(|held| held.secret.id == *id)
    }

    /// The secrets that carry calls.
    pub(crate) fn in_use(&self) -> Vec<Held> {
        let mut held = self.every_held();
        held.retain(|held| held.in_use);
        held
    }

    fn every_held(&self) -> Vec<Held> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.clone()
    }

    fn choose(&self, need: &Need) -> Option<Held> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let in_use = held.iter().filter(|held| held.in_use);
        let chosen = narrowest(in_use.map(|held| &held.secret), need)?.id;
        held.iter().find(|held| held.secret.id == chosen).cloned()
    }
}

#[async_trait]
impl Transport for Ring {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, TransportFault> {
        let need = request.extensions_mut().remove::<Need>();
        let held = self.choose(&need.unwrap_or(ORGANIZATION));
        held.ok_or(TransportFault::NoKey)?.send(request).await
    }
}

#[async_trait]
impl Transport for Held {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, TransportFault> {
        if self.secret.kind == ScopeKind::Project {
            // Its project is the one that was asked for; what Phare makes of a header beside it is not known.
            request.headers_mut().remove(PROJECT_ID_HEADER);
            request.headers_mut().remove(PROJECT_SLUG_HEADER);
        }
        let response = self.upstream.send(request).await?;
        let refused = response.status() == StatusCode::UNAUTHORIZED;
        if self.refused.swap(refused, Ordering::AcqRel) != refused {
            // Nobody listens any more while everything is being stopped.
            let _ = self.verdicts.send((self.secret.id, refused));
        }
        Ok(response)
    }
}
