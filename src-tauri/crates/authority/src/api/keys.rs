//! Keys, and what is asked and told of them.

use std::net::IpAddr;

use gardien_domain::filter::{ScopeKind, Usage};
use gardien_domain::share::Share;
use gardien_domain::{
    Credential, KeyId, KeySort, KeyStatus, MemberId, Order, ProductScope, ProductScopes, ProjectId,
    Scope,
};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use ts_rs::TS;
use utoipa::{IntoParams, ToSchema};

use super::{SharePatch, present};

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
    /// A server of before knew none.
    #[serde(default)]
    pub share: Share,
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
    /// What it may have of the calls a minute, and what is kept free for it; absent or null: neither.
    #[serde(default)]
    #[ts(optional)]
    pub share: Option<Share>,
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
    /// Null: no share of its own.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[ts(optional)]
    #[schema(value_type = Option<SharePatch>)]
    pub share: Option<Option<SharePatch>>,
    /// Null: never expires. Absent: stays as it is.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[ts(optional, type = "string | null")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Option<Timestamp>>,
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
