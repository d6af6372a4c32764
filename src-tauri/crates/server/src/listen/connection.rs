//! One connection: its requests one after the other, from its place to its end.

use std::convert::Infallible;
use std::future::{Ready, pending, poll_fn, ready};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::Either;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use gardien_gateway::BoxError;
use http::header::{CONNECTION, HeaderValue, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{Either as Whichever, Full};
use hyper::body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::current::{Current, Lasting};
use super::plain::{Answered, Plain, Rest};
use super::{Given, Incoming, ListenLimits};
use crate::framing::{Framed, Verdict};
use crate::places::{InRequest, Place};
use crate::socket::Socket;

/// A client that was turned away may come again after so many seconds.
const COME_AGAIN: u64 = 1;
/// So long a connection that gives way may still be told so.
const GIVE_WAY: Duration = Duration::from_secs(1);
/// Bytes that the HTTP library reads ahead, and sets aside for a client that does not take them. Heads are bounded before it, to
/// less.
const BUFFER: usize = 48 * 1024;

/// What a connection gets.
pub(super) enum Admission<S> {
    Place {
        place: Arc<Place>,
        service: S,
    },
    /// It is told that there is no room.
    Full(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit),
}

impl<S> Admission<S> {
    fn place(&self) -> Option<Arc<Place>> {
        match self {
            Self::Place { place, .. } => Some(place.clone()),
            Self::Full(_) => None,
        }
    }

    /// Room for a request, and who answers it.
    fn request(&self) -> Option<(InRequest, &S)> {
        match self {
            Self::Place { place, service } => Some((place.request()?, service)),
            Self::Full(_) => None,
        }
    }
}

/// Serves a connection to its end.
pub(super) async fn serve<S, F, B>(
    stream: TcpStream,
    admission: Admission<S>,
    limits: Arc<ListenLimits>,
    stop: CancellationToken,
) where
    S: Fn(Request<Incoming>) -> F,
    F: Future<Output = Given<B>>,
    B: Body<Data = Bytes> + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    let current = Current::default();
    let Ok(socket) = Socket::new(stream, limits.min_data_rate, current.clone()) else {
        return;
    };
    let place = admission.place();
    let displaced = async {
        match &place {
            Some(place) => place.displaced().await,
            None => pending().await,
        }
    };
    // For how long what runs may go on.
    let leaving = async {
        tokio::select! {
            () = stop.cancelled() => Some(limits.drain),
            () = displaced => Some(GIVE_WAY),
        }
    };
    let idle = current.idle(limits.idle).map(|()| None);
    // Asked only when they were woken themselves: the connection is, with every request.
    let mut leaving = FuturesUnordered::from_iter([leaving.left_future(), idle.right_future()]);
    let closing = AtomicBool::new(false);
    let mut connection = pin!(converse(socket, &admission, &current, &closing, &limits));
    let ended = loop {
        tokio::select! {
            biased;
            ended = &mut connection => break Ok(ended),
            Some(drain) = leaving.next() => {
                closing.store(true, Ordering::Relaxed);
                if let Some(drain) = drain {
                    break timeout(drain, &mut connection).await;
                }
            }
        }
    };
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(error, "a connection ended early"),
        Err(_) if stop.is_cancelled() => {
            tracing::warn!("a request was cut off: it did not end in time");
        }
        Err(_) => tracing::debug!("a request was cut off: another needed its place"),
    }
}

/// Answers a connection's requests one after the other.
async fn converse<S, F, B>(
    mut socket: Socket,
    admission: &Admission<S>,
    current: &Current,
    closing: &AtomicBool,
    limits: &ListenLimits,
) -> Result<(), BoxError>
where
    S: Fn(Request<Incoming>) -> F,
    F: Future<Output = Given<B>>,
    B: Body<Data = Bytes> + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    let rest = match admission {
        Admission::Place { place, service } => {
            let plain = Plain::of(&mut socket, place, current, closing, limits);
            match plain.serve(service).await? {
                Some(rest) => rest,
                None => return Ok(()),
            }
        }
        Admission::Full(_) => Rest::all(limits),
    };
    // On the heap: most connections never need it.
    Box::pin(by_library(
        socket, rest, admission, current, closing, limits,
    ))
    .await
}

/// The same by the HTTP library, from the first request that is not plain.
async fn by_library<S, F, B>(
    socket: Socket,
    rest: Rest<B>,
    admission: &Admission<S>,
    current: &Current,
    closing: &AtomicBool,
    limits: &ListenLimits,
) -> Result<(), BoxError>
where
    S: Fn(Request<Incoming>) -> F,
    F: Future<Output = Given<B>>,
    B: Body<Data = Bytes> + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    let (framed, verdict) = Framed::going_on(socket, limits.head, rest.read, rest.timer);
    let answered = Mutex::new(rest.answered);
    let service = service_fn(|request: Request<body::Incoming>| {
        // Here, when the library hands the request over, and not later: by then it may be the verdict on the next one.
        let verdict = *verdict.lock().unwrap_or_else(PoisonError::into_inner);
        let mut answered = answered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answered) = answered.take() {
            let mut answer = handed_over(answered, current.begin(), verdict);
            if closing.load(Ordering::Relaxed) {
                close(&mut answer);
            }
            return Either::Right(ready(Ok(answer)));
        }
        answer(
            request.map(Whichever::Right),
            verdict,
            admission,
            current,
            limits,
        )
    });
    let mut connection = pin!(
        http1::Builder::new()
            // It would set a timer for every request. Who is silent is known here.
            .header_read_timeout(None)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(framed), service)
    );
    let conversing = poll_fn(|cx| {
        let ended = connection.as_mut().poll(cx);
        // Only now: before it has begun, the library would end a connection whose request is answered already.
        if ended.is_pending() && closing.load(Ordering::Relaxed) {
            connection.as_mut().graceful_shutdown();
            return connection.as_mut().poll(cx);
        }
        ended
    });
    tokio::select! {
        biased;
        ended = conversing => Ok(ended?),
        () = current.over() => Err("an answer was cut off: it may not go on".into()),
    }
}

/// Answers a request, or says what is wrong with its head, or that there is no room.
fn answer<S, F, B>(
    request: Request<Incoming>,
    verdict: Verdict,
    admission: &Admission<S>,
    current: &Current,
    limits: &ListenLimits,
) -> Either<impl Future<Output = Answering<B>> + use<S, F, B>, Ready<Answering<B>>>
where
    S: Fn(Request<Incoming>) -> F,
    F: Future<Output = Given<B>>,
{
    let lasting = current.begin();
    let own = |status, code: &str, message: &str| {
        let mut answer = (limits.wording)(status, code, message).map(Answer::Own);
        close(&mut answer);
        answer
    };
    let refusal = match (verdict.fault, admission.request()) {
        (None, Some((in_request, service))) => {
            return Either::Left(service(request).map(move |given| {
                let begun = None;
                let answered = Answered {
                    given,
                    begun,
                    in_request,
                };
                Ok(handed_over(answered, lasting, verdict))
            }));
        }
        (Some(fault), _) => {
            let (code, message) = fault.words();
            own(fault.status(), code, message)
        }
        (None, None) => {
            let message = "Gardien is answering as many requests as it can.";
            let mut busy = own(StatusCode::SERVICE_UNAVAILABLE, "gateway_busy", message);
            busy.headers_mut().insert(RETRY_AFTER, COME_AGAIN.into());
            busy
        }
    };
    Either::Right(ready(Ok(refusal)))
}

/// A service's answer as the library gets it.
fn handed_over<B>(
    answered: Answered<B>,
    lasting: Lasting,
    verdict: Verdict,
) -> Response<Answer<B>> {
    let Answered {
        given,
        begun,
        in_request,
    } = answered;
    let is_last = in_request.is_last();
    if let Some(until) = given.until {
        lasting.until(until);
    }
    let mut answer = given.answer.map(|body| Answer::Service {
        body,
        begun,
        _held: (in_request, lasting),
    });
    if is_last || verdict.last {
        close(&mut answer);
    }
    answer
}

/// Nothing follows an answer on its connection.
fn close<B>(answer: &mut Response<B>) {
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(CONNECTION, close);
}

type Answering<B> = Result<Response<Answer<B>>, Infallible>;

/// The body of an answer. A request is in flight until its answer has been read to the end.
enum Answer<B> {
    Own(Full<Bytes>),
    Service {
        body: B,
        /// What comes before the rest of it.
        begun: Option<Result<Frame<Bytes>, BoxError>>,
        _held: (InRequest, Lasting),
    },
}

impl<B> Body for Answer<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut *self {
            Self::Own(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Service { body, begun, .. } => match begun.take() {
                Some(frame) => Poll::Ready(Some(frame)),
                None => Pin::new(body).poll_frame(cx).map_err(Into::into),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(body) => body.is_end_stream(),
            Self::Service { body, begun, .. } => begun.is_none() && body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(body) => body.size_hint(),
            Self::Service { body, begun, .. } => {
                let mut size = body.size_hint();
                let begun = begun.iter().flatten().filter_map(Frame::data_ref);
                let begun = begun.map(|data| data.len() as u64).sum::<u64>();
                if let Some(upper) = size.upper() {
                    size.set_upper(upper.saturating_add(begun));
                }
                size.set_lower(size.lower().saturating_add(begun));
                size
            }
        }
    }
}
