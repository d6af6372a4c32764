//! The gateway's own two paths. They are none of Phare's, take no slot, and say nothing but a status.

use std::pin::Pin;

use gardien_authority::Authority;
use gardien_gateway::{Body, Gateway};
use http::header::{ALLOW, CACHE_CONTROL, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use tokio::runtime::Handle;

type Answering = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// Answers whoever asks whether the gateway lives and can work; `None` for any other call.
pub(crate) fn answer<B>(
    request: &Request<B>,
    authority: &Authority,
    gateway: &Gateway,
    general: &Handle,
) -> Option<Answering> {
    let readiness = match request.uri().path() {
        "/healthz" => false,
        "/readyz" => true,
        _ => return None,
    };
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let (authority, gateway, general) = (authority.clone(), gateway.clone(), general.clone());
    Some(Box::pin(async move {
        let mut answer = Response::new(Body::default());
        let headers = answer.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        *answer.status_mut() = if !is_read {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            StatusCode::METHOD_NOT_ALLOWED
        } else if !readiness || is_ready(&authority, &gateway, &general).await {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        answer
    }))
}

async fn is_ready(authority: &Authority, gateway: &Gateway, general: &Handle) -> bool {
    // Without a key to call it with, what is attached takes no call.
    let attached = authority.attached();
    let callable = attached.is_some_and(|attached| attached.is_callable());
    if !callable || gateway.is_paused() || !gateway.may_grant() {
        return false;
    }
    let authority = authority.clone();
    // The database is not a worker's.
    let ready = general.spawn(async move { authority.is_ready().await });
    ready.await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use gardien_authority::{System, UpstreamIdentity};

    use super::*;
    use crate::Service;

    async fn asked(service: &Service, path: &str) -> u16 {
        let request = Request::get(path).body(()).unwrap();
        let answer = answer(
            &request,
            service.authority(),
            service.gateway(),
            &Handle::current(),
        );
        answer.unwrap().await.status().as_u16()
    }

    #[tokio::test]
    async fn a_gateway_that_rests_or_cannot_read_what_it_keeps_lives_and_is_not_ready() {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::open(folder.path()).await.unwrap();
        service.found("Harbour", "ada@example.com").await.unwrap();
        let authority = service.authority();
        let attaching = authority.attach(System::because("a test"), &UpstreamIdentity::Sandbox);
        attaching.await.unwrap();
        for (paused, status) in [(false, 200), (true, 503), (false, 200)] {
            service.pause_gateway(paused);
            assert_eq!(asked(&service, "/readyz").await, status);
            assert_eq!(asked(&service, "/healthz").await, 200);
        }
        service.store().close().await;
        assert_eq!(asked(&service, "/readyz").await, 503);
        assert_eq!(asked(&service, "/healthz").await, 200);
    }
}
