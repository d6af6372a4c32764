//! `/v1/phare-keys`

use axum::Json;
use axum::extract::State;
use gardien_domain::PhareKeyId;

use super::extract::Id;
use crate::api::{PhareKeyPage, PhareKeyView, Problem};
use crate::{Actor, Authority, Fault};

/// List Phare's own keys, oldest first
#[utoipa::path(get, path = "/v1/phare-keys", operation_id = "listPhareKeys", responses(
    (status = 200, body = PhareKeyPage),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(authority): State<Authority>,
    actor: Actor,
) -> Result<Json<PhareKeyPage>, Fault> {
    Ok(Json(PhareKeyPage {
        data: authority.phare_keys(actor.manage_phare_keys()?).await?,
        next_cursor: None,
    }))
}

/// Find out anew what a key of Phare's can do
#[utoipa::path(post, path = "/v1/phare-keys/{id}/examine", operation_id = "examinePhareKey", params(("id" = PhareKeyId, Path)), responses(
    (status = 200, body = PhareKeyView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn examine(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<PhareKeyId>,
) -> Result<Json<PhareKeyView>, Fault> {
    authority
        .examine_phare_key(actor.manage_phare_keys()?, id)
        .await
        .map(Json)
}

/// Let the two secrets of a key of Phare's change places
#[utoipa::path(post, path = "/v1/phare-keys/{id}/switch", operation_id = "switchPhareKey", params(("id" = PhareKeyId, Path)), responses(
    (status = 200, body = PhareKeyView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn switch(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<PhareKeyId>,
) -> Result<Json<PhareKeyView>, Fault> {
    authority
        .switch_phare_key(actor.manage_phare_keys()?, id)
        .await
        .map(Json)
}
