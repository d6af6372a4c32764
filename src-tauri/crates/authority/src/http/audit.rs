//! `/v1/audit`

use axum::Json;
use axum::extract::State;

use super::extract::Asked;
use crate::api::{AuditPage, AuditQuery, AuditVerification, Problem};
use crate::{Actor, Authority, Fault};

/// List audit entries, newest first
#[utoipa::path(get, path = "/v1/audit", operation_id = "listAudit", params(AuditQuery), responses(
    (status = 200, body = AuditPage),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(authority): State<Authority>,
    actor: Actor,
    Asked(query): Asked<AuditQuery>,
) -> Result<Json<AuditPage>, Fault> {
    authority.audit(actor.read_audit()?, query).await.map(Json)
}

/// Walk the whole audit chain and say whether it holds
#[utoipa::path(get, path = "/v1/audit/verify", operation_id = "verifyAudit", responses(
    (status = 200, body = AuditVerification),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn verify(
    State(authority): State<Authority>,
    actor: Actor,
) -> Result<Json<AuditVerification>, Fault> {
    authority.verify_audit(actor.read_audit()?).await.map(Json)
}
