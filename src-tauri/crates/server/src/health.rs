//! The gateway's own two paths. They are none of Phare's, take no slot, and say nothing but a status.

use gardien_authority::Authority;
use gardien_gateway::{Body, Gateway};
use http::header::{ALLOW, CACHE_CONTROL, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};

/// The answer to whoever asks whether the gateway lives and can work; `None` to any other call.
pub(crate) async fn answer<B>(
    request: &Request<B>,
    authority: &Authority,
    gateway: &Gateway,
) -> Option<Response<Body>> {
    let readiness = match request.uri().path() {
        "/healthz" => false,
        "/readyz" => true,
        _ => return None,
    };
    let mut answer = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    *answer.status_mut() = if !matches!(*request.method(), Method::GET | Method::HEAD) {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        StatusCode::METHOD_NOT_ALLOWED
    } else if !readiness || is_ready(authority, gateway).await {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    Some(answer)
}

async fn is_ready(authority: &Authority, gateway: &Gateway) -> bool {
    // Without a key to call it with, what is attached takes no call.
    let attached = authority.attached();
    let callable = attached.is_some_and(|attached| attached.is_callable());
    callable && !gateway.is_paused() && authority.is_ready().await
}
