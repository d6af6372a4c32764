//! The bodies of the management API, as JSON, OpenAPI and TypeScript see them.
//!
//! None of these holds a secret but [`CreatedKey`], the answer to a creation or a rotation, and what is sent: [`Lookup`],
//! [`NewPhareKey`] and [`NextPhareSecret`].

use gardien_domain::filter::{ScopeKind, Usage};
use gardien_domain::phare_key::Purpose;
use gardien_domain::{
    Access, AtLimit, Credential, KeyId, KeySort, KeyStatus, MemberId, Method, Order, PhareKeyId,
    PhareSecret, Product, ProductScope, ProductScopes, ProjectHeader, ProjectId, Scope,
};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::net::IpAddr;
use ts_rs::TS;
use utoipa::{IntoParams, ToSchema};

mod events;
mod people;
mod phare_keys;

pub use events::{Caller, Event, KeyUse};
pub use people::{
    KeysOfRemoved, MemberPage, MemberPatch, MemberRemoval, MemberView, OpenSession,
    OpenSessionPage, Rights, SessionView,
};
pub use phare_keys::{NewPhareKey, NextPhareSecret, PhareKeyPatch};

/// A key as lists and drawers show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct KeyView {
    pub id: KeyId,
    pub name: String,
    pub note: String,
    pub scope: Scope,
    /// Name of the project it is bound to; absent for an organization key or when the project was deleted.
    pub project_name: Option<String>,
    pub products: ProductScopes,
    pub status: KeyStatus,
    /// Display form of the secret: enough to match a leaked one by eye.
    pub display: String,
    #[ts(type = "string")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Mail address of the member who made it.
    pub created_by: String,
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
    /// While rotating: until when the secret before still works, if it does.
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub previous_valid_until: Option<Timestamp>,
    /// The same of the secret before that.
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub earlier_valid_until: Option<Timestamp>,
    #[serde(flatten)]
    #[ts(flatten)]
    pub used: LastUse,
}

/// When and for what a key was last used; nothing of a key that never was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LastUse {
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// Operation id of the last use.
    pub last_operation: Option<String>,
    /// What made the last call, as it names itself, such as `terraform-provider-phare`.
    pub last_client: Option<String>,
    /// The network address that the last call came from.
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>)]
    pub last_address: Option<IpAddr>,
    /// When the secret before was last used since it was replaced.
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub previous_used_at: Option<Timestamp>,
    /// The same of the secret before that.
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub earlier_used_at: Option<Timestamp>,
}

/// A key to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// 1 to 100 characters.
    pub name: String,
    /// At most 1,000 characters.
    #[serde(default)]
    pub note: String,
    pub scope: Scope,
    pub products: ProductScopes,
    /// Absent or null: never.
    #[serde(default)]
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

/// What to change of a key. What is absent stays. The scope never changes: a wider key is a new key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeyPatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub products: Option<ProductScopes>,
    /// Null: never expires. Absent: stays as it is.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[ts(optional, type = "string | null")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Option<Timestamp>>,
}

fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Timestamp>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The answer to a creation or a rotation: the only place where a secret is serialized.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedKey {
    pub key: KeyView,
    /// Shown once; never again.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String)]
    pub secret: SecretString,
}

fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// That the secret of a key left the place where it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    pub how: DisclosedHow,
}

/// How a secret was disclosed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisclosedHow {
    /// To the clipboard.
    Copied,
    /// To the eye.
    Revealed,
}

/// How to rotate.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// For how many seconds the secret before still works, unless the key ends sooner; at most 30 days, and 0 ends it at
    /// once. There is no default: that would end it for whoever forgot to say.
    #[serde(default)]
    #[ts(type = "number")]
    #[schema(value_type = u32, required = true, maximum = 2_592_000)]
    pub grace_seconds: Option<u32>,
}

impl Rotation {
    /// One whose old secret works for so many seconds more.
    #[must_use]
    pub const fn with_grace(seconds: u32) -> Self {
        Self {
            grace_seconds: Some(seconds),
        }
    }
}

/// Secrets, of any status, to find the keys of.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// At most 1,000, whatever quotes or spaces stand around each. What is no secret finds nothing.
    #[serde(serialize_with = "expose_all")]
    #[schema(value_type = Vec<String>, max_items = 1_000)]
    pub secrets: Vec<SecretString>,
}

fn expose_all<S: Serializer>(secrets: &[SecretString], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(secrets.iter().map(ExposeSecret::expose_secret))
}

/// The key that a secret belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LookedUpKey {
    pub key: KeyView,
    pub credential: Credential,
    /// Of a secret that a rotation replaced: until when it works, while it does.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
}

/// The answer to a lookup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LookedUp {
    /// One for each secret, in the same order; null where there is no such key, or none that the person sees.
    pub data: Vec<Option<LookedUpKey>>,
}

/// Which keys to list. Newest first unless said otherwise.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema, IntoParams,
)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
#[ts(optional_fields)]
pub struct KeyQuery {
    /// Text in name, note, project name or display form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
    /// Made by this member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<MemberId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<KeyStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<ProductScope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uptime: Option<ProductScope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Live, and expiring within so many days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_within_days: Option<u16>,
    /// Only those that are neither revoked nor expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<KeySort>,
    /// `descending` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// 1 to 500; 50 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// One page of keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct KeyPage {
    pub data: Vec<KeyView>,
    /// Send it as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
    /// Keys that the filter keeps, on all pages.
    #[ts(type = "number")]
    pub total: u64,
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
    /// Only `reject` for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_limit: Option<AtLimit>,
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

/// The shared limit right now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LimitsView {
    pub calls_per_minute: u32,
    pub at_limit: AtLimit,
    /// Calls that count at the moment; all of them during a hold.
    pub used: u32,
    pub remaining: u32,
    /// Seconds until the oldest of them no longer counts, or the hold ends; 0 if none counts.
    pub reset_seconds: u32,
    /// Null while Phare takes calls.
    pub hold: Option<LimitHold>,
    /// Who used what of it, the most first; at most ten, and only keys that the person sees.
    pub by_key: Vec<LimitUse>,
}

/// What one key took of the shared limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LimitUse {
    pub id: KeyId,
    pub name: String,
    pub calls: u32,
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
