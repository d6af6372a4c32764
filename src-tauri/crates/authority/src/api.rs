//! The bodies of the management API, as JSON, OpenAPI and TypeScript see them.
//!
//! None of these holds a secret but [`CreatedKey`], the answer to a creation or a rotation, and what is sent: [`Lookup`],
//! [`NewPhareKey`] and [`NextPhareSecret`].

use std::collections::BTreeMap;

use gardien_domain::phare_key::Purpose;
use gardien_domain::share::Share;
use gardien_domain::{
    Access, AtLimit, KeyId, Method, PhareKeyId, PhareSecret, Product, ProjectHeader, ProjectId,
};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use ts_rs::TS;
use utoipa::{IntoParams, ToSchema};

mod events;
mod gateways;
mod keys;
mod people;
mod phare_keys;
mod shares;

pub use events::{Caller, Event, KeyUse};
pub use gateways::{GatewayLease, GatewayPage, GatewayView};
pub use keys::{
    CreatedKey, DisclosedHow, Disclosure, KeyPage, KeyPatch, KeyQuery, KeyView, LastUse, LookedUp,
    LookedUpKey, Lookup, NewKey, Rotation,
};
pub use people::{
    KeysOfRemoved, MemberPage, MemberPatch, MemberRemoval, MemberView, OpenSession,
    OpenSessionPage, Rights, SessionView,
};
pub use phare_keys::{NewPhareKey, NextPhareSecret, PhareKeyPatch};
pub use shares::{CouldMake, OtherCouldMake, SharePatch, WhatIfQuery, WhatIfView};

/// Tells what is null from what is absent.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ProjectView {
    pub id: ProjectId,
    pub slug: String,
    pub name: String,
    /// Keys bound to it that are neither revoked nor expired.
    pub live_keys: u32,
    #[ts(type = "string")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Projects, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ProjectPage {
    pub data: Vec<ProjectView>,
    pub next_cursor: Option<String>,
}

/// Name of a project to make, or its new name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectName {
    /// 1 to 25 characters: Phare's limit.
    pub name: String,
}

/// One of Phare's operations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct OperationView {
    pub id: String,
    pub method: Method,
    pub path: String,
    pub product: Product,
    pub access: Access,
    pub project_header: ProjectHeader,
    /// Creates, changes or removes a project: for organization keys only.
    pub manages_projects: bool,
    /// What it does, such as `Delete a monitor`.
    pub summary: String,
    /// The same of a call under way, such as `deleting a monitor`.
    pub doing: String,
    /// What it concerns, such as `Monitors`.
    pub group: String,
}

/// The 48 operations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct OperationPage {
    pub data: Vec<OperationView>,
    pub next_cursor: Option<String>,
}

/// The organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct OrganizationView {
    pub name: String,
    /// Calls a minute, all keys together.
    pub calls_per_minute: u32,
    pub at_limit: AtLimit,
    /// Where calls are paced, so many may come at once, and the rest of the limit follows steadily; null for two
    /// fifths.
    pub burst: Option<u32>,
    /// Where calls are paced, none waits for its turn for longer.
    #[serde(default)]
    pub longest_wait_seconds: u32,
    /// The same read again, by the same key in the same project, is answered from memory for so long unless something was
    /// written there meanwhile; 0: never.
    #[serde(default)]
    pub cache_seconds: u32,
}

/// What to change of the organization. What is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct OrganizationPatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 1 to 1,000,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_minute: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_limit: Option<AtLimit>,
    /// 1 to one less than the calls a minute; null for two fifths of them.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[ts(optional, type = "number | null")]
    #[schema(value_type = Option<u32>)]
    pub burst: Option<Option<u32>>,
    /// 1 to 25.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_wait_seconds: Option<u32>,
    /// 0 to 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_seconds: Option<u32>,
}

/// Phare itself answered 429: it counts calls that were not made through the gateway. Until it takes calls again, every
/// key is refused with 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LimitHold {
    /// When Phare said so first.
    #[ts(type = "string")]
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When it is called again.
    #[ts(type = "string")]
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// How calls follow one another now, of what is kept free for no key: so many at once, and so many in each minute after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LimitPace {
    pub burst: u32,
    pub per_minute: u32,
}

/// Phare counts calls that Gardien did not make: somebody uses one of the organization's keys of Phare's directly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct DirectUse {
    /// When it was seen first. Forgotten after an hour without another such call.
    #[ts(type = "string")]
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When it was seen last.
    #[ts(type = "string")]
    #[schema(value_type = String, format = DateTime)]
    pub last: Timestamp,
    /// Calls since, at least.
    pub calls: u32,
}

/// The shared limit right now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LimitsView {
    pub calls_per_minute: u32,
    pub at_limit: AtLimit,
    /// Null where calls that come too early are refused.
    pub pace: Option<LimitPace>,
    /// Calls that count at the moment; all of them during a hold.
    pub used: u32,
    pub remaining: u32,
    /// Calls that wait for their turn.
    #[serde(default)]
    pub waiting: u32,
    /// Calls that were answered from memory in the last minute, and count for nothing.
    #[serde(default)]
    pub saved: u32,
    /// Seconds until the oldest of them no longer counts, or the hold ends; 0 if none counts.
    pub reset_seconds: u32,
    /// Null while Phare takes calls.
    pub hold: Option<LimitHold>,
    /// Null while Phare counts none but Gardien's calls, as far as it says.
    pub direct: Option<DirectUse>,
    /// When calls last began to wait for their turn or to be refused; null where that was not so since the start.
    #[serde(default)]
    pub reached: Option<LimitReached>,
    /// What keys have of it, the most first: those that called in the last minute, that wait, or that something is kept
    /// free for. At most fifty, and only keys that the person sees.
    pub by_key: Vec<LimitUse>,
}

/// That calls began to wait for their turn or to be refused. It is noted at most once in an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LimitReached {
    #[ts(type = "string")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The key that had the most of the limit then; null if it is gone, or for whoever does not see it.
    pub most: Option<LimitMost>,
}

/// The key that had the most of the shared limit when it was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LimitMost {
    pub id: KeyId,
    pub name: String,
    /// Calls of it that counted, or waited for their turn.
    pub calls: u32,
}

/// What one key has of the shared limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LimitUse {
    pub id: KeyId,
    pub name: String,
    pub calls: u32,
    /// Calls of it that wait for their turn.
    #[serde(default)]
    pub waiting: u32,
    /// Whole seconds that the first of them has waited; 0 if none waits.
    #[serde(default)]
    pub waited_seconds: u32,
    /// Calls of it that were refused in the last minute, for want of a turn.
    #[serde(default)]
    pub refused: u32,
    /// A server of before knew none.
    #[serde(default)]
    pub share: Share,
}

/// A key of Phare's that Gardien calls with, or keeps. Never its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PhareKeyView {
    pub id: PhareKeyId,
    pub name: String,
    pub purpose: Purpose,
    /// The secret in use.
    pub current: PhareSecret,
    /// The secret that is to take its place, or has just given it up.
    pub next: Option<PhareSecret>,
    /// When the two last changed places.
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub switched_at: Option<Timestamp>,
    /// From when on people are reminded to replace the secret in use.
    #[ts(type = "string")]
    #[schema(value_type = String, format = DateTime)]
    pub replace_at: Timestamp,
}

/// Keys of Phare's, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PhareKeyPage {
    pub data: Vec<PhareKeyView>,
    pub next_cursor: Option<String>,
}

/// One entry of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct AuditView {
    /// 1 for the first, without gaps.
    #[ts(type = "number")]
    pub sequence: u64,
    #[ts(type = "string")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Mail address, or `system`.
    pub actor: String,
    /// Such as `key.revoked`.
    pub action: String,
    /// Id of the key, project or member; empty for the organization.
    pub subject: String,
    /// The name that the subject has now; null when it is gone or has none.
    pub subject_name: Option<String>,
    #[ts(type = "unknown")]
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// Lower-case hexadecimal SHA-256 over this entry and the one before.
    pub hash: String,
}

/// Which entries to list. Newest first.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema, IntoParams,
)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
#[ts(optional_fields)]
pub struct AuditQuery {
    /// Only entries about this key, project or member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Only what this mail address did, or `system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Only this action, such as `key.revoked`, or a whole family of them, such as `key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Only from this moment on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(as = "Option<String>")]
    #[param(value_type = Option<String>, format = DateTime)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Only before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(as = "Option<String>")]
    #[param(value_type = Option<String>, format = DateTime)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// 1 to 500; 50 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// One page of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct AuditPage {
    pub data: Vec<AuditView>,
    pub next_cursor: Option<String>,
}

/// What a walk over the whole audit chain found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct AuditVerification {
    pub ok: bool,
    /// Entries that hold, from the first.
    #[ts(type = "number")]
    pub entries: u64,
    /// Where and how the chain is broken; null when it holds.
    pub fault: Option<String>,
}

/// An error, as RFC 9457 has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    pub r#type: String,
    pub title: String,
    pub status: u16,
    /// What happened and what to do.
    pub detail: String,
    /// Stable; made for programs.
    pub code: String,
    /// Messages by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, Vec<String>>,
}
