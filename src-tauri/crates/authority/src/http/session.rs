//! Who asks: a session token, once, and nothing else; or somebody within this process.

use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gardien_domain::MemberId;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::api::{Problem, SessionView};
use crate::{Actor, Authority, Fault};

/// Says that this member asks. Only code in this process can put it on a request: no header becomes it.
#[derive(Debug, Clone, Copy)]
pub struct Trusted(pub MemberId);

/// Stands on the answer to a request that came with a good session: whose it was, for whoever accepted the connection.
#[derive(Debug, Clone, Copy)]
pub struct Asked(pub MemberId);

pub(super) async fn require(
    State(authority): State<Authority>,
    mut request: Request,
    next: Next,
) -> Response {
    let actor = match request.extensions().get::<Trusted>() {
        Some(Trusted(member)) => authority.actor(*member).await,
        None => match presented(request.headers()) {
            Some(token) => authority.identify(token).await,
            None => Err(Fault::Unauthenticated),
        },
    };
    match actor {
        Ok(actor) => {
            let asked = Asked(actor.member().id);
            request.extensions_mut().insert(actor);
            let mut response = next.run(request).await;
            response.extensions_mut().insert(asked);
            response
        }
        Err(fault) => fault.into_response(),
    }
}

fn presented(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim_matches(' '))
}

/// Who the session belongs to, and what they may do
#[utoipa::path(get, path = "/v1/session", operation_id = "getSession", responses(
    (status = 200, body = SessionView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn session(
    State(authority): State<Authority>,
    actor: Actor,
) -> Result<Json<SessionView>, Fault> {
    authority.session_view(&actor).await.map(Json)
}
