//! One connection: its requests one after the other, from its place to its end.

use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use gardien_gateway::Peer;
use http::header::{CONNECTION, HeaderValue, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};

use super::ListenLimits;
use super::until::{Current, Lasting, Until};
use crate::framing::{Framed, SharedVerdict};
use crate::places::{InRequest, Place};
use crate::socket::Socket;

/// A client that was turned away may come again after so many seconds.
const COME_AGAIN: u64 = 1;
/// So long a connection that gives way may still be told so.
const GIVE_WAY: Duration = Duration::from_secs(1);
/// Read buffer of the HTTP library; heads are bounded before it.
const BUFFER: usize = 64 * 1024;

/// What a connection gets.
#[derive(Clone)]
pub(super) enum Admission {
    Place(Arc<Place>),
    /// It is told that there is no room.
    Full(#[expect(dead_code, reason = "held")] Arc<OwnedSemaphorePermit>),
}

impl Admission {
    /// Comes back when the connection has to make room; never, if it has none.
    async fn ends(&self) {
        match self {
            Self::Place(place) => place.displaced().await,
            Self::Full(_) => pending().await,
        }
    }

    /// Room for a request.
    fn request(&self) -> Option<(Arc<Place>, InRequest)> {
        match self {
            Self::Place(place) => Some((place.clone(), place.request()?)),
            Self::Full(_) => None,
        }
    }
}

/// What every request of a listener passes through.
#[derive(Clone)]
pub(super) struct Acceptor<S> {
    pub(super) service: S,
    pub(super) limits: Arc<ListenLimits>,
}

impl<S, B> Acceptor<S>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + Unpin
        + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    pub(super) async fn connection(
        self,
        stream: TcpStream,
        peer: Peer,
        stop: CancellationToken,
        admission: Admission,
    ) {
        let limits = self.limits.clone();
        let Ok(socket) = Socket::new(stream, limits.min_data_rate) else {
            return;
        };
        let (framed, verdict) = Framed::new(socket, limits.head);
        let (admitted, current) = (admission.clone(), Current::default());
        let begun = current.clone();
        let service =
            service_fn(move |request| self.request(request, peer, &verdict, &admitted, &begun));
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.idle)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(framed), service);
        let leaving = async {
            tokio::select! {
                () = stop.cancelled() => limits.drain,
                () = admission.ends() => GIVE_WAY,
            }
        };
        let ended = tokio::select! {
            biased;
            ended = &mut connection => Ok(ended),
            () = current.over() => {
                tracing::debug!("an answer was cut off: it may not go on");
                return;
            }
            drain = leaving => {
                Pin::new(&mut connection).graceful_shutdown();
                timeout(drain, &mut connection).await
            }
        };
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) if error.is_timeout() => {
                // It was waiting for a request.
                let socket = connection.into_parts().io.into_inner().into_inner();
                let _ = socket.end_in_order();
            }
            Ok(Err(error)) => tracing::debug!(%error, "a connection ended early"),
            Err(_) if stop.is_cancelled() => {
                tracing::warn!("a request was cut off: it did not end in time");
            }
            Err(_) => tracing::debug!("a request was cut off: another needed its place"),
        }
    }

    /// The verdict is read here, when the library hands the request over, and not later: by then it may be
    /// the verdict on the next one.
    fn request(
        &self,
        mut request: Request<Incoming>,
        peer: Peer,
        verdict: &SharedVerdict,
        admission: &Admission,
        current: &Current,
    ) -> impl Future<Output = Result<Response<Answer<B>>, Infallible>> + use<S, B> {
        let verdict = *verdict.lock().unwrap_or_else(PoisonError::into_inner);
        let (place, Self { service, limits }) = (admission.request(), self.clone());
        let current = current.clone();
        async move {
            let (mut response, last) = match (verdict.fault, place) {
                (Some(fault), _) => {
                    let (code, message) = fault.words();
                    (own(&limits, fault.status(), code, message), true)
                }
                (None, Some((place, in_request))) => {
                    request.extensions_mut().insert(peer);
                    request.extensions_mut().insert(place.connected());
                    let Ok(response) = service.oneshot(request).await;
                    let is_last = in_request.is_last();
                    let lasting = current.begin(response.extensions().get::<Until>());
                    let answer = response.map(|body| Answer::Service {
                        body: Box::pin(body),
                        _held: (in_request, lasting),
                    });
                    (answer, is_last)
                }
                (None, None) => {
                    let message = "Gardien is answering as many requests as it can.";
                    let status = StatusCode::SERVICE_UNAVAILABLE;
                    let mut busy = own(&limits, status, "gateway_busy", message);
                    busy.headers_mut().insert(RETRY_AFTER, COME_AGAIN.into());
                    (busy, true)
                }
            };
            if last || verdict.last {
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response)
        }
    }
}

/// An answer of the listener itself.
fn own<B>(
    limits: &ListenLimits,
    status: StatusCode,
    code: &str,
    message: &str,
) -> Response<Answer<B>> {
    (limits.wording)(status, code, message).map(Answer::Own)
}

/// The body of an answer. A request is in flight until its answer has been read to the end.
enum Answer<B> {
    Own(Full<Bytes>),
    Service {
        body: Pin<Box<B>>,
        _held: (InRequest, Lasting),
    },
}

impl<B: Body<Data = Bytes>> Body for Answer<B>
where
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut *self {
            Self::Own(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Service { body, .. } => body.as_mut().poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(body) => body.is_end_stream(),
            Self::Service { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(body) => body.size_hint(),
            Self::Service { body, .. } => body.size_hint(),
        }
    }
}
