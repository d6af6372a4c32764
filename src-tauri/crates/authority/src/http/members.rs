//! `/v1/members`

use axum::Json;
use axum::extract::State;
use gardien_domain::MemberId;

use http::StatusCode;

use super::extract::{Asked, Body, Id};
use crate::api::{KeysOfRemoved, MemberPage, MemberPatch, MemberRemoval, MemberView, Problem};
use crate::{Actor, Authority, Fault, TheirKeys};

/// List members, by mail address
#[utoipa::path(get, path = "/v1/members", operation_id = "listMembers", responses(
    (status = 200, body = MemberPage),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(authority): State<Authority>,
    actor: Actor,
) -> Result<Json<MemberPage>, Fault> {
    Ok(Json(MemberPage {
        data: authority.members(&actor).await?,
        next_cursor: None,
    }))
}

/// Change a member's role, or the projects they are assigned to
#[utoipa::path(patch, path = "/v1/members/{id}", operation_id = "updateMember", params(("id" = MemberId, Path)), request_body = MemberPatch, responses(
    (status = 200, body = MemberView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn update(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<MemberId>,
    Body(patch): Body<MemberPatch>,
) -> Result<Json<MemberView>, Fault> {
    authority
        .update_member(actor.manage_organization()?, id, patch?)
        .await
        .map(Json)
}

/// Remove a member, end their sessions, and keep or revoke the keys they made
#[utoipa::path(delete, path = "/v1/members/{id}", operation_id = "removeMember", params(("id" = MemberId, Path), MemberRemoval), responses(
    (status = 204),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn remove(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<MemberId>,
    Asked(removal): Asked<MemberRemoval>,
) -> Result<StatusCode, Fault> {
    let manager = actor.manage_organization()?;
    let keys = match removal.keys {
        KeysOfRemoved::Keep => TheirKeys::Keep,
        KeysOfRemoved::Revoke => TheirKeys::Revoke(actor.manage_keys()?),
    };
    authority.remove_member(manager, id, keys).await?;
    Ok(StatusCode::NO_CONTENT)
}
