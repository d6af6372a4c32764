//! `/v1/sessions`

use axum::Json;
use axum::extract::State;
use gardien_domain::SessionId;
use http::StatusCode;

use super::extract::Id;
use crate::api::{OpenSessionPage, Problem};
use crate::{Actor, Authority, Fault};

/// List sessions, newest first: one's own, or everybody's for Owners and Admins
#[utoipa::path(get, path = "/v1/sessions", operation_id = "listSessions", responses(
    (status = 200, body = OpenSessionPage),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(authority): State<Authority>,
    actor: Actor,
) -> Result<Json<OpenSessionPage>, Fault> {
    Ok(Json(OpenSessionPage {
        data: authority.sessions(&actor).await?,
        next_cursor: None,
    }))
}

/// End a session, effective at once
#[utoipa::path(delete, path = "/v1/sessions/{id}", operation_id = "endSession", params(("id" = SessionId, Path)), responses(
    (status = 204),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn end(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<SessionId>,
) -> Result<StatusCode, Fault> {
    authority.end_session(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
