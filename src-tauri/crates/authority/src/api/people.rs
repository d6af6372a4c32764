//! Members, their sessions, and what they may do.

use gardien_domain::{MemberId, ProjectId, Role, SessionId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::{IntoParams, ToSchema};

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct MemberView {
    pub id: MemberId,
    pub email: String,
    pub role: Role,
    /// Projects they are assigned to; meaningful for a Member, Owner and Admin see all.
    pub projects: Vec<ProjectId>,
    #[ts(type = "string")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Members, by mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct MemberPage {
    pub data: Vec<MemberView>,
    pub next_cursor: Option<String>,
}

/// What to change of a member: the role, or the projects a Member is assigned to. What is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct MemberPatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<ProjectId>>,
}

/// What the person behind the session may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Rights {
    pub manage_keys: bool,
    pub create_projects: bool,
    pub manage_projects: bool,
    pub manage_organization: bool,
    pub read_audit: bool,
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SessionView {
    pub member: MemberView,
    pub organization: String,
    pub rights: Rights,
    /// Mail addresses of the Owners and Admins: whom to ask for what one may not do oneself.
    pub ask: Vec<String>,
    /// The gateway's base URL, for programs that call Phare's API; null while nobody listens there.
    pub gateway: Option<String>,
}

/// A session that is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenSession {
    pub id: SessionId,
    pub member_id: MemberId,
    /// Mail address of that member.
    pub email: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Sessions, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenSessionPage {
    pub data: Vec<OpenSession>,
    pub next_cursor: Option<String>,
}

/// What becomes of the keys that somebody made who is removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeysOfRemoved {
    /// They work on.
    #[default]
    Keep,
    /// They are revoked.
    Revoke,
}

/// How to remove a member.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct MemberRemoval {
    /// `keep` if absent. `GET /v1/keys?created_by=` lists them.
    #[param(inline)]
    pub keys: KeysOfRemoved,
}
