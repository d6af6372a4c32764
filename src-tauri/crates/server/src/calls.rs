//! Gardien's own calls, and those of others that change what it knows.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use gardien_gateway::{Body, Gateway, Refusal, Transport, TransportFault, read_all};
use gardien_phare::Exchange;
use gardien_phare::client::BoxError as ExchangeError;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tokio::time::timeout;

use crate::synchronizer::Synchronizer;

/// Bytes of an answer that Gardien reads. A page of 100 projects is far below.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;
/// How long one of Gardien's own calls may take, its answer read to the end.
const OWN_CALL: Duration = Duration::from_secs(15);
/// How long whoever changed a project waits for Gardien to know of it.
const READ_BACK: Duration = Duration::from_secs(3);

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
        match timeout(OWN_CALL, self.call(request)).await {
            Ok(answer) => answer,
            Err(late) => Err(late.into()),
        }
    }
}

impl OwnCalls {
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ExchangeError> {
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
                    return Ok(empty(StatusCode::TOO_MANY_REQUESTS));
                }
                Err(Refusal::UpstreamKeyRefused) => return Ok(empty(StatusCode::UNAUTHORIZED)),
                Err(refusal) => return Err(format!("no answer: {refusal:?}").into()),
            },
        };
        let (head, body) = answer.into_parts();
        Ok(Response::from_parts(
            head,
            read_all(body, LARGEST_ANSWER).await?,
        ))
    }
}

fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// An upstream whose projects may be changed by the very calls that go through it. Whoever made one is
/// answered when Gardien knows of it, so that the next call can already name the new project.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) synchronizer: Synchronizer,
}

#[async_trait]
impl Transport for Followed {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportFault> {
        let changes =
            request.method() != Method::GET && request.uri().path().starts_with("/projects");
        let response = self.transport.send(request).await?;
        if changes && response.status().is_success() {
            self.synchronizer.synchronized(READ_BACK).await;
        }
        Ok(response)
    }
}
