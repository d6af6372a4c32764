//! Gardien's own calls, and those of others that change what it knows.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use gardien_authority::Authority;
use gardien_gateway::{Body, BoxError, Gateway, Refusal, Transport, TransportFault};
use gardien_phare::Exchange;
use gardien_phare::client::BoxError as ExchangeError;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};

/// Bytes of an answer that Gardien reads. A page of 100 projects is far below.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;

/// Asks the upstream about projects.
#[derive(Debug)]
pub(crate) struct OwnCalls {
    pub(crate) transport: Arc<dyn Transport>,
    /// Counts them against the limit. The sandbox has none of its own, so there they are free.
    pub(crate) counted_by: Option<Gateway>,
}

#[async_trait]
impl Exchange for OwnCalls {
    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ExchangeError> {
        let request = request.map(|body| {
            Full::new(body)
                .map_err(|never| match never {})
                .boxed_unsync()
        });
        let answer = match &self.counted_by {
            None => self.transport.send(request).await?,
            Some(gateway) => match gateway.call(self.transport.as_ref(), request).await {
                Ok(answer) => answer,
                Err(Refusal::TooManyAttempts { .. }) => {
                    return empty(StatusCode::TOO_MANY_REQUESTS);
                }
                Err(Refusal::UpstreamKeyRefused) => return empty(StatusCode::UNAUTHORIZED),
                Err(refusal) => return Err(format!("no answer: {refusal:?}").into()),
            },
        };
        let (head, body) = answer.into_parts();
        Ok(Response::from_parts(head, whole(body).await?))
    }
}

async fn whole(mut body: Body) -> Result<Bytes, ExchangeError> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            whole.extend_from_slice(&data);
        }
        if whole.len() > LARGEST_ANSWER {
            return Err("the answer is too large".into());
        }
    }
    Ok(whole.freeze())
}

fn empty(status: StatusCode) -> Result<Response<Bytes>, ExchangeError> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    Ok(response)
}

/// An upstream whose projects may be changed by the very calls that go through it. Whoever made one is
/// answered when Gardien knows of it, so that the next call can already name the new project.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) authority: Authority,
}

#[async_trait]
impl Transport for Followed {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportFault> {
        let changes =
            request.method() != Method::GET && request.uri().path().starts_with("/projects");
        let response = self.transport.send(request).await?;
        if changes
            && response.status().is_success()
            && let Err(fault) = self.authority.synchronize_projects().await
        {
            let error: BoxError = fault.into();
            tracing::warn!(error, "a project was changed and cannot be read back yet");
        }
        Ok(response)
    }
}
