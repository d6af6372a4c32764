//! Gardien's own calls, and those of others that change what it knows.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use gardien_domain::phare_key::Need;
use gardien_domain::{PhareSecret, Project, ScopeKind};
use gardien_gateway::{Body, CallRefusal, Gateway, Reply, Transport, TransportFault, read_all};
use gardien_phare::client::BoxError as ExchangeError;
use gardien_phare::{Exchange, NoKey, NotReached};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use tokio::time::timeout;

use crate::ring::{HeldSecret, Ring};
use crate::synchronizer::Synchronizer;

/// Bytes of an answer that Gardien reads. A page of 100 projects is far below.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;
/// How long one of Gardien's own calls may take, its answer read to the end.
const OWN_CALL: Duration = Duration::from_secs(15);
/// How long whoever changed a project waits for Gardien to know of it.
const READ_BACK: Duration = Duration::from_secs(3);

/// Asks the upstream what Gardien itself has to know.
#[derive(Debug)]
pub(crate) struct OwnCalls {
    transport: Arc<dyn Transport>,
    counted: Counted,
    /// Where more keys than one may be needed to see every project.
    ring: Option<Ring>,
}

/// What of the limit such calls take.
#[derive(Debug)]
enum Counted {
    /// Nothing: the sandbox has no limit of its own.
    Free,
    /// A slot each, whether there is room or not.
    Beside(Gateway),
    /// A slot each, like any other. `believed`: what they hear of the limit is the organization's own.
    Within { gateway: Gateway, believed: bool },
}

impl OwnCalls {
    fn of(transport: Arc<dyn Transport>, counted: Counted) -> Self {
        Self {
            transport,
            counted,
            ring: None,
        }
    }

    /// Calls that nobody counts.
    pub(crate) fn free(transport: Arc<dyn Transport>) -> Self {
        Self::of(transport, Counted::Free)
    }

    /// Calls that wait for no room, because something else stands behind the gateway. What they go to counts them all
    /// the same, and may be attached next.
    pub(crate) fn beside(transport: Arc<dyn Transport>, gateway: Gateway) -> Self {
        Self::of(transport, Counted::Beside(gateway))
    }

    /// Calls to what is attached, that count like any other.
    pub(crate) fn counted(transport: Arc<dyn Transport>, gateway: Gateway) -> Self {
        let believed = true;
        Self::of(transport, Counted::Within { gateway, believed })
    }

    /// The same with a key that may be of another organization: nobody is held by what that has left.
    pub(crate) fn with_a_key_of_anybodys(transport: Arc<dyn Transport>, gateway: Gateway) -> Self {
        let believed = false;
        Self::of(transport, Counted::Within { gateway, believed })
    }

    /// Calls with the keys of a ring.
    pub(crate) fn with(ring: Ring, gateway: Gateway) -> Self {
        Self {
            ring: Some(ring.clone()),
            ..Self::counted(Arc::new(ring), gateway)
        }
    }
}

#[async_trait]
impl Exchange for OwnCalls {
    async fn exchange(
        &self,
        request: Request<Bytes>,
        need: Need,
    ) -> Result<Response<Bytes>, ExchangeError> {
        match timeout(OWN_CALL, self.call(request, need)).await {
            Ok(answer) => answer,
            Err(late) => Err(late.into()),
        }
    }

    fn views(&self) -> Vec<Arc<dyn Exchange>> {
        let (Some(ring), Counted::Within { gateway, .. }) = (&self.ring, &self.counted) else {
            return Vec::new();
        };
        if ring
            .in_use()
            .any(|held| held.secret.kind == ScopeKind::Organization)
        {
            return Vec::new();
        }
        ring.in_use()
            .map(|held| Arc::new(View::through(held.clone(), gateway.clone())) as _)
            .collect()
    }
}

/// What one project's key sees.
#[derive(Debug)]
struct View {
    calls: OwnCalls,
    secret: PhareSecret,
}

impl View {
    fn through(held: HeldSecret, gateway: Gateway) -> Self {
        Self {
            secret: held.secret.clone(),
            calls: OwnCalls::counted(Arc::new(held), gateway),
        }
    }
}

#[async_trait]
impl Exchange for View {
    async fn exchange(
        &self,
        request: Request<Bytes>,
        need: Need,
    ) -> Result<Response<Bytes>, ExchangeError> {
        self.calls.exchange(request, need).await
    }

    /// Its slug is not known then, nor when it was made.
    fn seen(&self) -> Vec<Project> {
        let found = self.secret.findings.iter();
        found
            .flat_map(|found| &found.projects)
            .map(|seen| Project {
                id: seen.id,
                slug: format!("project-{}", seen.id),
                name: seen.name.clone(),
                created_at: self.secret.added_at,
            })
            .collect()
    }
}

impl OwnCalls {
    async fn call(
        &self,
        request: Request<Bytes>,
        need: Need,
    ) -> Result<Response<Bytes>, ExchangeError> {
        let request = request.map(Body::whole);
        if let Counted::Beside(gateway) = &self.counted {
            gateway.made_beside();
        }
        let answer = match &self.counted {
            Counted::Free | Counted::Beside(_) => match self.send(request, need).await {
                Err(TransportFault::Unreachable { way, cause }) => {
                    let (way, cause) = (way.to_string(), Some(cause));
                    return Err(NotReached { way, cause }.into());
                }
                reply => reply?.answer,
            },
            Counted::Within { gateway, believed } => match gateway
                .call(&self.transport, request, need, *believed)
                .await
            {
                Ok(answer) => answer,
                Err(CallRefusal::TooManyAttempts { .. }) => {
                    return Ok(empty(StatusCode::TOO_MANY_REQUESTS));
                }
                Err(CallRefusal::UpstreamKeyMissing) => return Err(NoKey.into()),
                Err(CallRefusal::UpstreamKeyRefused) => return Ok(empty(StatusCode::UNAUTHORIZED)),
                Err(
                    CallRefusal::UpstreamUnreachable { way }
                    | CallRefusal::UpstreamInsecure { way },
                ) => {
                    let (way, cause) = (way.to_string(), None);
                    return Err(NotReached { way, cause }.into());
                }
                Err(refusal) => return Err(format!("no answer: {refusal:?}").into()),
            },
        };
        let (head, body) = answer.into_parts();
        Ok(Response::from_parts(
            head,
            read_all(body, LARGEST_ANSWER).await?,
        ))
    }

    async fn send(&self, request: Request<Body>, need: Need) -> Result<Reply, TransportFault> {
        let (head, body) = request.into_parts();
        self.transport.send(&head, body, need).await
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

/// As `async_trait` has it, but that most calls are handed on as they are.
impl Transport for Followed {
    fn send<'s, 'h, 'r>(
        &'s self,
        head: &'h Parts,
        body: Body,
        need: Need,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, TransportFault>> + Send + 'r>>
    where
        's: 'r,
        'h: 'r,
        Self: 'r,
    {
        let sending = self.transport.send(head, body, need);
        if head.method == Method::GET || !head.uri.path().starts_with("/projects") {
            return sending;
        }
        Box::pin(async move {
            let reply = sending.await?;
            if reply.answer.status().is_success() {
                self.synchronizer.synchronized(READ_BACK).await;
            }
            Ok(reply)
        })
    }
}
