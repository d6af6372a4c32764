//! What the authority needs of whoever enforces its decisions: to be told of every change in time.

use std::fmt::Debug;

use gardien_domain::key::Revocation;
use gardien_domain::schedule::Part;
use gardien_domain::share::Share;
use gardien_domain::what_if::WhatIf;
use gardien_domain::{Key, KeyId, KeyRule, Organization, Project, ProjectId, Scope};
use jiff::Timestamp;

use crate::api::{DirectUse, LimitHold, LimitPace};

/// What the shared limit looks like at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitReading {
    /// How calls follow one another; `None` where those that come too early are refused.
    pub pace: Option<LimitPace>,
    /// Calls that count now.
    pub used: u32,
    /// Calls that could be made now.
    pub remaining: u32,
    /// Calls that wait for their turn.
    pub waiting: u32,
    /// Calls that were answered from memory in the last minute.
    pub saved: u32,
    /// Seconds until the oldest of them no longer counts, or the hold ends.
    pub reset_seconds: u32,
    /// Phare itself takes no more calls.
    pub hold: Option<LimitHold>,
    /// Phare counts calls that were not made here.
    pub direct: Option<DirectUse>,
    /// When it last began to hold calls up.
    pub reached: Option<Reached>,
    /// What keys have of it, the most first.
    pub by_key: Vec<Part>,
}

/// That calls began to wait or to be refused at the limit, after an hour of which nothing was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// When.
    pub at: Timestamp,
    /// The key that had the most of it then, if it is among those that are seen.
    pub most: Option<Part>,
}

/// Enforces what the authority decides. Every method takes effect before it returns.
pub trait Enforcement: Send + Sync + Debug {
    /// Makes room for about so many keys.
    fn expect_keys(&self, keys: usize);
    /// Judges a key that there is at the start by this. Each is told of once, before anything else.
    fn begin_key(&self, rule: KeyRule, share: Share);
    /// Judges the key by this from here on.
    fn put_key(&self, key: &Key);
    /// Refuses the key from here on, if there is such a one; one that was revoked before stays as it is.
    fn revoke(&self, id: KeyId, revocation: Revocation);
    /// Knows these projects, or their new slugs, from here on.
    fn put_projects(&self, projects: &[Project]);
    /// Refuses the keys of this project from here on.
    fn remove_project(&self, id: ProjectId);
    /// Lets so many calls a minute through from here on, those that come too early wait or be refused, and reads be
    /// answered from memory.
    fn set_limit(&self, organization: &Organization);
    /// Answers nothing from memory that was read before: something changed that may show in it.
    fn forget_reads(&self);
    /// What the limit looks like, and of keys those whose scope is `seen`: the ones that have the most of it.
    fn limits(&self, most: usize, seen: &dyn Fn(Scope) -> bool) -> LimitReading;
    /// What a share would have meant in the last hour for a key, or for one that is not made yet, and for the others
    /// that work now. Minutes begin in unix milliseconds.
    fn what_if(&self, key: Option<KeyId>, share: Share) -> WhatIf;
}
