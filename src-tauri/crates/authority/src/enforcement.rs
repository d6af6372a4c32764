//! What the authority needs of whoever enforces its decisions and calls Phare: to be told of every change in time.

use std::fmt::Debug;

use async_trait::async_trait;
use gardien_domain::key::Revocation;
use gardien_domain::phare_key::Findings;
use gardien_domain::{Key, KeyId, PhareKey, PhareSecretId, ProjectId, Scope};
use gardien_phare::PhareFault;

use crate::api::LimitHold;

/// What the shared limit looks like at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitReading {
    /// Calls that count now.
    pub used: u32,
    /// Calls that could be made now.
    pub remaining: u32,
    /// Seconds until the oldest of them no longer counts, or the hold ends.
    pub reset_seconds: u32,
    /// Phare itself takes no more calls.
    pub hold: Option<LimitHold>,
    /// Keys that calls of them count, the most first.
    pub by_key: Vec<(KeyId, u32)>,
}

/// Enforces what the authority decides. Every method takes effect before it returns.
pub trait Enforcement: Send + Sync + Debug {
    /// Judges the key by this from here on.
    fn put_key(&self, key: &Key);
    /// Refuses the key from here on, if there is such a one; one that was revoked before stays as it is.
    fn revoke(&self, id: KeyId, revocation: Revocation);
    /// Knows this project, or its new slug, from here on.
    fn put_project(&self, id: ProjectId, slug: &str);
    /// Refuses the keys of this project from here on.
    fn remove_project(&self, id: ProjectId);
    /// Lets so many calls a minute through from here on.
    fn set_limit(&self, calls_per_minute: u32);
    /// What the limit looks like, with the keys that used the most of it among those whose scope is `seen`.
    fn limits(&self, most: usize, seen: &dyn Fn(Scope) -> bool) -> LimitReading;
}

/// Holds the secrets of Phare's keys and calls Phare with them.
#[async_trait]
pub trait Keyring: Send + Sync + Debug {
    /// Calls with these from here on, and forgets every other secret.
    fn hold(&self, keys: &[PhareKey]);
    /// Whether it has this secret.
    fn holds(&self, secret: &PhareSecretId) -> bool;
    /// Tells whoever wants to know that Phare refuses this key from now on.
    fn tell_refused(&self, key: &PhareKey);
    /// Finds out what a secret can do that it holds.
    async fn examine(&self, secret: &PhareSecretId) -> Result<Findings, PhareFault>;
}
