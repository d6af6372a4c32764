//! `/v1/members`

use axum::Json;
use axum::extract::State;
use gardien_domain::MemberId;

use super::extract::{Body, Id};
use crate::api::{MemberPage, MemberPatch, MemberView, Problem};
use crate::{Actor, Authority, Fault};

/// List members, by mail address
#[utoipa::path(get, path = "/v1/members", operation_id = "listMembers", responses(
    (status = 200, body = MemberPage),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(authority): State<Authority>,
    _: Actor,
) -> Result<Json<MemberPage>, Fault> {
    Ok(Json(MemberPage {
        data: authority.members().await?,
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
