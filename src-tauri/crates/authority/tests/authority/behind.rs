//! What stands behind the gateway and where secrets lie, both in memory, writing down what they are told and failing when
//! told to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use gardien_authority::{
    Attached, Attaching, Fault, NamedSecret, SecretFault, Secrets, UpstreamIdentity,
};
use gardien_domain::phare_key::{Findings, Need};
use gardien_domain::{MemberId, PhareKey, PhareSecretId};
use gardien_phare::client::{BoxError, Exchange};
use gardien_phare::{PhareClient, PhareFault};
use http::{Request, Response};
use secrecy::{ExposeSecret, SecretString};

pub(crate) const PHARE: &str = "https://api.phare.example";

pub(crate) fn phare() -> UpstreamIdentity {
    UpstreamIdentity::Phare {
        url: PHARE.to_owned(),
    }
}

/// Display forms: called with, and standing by.
pub(crate) type Slots = Vec<(String, Option<String>)>;

/// What the gateway forwards to, with what is called.
pub(crate) type Forwarded = Option<(UpstreamIdentity, Slots)>;

#[derive(Debug)]
pub(crate) struct Upstreams {
    /// Nothing can be built.
    pub(crate) broken: AtomicBool,
    /// No secret can be sent.
    pub(crate) unsendable: AtomicBool,
    /// What an examination finds; nothing: Phare refuses.
    pub(crate) finds: Mutex<Option<Findings>>,
    /// How Gardien asks.
    pub(crate) exchange: Mutex<Arc<dyn Exchange>>,
    /// As the gateway was told last.
    forwarded: Mutex<Forwarded>,
}

impl Default for Upstreams {
    fn default() -> Self {
        Self {
            broken: AtomicBool::default(),
            unsendable: AtomicBool::default(),
            finds: Mutex::default(),
            exchange: Mutex::new(Arc::new(Silence)),
            forwarded: Mutex::default(),
        }
    }
}

impl Upstreams {
    pub(crate) fn forwarded(&self) -> Forwarded {
        self.forwarded.lock().unwrap().clone()
    }

    pub(crate) fn slots(&self) -> Slots {
        self.forwarded().map(|(_, slots)| slots).unwrap_or_default()
    }
}

/// As the authority is given it.
#[derive(Debug, Clone)]
pub(crate) struct Building(pub(crate) Arc<Upstreams>);

#[async_trait]
impl Attaching for Building {
    fn phare_url(&self) -> Option<&str> {
        Some(PHARE)
    }

    async fn build(&self, identity: &UpstreamIdentity) -> Result<Arc<dyn Attached>, Fault> {
        if self.0.broken.load(Ordering::SeqCst) {
            return Err(Fault::Unattachable("broken".into()));
        }
        Ok(Arc::new(Fake {
            upstreams: self.0.clone(),
            identity: identity.clone(),
            phare: PhareClient::new(self.0.exchange.lock().unwrap().clone()),
            keys: Vec::new(),
            held: HashMap::new(),
        }))
    }

    async fn examine(&self, _: &SecretString, _: bool) -> Result<Findings, PhareFault> {
        let found = self.0.finds.lock().unwrap().clone();
        found.ok_or(PhareFault::KeyRefused)
    }
}

#[derive(Debug, Clone)]
struct Fake {
    upstreams: Arc<Upstreams>,
    identity: UpstreamIdentity,
    phare: PhareClient,
    keys: Vec<PhareKey>,
    held: HashMap<PhareSecretId, SecretString>,
}

#[async_trait]
impl Attached for Fake {
    fn identity(&self) -> &UpstreamIdentity {
        &self.identity
    }
    fn phare(&self) -> &PhareClient {
        &self.phare
    }
    fn is_callable(&self) -> bool {
        true
    }
    fn holds(&self, secret: &PhareSecretId) -> bool {
        self.held.contains_key(secret)
    }
    fn with_keys(
        &self,
        keys: &[PhareKey],
        fresh: &[NamedSecret],
    ) -> Result<Arc<dyn Attached>, Fault> {
        if self.upstreams.unsendable.load(Ordering::SeqCst) {
            return Err(Fault::Unattachable("unsendable".into()));
        }
        let mut held = self.held.clone();
        held.extend(fresh.iter().cloned());
        let slots = || keys.iter().flat_map(PhareKey::secrets);
        held.retain(|id, _| slots().any(|secret| secret.id == *id));
        Ok(Arc::new(Self {
            keys: keys.to_vec(),
            held,
            ..self.clone()
        }))
    }
    async fn examine(&self, _: &PhareSecretId) -> Result<Findings, PhareFault> {
        Err(PhareFault::KeyRefused)
    }
    fn enter(&self, _: Option<&dyn Attached>) {
        let slots = self.keys.iter().map(|key| {
            let next = key.next.as_ref().map(|next| next.display.clone());
            (key.current.display.clone(), next)
        });
        *self.upstreams.forwarded.lock().unwrap() = Some((self.identity.clone(), slots.collect()));
    }
}

/// A Phare that nobody reaches.
#[derive(Debug)]
struct Silence;

#[async_trait]
impl Exchange for Silence {
    async fn exchange(&self, _: Request<Bytes>, _: Need) -> Result<Response<Bytes>, BoxError> {
        Err("silence".into())
    }
}

/// A keychain.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    pub(crate) locked: AtomicBool,
    kept: Mutex<HashMap<PhareSecretId, SecretString>>,
}

impl Chain {
    /// The secrets that lie in it, by name.
    pub(crate) fn kept(&self) -> HashMap<PhareSecretId, String> {
        let kept = self.kept.lock().unwrap();
        kept.iter()
            .map(|(id, secret)| (*id, secret.expose_secret().to_owned()))
            .collect()
    }

    pub(crate) fn lose(&self, id: PhareSecretId) {
        self.kept.lock().unwrap().remove(&id);
    }
}

#[async_trait]
impl Secrets for Chain {
    async fn get(
        &self,
        _: Option<MemberId>,
        id: PhareSecretId,
    ) -> Result<SecretString, SecretFault> {
        if self.locked.load(Ordering::SeqCst) {
            return Err(SecretFault::Locked);
        }
        let kept = self.kept.lock().unwrap();
        kept.get(&id).cloned().ok_or(SecretFault::NotHeld)
    }
    async fn keep(&self, _: Option<MemberId>, id: PhareSecretId, secret: SecretString) {
        self.kept.lock().unwrap().insert(id, secret);
    }
    async fn forget(&self, _: Option<MemberId>, id: PhareSecretId) {
        self.lose(id);
    }
}
