//! Whether it lives and whether it can work, for whoever starts it again or sends it calls. The status says it all: these
//! are the only answers that need no session.

use axum::extract::State;
use axum::middleware;
use axum::response::Response;
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Authority;

pub(super) fn described() -> OpenApiRouter<Authority> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .layer(middleware::map_response(async |mut answer: Response| {
            let no_store = HeaderValue::from_static("no-store");
            answer.headers_mut().insert(CACHE_CONTROL, no_store);
            answer
        }))
}

/// Whether it lives
#[utoipa::path(get, path = "/healthz", operation_id = "getHealth", security(()), responses(
    (status = 200, description = "It does"),
))]
async fn healthz() -> StatusCode {
    StatusCode::OK
}

/// Whether it can work now
#[utoipa::path(get, path = "/readyz", operation_id = "getReadiness", security(()), responses(
    (status = 200, description = "It can"),
    (status = 503, description = "It cannot read what it keeps"),
))]
async fn readyz(State(authority): State<Authority>) -> StatusCode {
    if authority.is_ready().await {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}
