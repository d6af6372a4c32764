//! `/v1/gateways`

use axum::Json;
use axum::extract::State;

use crate::api::{GatewayPage, Problem};
use crate::{Actor, Authority, Fault};

/// List the gateways that share the database, by name; those without a lease for a day
#[utoipa::path(get, path = "/v1/gateways", operation_id = "listGateways", responses(
    (status = 200, body = GatewayPage),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(authority): State<Authority>,
    actor: Actor,
) -> Result<Json<GatewayPage>, Fault> {
    Ok(Json(GatewayPage {
        data: authority.gateways(&actor).await?,
        next_cursor: None,
    }))
}
