//! What stands behind the gateway, as the authority sees it. Whoever composes authority and gateway fulfils this.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use gardien_domain::phare_key::Findings;
use gardien_domain::{PhareKey, PhareSecretId, UpstreamIdentity};
use gardien_phare::{PhareClient, PhareFault};
use secrecy::SecretString;

use crate::fault::Fault;

/// A secret of Phare's, by the name that it is kept under.
pub type NamedSecret = (PhareSecretId, SecretString);

/// What stands behind the gateway at one moment, whole: what it is, the secrets that it is called with, how Gardien
/// itself asks it. It never changes; another takes its place.
#[async_trait]
pub trait Attached: Send + Sync + Debug {
    /// What it is.
    fn identity(&self) -> &UpstreamIdentity;
    /// How Gardien itself asks it.
    fn phare(&self) -> &PhareClient;
    /// Whether a call can go out: not without any key.
    fn is_callable(&self) -> bool;
    /// Whether it has this secret.
    fn holds(&self, secret: &PhareSecretId) -> bool;
    /// The same called with exactly these keys, as far as their secrets are held already or among the `fresh` ones.
    ///
    /// # Errors
    /// [`Fault::Unattachable`] for a secret that cannot be sent.
    fn with_keys(
        &self,
        keys: &[PhareKey],
        fresh: &[NamedSecret],
    ) -> Result<Arc<dyn Attached>, Fault>;
    /// Finds out what a secret can do that it holds.
    ///
    /// # Errors
    /// Any [`PhareFault`]; `NoKey` when it does not hold it.
    async fn examine(&self, secret: &PhareSecretId) -> Result<Findings, PhareFault>;
    /// Has the gateway forward here from now on, in the place of `before`. For whoever puts it in place.
    fn enter(&self, before: Option<&dyn Attached>);
}

/// Builds what may come to stand behind the gateway. Nothing is changed by it.
#[async_trait]
pub trait Attaching: Send + Sync + Debug {
    /// The address of the Phare whose keys can be attached; none where only the sandbox can be.
    fn phare_url(&self) -> Option<&str>;
    /// Builds it whole, as yet without keys.
    ///
    /// # Errors
    /// [`Fault::Unattachable`].
    async fn build(&self, identity: &UpstreamIdentity) -> Result<Arc<dyn Attached>, Fault>;
    /// Finds out what a secret of the Phare at [`Self::phare_url`] can do that nothing is called with. `counted`: its
    /// calls wait for room in the limit. They take part of it either way.
    ///
    /// # Errors
    /// Any [`PhareFault`].
    async fn examine(&self, secret: &SecretString, counted: bool) -> Result<Findings, PhareFault>;
}
