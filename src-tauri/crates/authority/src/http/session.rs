//! Who asks: a session token, once, and nothing else; or somebody within this process.

use std::fmt;
use std::sync::Arc;

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

/// Hears whose good session a request came with, before anything of its body is awaited. Whoever accepts connections may
/// put it on a request.
#[derive(Clone)]
pub struct OnAsked(Arc<dyn Fn(MemberId) + Send + Sync>);

impl OnAsked {
    /// Calls `hear`, which must not block.
    pub fn new(hear: impl Fn(MemberId) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }
}

impl fmt::Debug for OnAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnAsked").finish_non_exhaustive()
    }
}

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
            if let Some(OnAsked(hear)) = request.extensions_mut().remove() {
                hear(actor.member().id);
            }
            request.extensions_mut().insert(actor);
            next.run(request).await
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
