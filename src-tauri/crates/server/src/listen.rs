//! Serves HTTP/1.1 on a listener: bounded in connections, requests, heads and time, and drained on a signal.

use std::convert::Infallible;
use std::fmt;
use std::io;
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
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{Service, ServiceExt};

use crate::framing::{Framed, HeadLimits, SharedVerdict};

/// Connections beyond the cap that are still told so; more are dropped unheard.
const TURNED_AWAY: usize = 64;
/// A client that was turned away may come again after so many seconds.
const COME_AGAIN: u64 = 1;
/// Pause after an accept that failed for lack of file descriptors or memory.
const PAUSE: Duration = Duration::from_millis(100);
/// Read buffer of the HTTP library; heads are bounded before it.
const BUFFER: usize = 64 * 1024;

/// Words the answers that the listener gives itself, from status, stable code and text for people, so that
/// they look like its service's.
pub type Wording = Arc<dyn Fn(StatusCode, &str, &str) -> Response<Full<Bytes>> + Send + Sync>;

/// The bounds of a listener.
#[derive(Clone)]
pub struct ListenLimits {
    /// Connections at a time.
    pub connections: usize,
    /// Requests at a time, their answers included.
    pub requests: usize,
    /// Size of a head, and the time it may take to come.
    pub head: HeadLimits,
    /// A connection without a request is closed after this.
    pub idle: Duration,
    /// After the stop signal, what runs may go on for this long.
    pub drain: Duration,
    /// Words the listener's own answers.
    pub wording: Wording,
}

impl ListenLimits {
    /// Bounds that leave room for a busy organization and none for an attack.
    #[must_use]
    pub fn worded(wording: Wording) -> Self {
        Self {
            connections: 1024,
            requests: 512,
            head: HeadLimits {
                bytes: 32 * 1024,
                time: Duration::from_secs(10),
            },
            idle: Duration::from_secs(60),
            drain: Duration::from_secs(10),
            wording,
        }
    }
}

impl fmt::Debug for ListenLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenLimits")
            .field("connections", &self.connections)
            .field("requests", &self.requests)
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

/// Serves every connection of `listener` with `service` until `stop`, then lets what runs finish.
///
/// # Errors
/// When the listener itself is unusable. A failed accept is survived.
pub async fn serve<S, B>(
    listener: TcpListener,
    service: S,
    stop: CancellationToken,
    limits: ListenLimits,
) -> io::Result<()>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    listener.local_addr()?;
    let connections = Arc::new(Semaphore::new(limits.connections));
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY));
    let acceptor = Acceptor {
        service,
        requests: Arc::new(Semaphore::new(limits.requests)),
        limits: Arc::new(limits),
    };
    let running = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(PAUSE).await;
                continue;
            }
        };
        let (acceptor, permit) = match connections.clone().try_acquire_owned() {
            Ok(permit) => (acceptor.clone(), permit),
            Err(_) => match turned_away.clone().try_acquire_owned() {
                Ok(permit) => (acceptor.full(), permit),
                Err(_) => continue,
            },
        };
        running.spawn(acceptor.connection(
            stream,
            Peer(address.ip().to_canonical()),
            stop.clone(),
            permit,
        ));
    }
    drop(listener);
    running.close();
    running.wait().await;
    Ok(())
}

/// What every request of a listener passes through.
#[derive(Clone)]
struct Acceptor<S> {
    service: S,
    requests: Arc<Semaphore>,
    limits: Arc<ListenLimits>,
}

impl<S, B> Acceptor<S>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// The same with no room behind it.
    fn full(&self) -> Self {
        Self {
            requests: Arc::new(Semaphore::new(0)),
            ..self.clone()
        }
    }

    async fn connection(
        self,
        stream: TcpStream,
        peer: Peer,
        stop: CancellationToken,
        _permit: OwnedSemaphorePermit,
    ) {
        // Without it small answers wait for the client's acknowledgements.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let limits = self.limits.clone();
        let (framed, verdict) = Framed::new(stream, limits.head);
        let service = service_fn(move |request| self.request(request, peer, &verdict));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.idle)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(framed), service);
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => Ok(ended),
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                timeout(limits.drain, connection).await
            }
        };
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a connection ended early"),
            Err(_) => tracing::warn!("a request was cut off: it did not end in time"),
        }
    }

    /// The verdict is read here, when the library hands the request over, and not later: by then it may be
    /// the verdict on the next one.
    fn request(
        &self,
        mut request: Request<Incoming>,
        peer: Peer,
        verdict: &SharedVerdict,
    ) -> impl Future<Output = Result<Response<Answer<B>>, Infallible>> + use<S, B> {
        let verdict = *verdict.lock().unwrap_or_else(PoisonError::into_inner);
        let Self {
            service,
            requests,
            limits,
        } = self.clone();
        async move {
            let mut response = if let Some(fault) = verdict.fault {
                let (code, message) = fault.words();
                own(&limits, fault.status(), code, message)
            } else if let Ok(permit) = requests.try_acquire_owned() {
                request.extensions_mut().insert(peer);
                let Ok(response) = service.oneshot(request).await;
                response.map(|body| Answer::Service {
                    body: Box::pin(body),
                    _permit: permit,
                })
            } else {
                let message = "Gardien is answering as many requests as it can.";
                let mut busy = own(
                    &limits,
                    StatusCode::SERVICE_UNAVAILABLE,
                    "gateway_busy",
                    message,
                );
                busy.headers_mut().insert(RETRY_AFTER, COME_AGAIN.into());
                busy.headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
                busy
            };
            if verdict.last {
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
        _permit: OwnedSemaphorePermit,
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
