//! `/v1/phare-keys`

use axum::Json;
use axum::extract::State;
use gardien_domain::PhareKeyId;
use gardien_domain::phare_key::Purpose;
use http::StatusCode;

use super::extract::{Body, Id};
use crate::api::{
    NewPhareKey, NextPhareSecret, PhareKeyPage, PhareKeyPatch, PhareKeyView, Problem,
};
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

/// Attach a key of Phare's, or take it into keeping
///
/// What it can do is found out first, with a few calls that change nothing; a key that Phare refuses is not taken. Its
/// secret is in this request and in no answer. A server without a keychain keeps it in memory only: what it is to call
/// Phare with after a restart is what it is started with.
#[utoipa::path(post, path = "/v1/phare-keys", operation_id = "addPhareKey", request_body = NewPhareKey, responses(
    (status = 201, body = PhareKeyView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn add(
    State(authority): State<Authority>,
    actor: Actor,
    new: Body<NewPhareKey>,
) -> Result<(StatusCode, Json<PhareKeyView>), Fault> {
    let manager = actor.manage_phare_keys()?;
    let new = new.secretive(
        r#"Send {"name": "…", "key": "pha_…", "purpose": "attached"} or "kept", and "leave_sandbox": true to leave the sandbox."#,
    )?;
    let examined = authority.examine_secret(&new.key).await?;
    let added = match new.purpose {
        Purpose::Attached => {
            let leave = new.leave_sandbox;
            authority
                .attach_phare_key(manager, &new.name, examined, leave)
                .await?
        }
        Purpose::Kept => {
            authority
                .keep_phare_key(manager, &new.name, examined)
                .await?
        }
    };
    Ok((StatusCode::CREATED, Json(added)))
}

/// Give a key of Phare's another name
#[utoipa::path(patch, path = "/v1/phare-keys/{id}", operation_id = "renamePhareKey", params(("id" = PhareKeyId, Path)), request_body = PhareKeyPatch, responses(
    (status = 200, body = PhareKeyView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn rename(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<PhareKeyId>,
    Body(patch): Body<PhareKeyPatch>,
) -> Result<Json<PhareKeyView>, Fault> {
    authority
        .rename_phare_key(actor.manage_phare_keys()?, id, &patch?.name)
        .await
        .map(Json)
}

/// Detach a key of Phare's, or keep it no longer
///
/// It goes on working until somebody revokes it in Phare's panel.
#[utoipa::path(delete, path = "/v1/phare-keys/{id}", operation_id = "removePhareKey", params(("id" = PhareKeyId, Path)), responses(
    (status = 204),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn remove(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<PhareKeyId>,
) -> Result<StatusCode, Fault> {
    authority
        .remove_phare_key(actor.manage_phare_keys()?, id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Put a secret beside the one in use, to be switched to
#[utoipa::path(post, path = "/v1/phare-keys/{id}/stage", operation_id = "stagePhareKey", params(("id" = PhareKeyId, Path)), request_body = NextPhareSecret, responses(
    (status = 200, body = PhareKeyView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn stage(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<PhareKeyId>,
    next: Body<NextPhareSecret>,
) -> Result<Json<PhareKeyView>, Fault> {
    let manager = actor.manage_phare_keys()?;
    let next = next.secretive(r#"Send {"key": "pha_…"}."#)?;
    let examined = authority.examine_secret(&next.key).await?;
    authority
        .stage_phare_key(manager, id, examined)
        .await
        .map(Json)
}

/// Empty the slot beside the secret in use
#[utoipa::path(post, path = "/v1/phare-keys/{id}/unstage", operation_id = "unstagePhareKey", params(("id" = PhareKeyId, Path)), responses(
    (status = 200, body = PhareKeyView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn unstage(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<PhareKeyId>,
) -> Result<Json<PhareKeyView>, Fault> {
    authority
        .unstage_phare_key(actor.manage_phare_keys()?, id)
        .await
        .map(Json)
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
