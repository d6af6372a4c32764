//! The management API: one line from a route to a use case, errors as RFC 9457 has them.
//!
//! Every request needs a session, the unknown path too, but for those after its health; a request from within this process may carry
//! [`Trusted`] instead. A change runs to its end even when the caller is gone.

mod audit;
mod extract;
mod gateways;
mod health;
mod keys;
mod members;
mod organization;
mod phare_keys;
mod projects;
mod session;
mod sessions;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response as AxumResponse};
use gardien_domain::{KeySort, KeyStatus, Order, ProductScope, ScopeKind, Usage};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, Response, StatusCode};
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::Problem;
use crate::elsewhere::Waited;
use crate::{Authority, Fault, Unreadable};

pub use session::{OnAsked, Trusted};

/// As the W3C's Server Timing names it.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
/// Bytes of a body. The largest that the API takes is far below.
const LARGEST_BODY: usize = 64 * 1024;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Gardien management API",
        description = "Creates, changes and revokes API keys for Phare. Every request needs a session token, but for those after its health."
    ),
    // Those that only parameters name are not found by themselves.
    components(schemas(KeySort, KeyStatus, Order, ProductScope, ScopeKind, Usage)),
    modifiers(&Bearer),
    security(("session" = []))
)]
struct Description;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("session", scheme);
    }
}

/// Routes and their description, from one list.
fn described() -> OpenApiRouter<Authority> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(session::session))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::lookup))
        .routes(routes!(keys::get, keys::update))
        .routes(routes!(keys::revoke))
        .routes(routes!(keys::restore))
        .routes(routes!(keys::rotate))
        .routes(routes!(keys::end_previous))
        .routes(routes!(keys::replace))
        .routes(routes!(keys::disclose))
        .routes(routes!(projects::list, projects::create))
        .routes(routes!(projects::rename, projects::delete))
        .routes(routes!(projects::synchronize))
        .routes(routes!(phare_keys::list, phare_keys::add))
        .routes(routes!(phare_keys::rename, phare_keys::remove))
        .routes(routes!(phare_keys::stage))
        .routes(routes!(phare_keys::unstage))
        .routes(routes!(phare_keys::examine))
        .routes(routes!(phare_keys::switch))
        .routes(routes!(members::list))
        .routes(routes!(members::update, members::remove))
        .routes(routes!(organization::get, organization::update))
        .routes(routes!(organization::limits))
        .routes(routes!(organization::what_if))
        .routes(routes!(organization::operations))
        .routes(routes!(gateways::list))
        .routes(routes!(audit::list))
        .routes(routes!(audit::verify))
}

/// The management API as a service.
pub type Api = Router;

/// The management API over `authority`.
pub fn router(authority: Authority) -> Api {
    let (router, mut description) = described().split_for_parts();
    let (health, of_health) = health::described().split_for_parts();
    description.merge(of_health);
    let description = serde_json::to_string(&description).unwrap_or_default();
    let described = move || async move {
        (
            [(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
            description,
        )
    };
    router
        .route("/v1/openapi.json", axum::routing::get(described))
        .fallback(async || Fault::NotFound { what: "resource" })
        .method_not_allowed_fallback(async || Fault::from(Unreadable::MethodNotAllowed))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(
            authority.clone(),
            to_its_end,
        ))
        .layer(middleware::from_fn_with_state(
            authority.clone(),
            session::require,
        ))
        // Behind the layers: whoever asks for these needs no session.
        .merge(health)
        .with_state(authority)
}

/// Keeps a change going when its caller hangs up: half of one could otherwise be in force and not be kept. Its answer waits
/// until it is in force everywhere.
async fn to_its_end(
    State(authority): State<Authority>,
    request: Request,
    next: Next,
) -> AxumResponse {
    let changes = request.method() != Method::GET && request.method() != Method::HEAD;
    let mut response = if changes {
        let changing = async move {
            let mut response = next.run(request).await;
            if let Some(waited) = authority.everywhere().await {
                response.headers_mut().insert(SERVER_TIMING, told(&waited));
            }
            response
        };
        match tokio::spawn(changing).await {
            Ok(response) => response,
            Err(error) => {
                tracing::error!(%error, "a change ended in a panic");
                Fault::Internal.into_response()
            }
        }
    } else {
        next.run(request).await
    };
    // Nothing here is for a cache, and an answer to a creation least of all.
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// How long a change took to be in force on every gateway, and which of them did not say so, as Server Timing has it.
fn told(waited: &Waited) -> HeaderValue {
    let mut told = format!("gateways;dur={}", waited.time.as_millis());
    if !waited.silent.is_empty() {
        let is_plain = |character: &char| {
            !character.is_control() && character.is_ascii() && !matches!(character, '"' | '\\')
        };
        let silent: String = waited.silent.join(", ").chars().filter(is_plain).collect();
        told.push_str(&format!(";desc=\"without {silent}\""));
    }
    HeaderValue::try_from(told).unwrap_or(HeaderValue::from_static("gateways"))
}

/// An error as every error here is answered, for whoever has to answer in front of the router.
pub fn problem(status: StatusCode, code: &str, detail: &str) -> Response<String> {
    answer(&Problem::new(status, code, detail))
}

fn answer(problem: &Problem) -> Response<String> {
    let mut response = Response::new(serde_json::to_string(problem).unwrap_or_default());
    *response.status_mut() = StatusCode::from_u16(problem.status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if response.status() == StatusCode::UNAUTHORIZED {
        let headers = response.headers_mut();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

impl IntoResponse for Fault {
    fn into_response(self) -> AxumResponse {
        if self.status().is_server_error() {
            tracing::error!(
                error = &self as &dyn std::error::Error,
                code = self.code(),
                "a request failed"
            );
        }
        answer(&self.problem()).into_response()
    }
}
