//! `/v1/keys`

use axum::Json;
use axum::extract::State;
use gardien_domain::KeyId;
use http::StatusCode;

use super::extract::{Asked, Body, Id};
use crate::api::{
    CreatedKey, Disclosure, KeyPage, KeyPatch, KeyQuery, KeyView, LookedUp, Lookup, NewKey,
    Problem, Rotation,
};
use crate::{Actor, Authority, Fault};

/// List keys, newest first unless said otherwise
#[utoipa::path(get, path = "/v1/keys", operation_id = "listKeys", params(KeyQuery), responses(
    (status = 200, body = KeyPage),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(authority): State<Authority>,
    actor: Actor,
    Asked(query): Asked<KeyQuery>,
) -> Result<Json<KeyPage>, Fault> {
    authority.keys(&actor, query).await.map(Json)
}

/// Create a key
///
/// The secret is in this answer and nowhere else, ever.
#[utoipa::path(post, path = "/v1/keys", operation_id = "createKey", request_body = NewKey, responses(
    (status = 201, body = CreatedKey),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn create(
    State(authority): State<Authority>,
    actor: Actor,
    Body(new): Body<NewKey>,
) -> Result<(StatusCode, Json<CreatedKey>), Fault> {
    let created = authority.create_key(actor.manage_keys()?, new?).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Find the keys that secrets belong to
///
/// Whatever their status, by the secret in force or the one that a rotation replaced. Leaves no trace, not even a last use.
#[utoipa::path(post, path = "/v1/keys/lookup", operation_id = "lookUpKeys", request_body = Lookup, responses(
    (status = 200, body = LookedUp),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn lookup(
    State(authority): State<Authority>,
    actor: Actor,
    lookup: Body<Lookup>,
) -> Result<Json<LookedUp>, Fault> {
    let lookup = lookup.secretive(r#"Send {"secrets": ["pha_…"]}, a list of texts."#)?;
    authority.lookup(&actor, lookup).await.map(Json)
}

/// Show a key
#[utoipa::path(get, path = "/v1/keys/{id}", operation_id = "getKey", params(("id" = KeyId, Path)), responses(
    (status = 200, body = KeyView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn get(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<KeyId>,
) -> Result<Json<KeyView>, Fault> {
    authority.key(&actor, id).await.map(Json)
}

/// Change a key's name, note, product scopes, share or expiry
#[utoipa::path(patch, path = "/v1/keys/{id}", operation_id = "updateKey", params(("id" = KeyId, Path)), request_body = KeyPatch, responses(
    (status = 200, body = KeyView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn update(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<KeyId>,
    Body(patch): Body<KeyPatch>,
) -> Result<Json<KeyView>, Fault> {
    authority
        .update_key(actor.manage_keys()?, id, patch?)
        .await
        .map(Json)
}

/// Revoke a key, effective at once
#[utoipa::path(post, path = "/v1/keys/{id}/revoke", operation_id = "revokeKey", params(("id" = KeyId, Path)), responses(
    (status = 200, body = KeyView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn revoke(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<KeyId>,
) -> Result<Json<KeyView>, Fault> {
    authority
        .revoke_key(actor.manage_keys()?, id)
        .await
        .map(Json)
}

/// Take a revocation back, within 10 seconds
#[utoipa::path(post, path = "/v1/keys/{id}/restore", operation_id = "restoreKey", params(("id" = KeyId, Path)), responses(
    (status = 200, body = KeyView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn restore(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<KeyId>,
) -> Result<Json<KeyView>, Fault> {
    authority
        .restore_key(actor.manage_keys()?, id)
        .await
        .map(Json)
}

/// Give a key a new secret; the old one works on for a while
///
/// Two old ones at most. `previous_valid_until` says until when: never beyond the key's end.
#[utoipa::path(post, path = "/v1/keys/{id}/rotate", operation_id = "rotateKey", params(("id" = KeyId, Path)), request_body = Rotation, responses(
    (status = 200, body = CreatedKey),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn rotate(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<KeyId>,
    Body(rotation): Body<Rotation>,
) -> Result<Json<CreatedKey>, Fault> {
    authority
        .rotate_key(actor.manage_keys()?, id, rotation?)
        .await
        .map(Json)
}

/// End the grace of the secrets that rotations replaced
#[utoipa::path(post, path = "/v1/keys/{id}/end-previous", operation_id = "endPreviousSecret", params(("id" = KeyId, Path)), responses(
    (status = 200, body = KeyView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn end_previous(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<KeyId>,
) -> Result<Json<KeyView>, Fault> {
    authority
        .end_previous(actor.manage_keys()?, id)
        .await
        .map(Json)
}

/// Revoke a leaked key and make a new one with the same settings
#[utoipa::path(post, path = "/v1/keys/{id}/replace", operation_id = "replaceKey", params(("id" = KeyId, Path)), responses(
    (status = 201, body = CreatedKey),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn replace(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<KeyId>,
) -> Result<(StatusCode, Json<CreatedKey>), Fault> {
    let created = authority.replace_key(actor.manage_keys()?, id).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Record that a key's secret was copied or revealed where it is kept
#[utoipa::path(post, path = "/v1/keys/{id}/disclosures", operation_id = "discloseKey", params(("id" = KeyId, Path)), request_body = Disclosure, responses(
    (status = 204),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn disclose(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<KeyId>,
    Body(disclosure): Body<Disclosure>,
) -> Result<StatusCode, Fault> {
    authority
        .disclosed_key(actor.manage_keys()?, id, disclosure?.how)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
