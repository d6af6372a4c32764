//! `/v1/organization`, `/v1/limits` and `/v1/limits/what-if`, `/v1/operations`

use axum::Json;
use axum::extract::State;
use gardien_phare::OPERATIONS;

use super::extract::{Asked, Body};
use crate::api::{
    LimitsView, OperationPage, OperationView, OrganizationPatch, OrganizationView, Problem,
    WhatIfQuery, WhatIfView,
};
use crate::{Actor, Authority, Fault};

/// Show the organization
#[utoipa::path(get, path = "/v1/organization", operation_id = "getOrganization", responses(
    (status = 200, body = OrganizationView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn get(
    State(authority): State<Authority>,
    actor: Actor,
) -> Result<Json<OrganizationView>, Fault> {
    authority.organization(&actor).await.map(Json)
}

/// Change the organization's name or limit
#[utoipa::path(patch, path = "/v1/organization", operation_id = "updateOrganization", request_body = OrganizationPatch, responses(
    (status = 200, body = OrganizationView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn update(
    State(authority): State<Authority>,
    actor: Actor,
    Body(patch): Body<OrganizationPatch>,
) -> Result<Json<OrganizationView>, Fault> {
    authority
        .update_organization(actor.manage_organization()?, patch?)
        .await
        .map(Json)
}

/// Show the shared limit as it is right now
#[utoipa::path(get, path = "/v1/limits", operation_id = "getLimits", responses(
    (status = 200, body = LimitsView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn limits(
    State(authority): State<Authority>,
    actor: Actor,
) -> Result<Json<LimitsView>, Fault> {
    authority.limits(&actor).await.map(Json)
}

/// Show what a share would have meant in the last hour
#[utoipa::path(get, path = "/v1/limits/what-if", operation_id = "getWhatIf", params(WhatIfQuery), responses(
    (status = 200, body = WhatIfView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn what_if(
    State(authority): State<Authority>,
    actor: Actor,
    Asked(query): Asked<WhatIfQuery>,
) -> Result<Json<WhatIfView>, Fault> {
    authority
        .what_if(actor.manage_keys()?, query)
        .await
        .map(Json)
}

/// List Phare's operations
#[utoipa::path(get, path = "/v1/operations", operation_id = "listOperations", responses(
    (status = 200, body = OperationPage),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn operations(_: Actor) -> Json<OperationPage> {
    Json(OperationPage {
        data: OPERATIONS.iter().map(OperationView::from).collect(),
        next_cursor: None,
    })
}
