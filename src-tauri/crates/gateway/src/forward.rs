//! Sends an admitted call on and hands its answer back, each a piece at a time, and never for longer than the
//! upstream is given to say something.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use gardien_domain::phare_key::Need;
use http::header::RETRY_AFTER;
use http::{Request, Response, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use jiff::Timestamp;
use tokio::time::{Instant, Sleep, sleep, timeout_at};

use crate::body::{Body, BoxError, boxed};
use crate::headers;
use crate::refusal::CallRefusal;
use crate::retry_after;
use crate::throttle::Pass;
use crate::upstream::{Transport, TransportFault};

/// Forwards one call. `patience` is how long the upstream may say nothing after it was last sent something.
pub(crate) async fn forward(
    upstream: &dyn Transport,
    request: Request<Body>,
    need: Need,
    pass: Pass,
    patience: Duration,
) -> Result<Response<Body>, CallRefusal> {
    let (head, body) = request.into_parts();
    let upload = Arc::new(Upload::new(body.is_end_stream()));
    let body = boxed(Watched {
        body,
        upload: upload.clone(),
    });
    let answer = patiently(
        upstream.send(Request::from_parts(head, body), need),
        &upload,
        patience,
    )
    .await;
    // Whatever came of it, the call is over here: dropping the pass starts its minute.
    let fault = match answer {
        Some(Ok(response)) => {
            return received(response, &pass)
                .map(|response| response.map(|body| patient(body, patience)));
        }
        Some(Err(fault)) => fault,
        None if upload.is_unfinished() => return Err(CallRefusal::BodyTooSlow),
        None => return Err(CallRefusal::UpstreamTooSlow),
    };
    let refusal = match &fault {
        TransportFault::Unreachable(cause) => {
            pass.cancel();
            if is_of_tls(cause.as_ref()) {
                CallRefusal::UpstreamInsecure
            } else {
                CallRefusal::UpstreamUnreachable
            }
        }
        TransportFault::NoKey => {
            pass.cancel();
            CallRefusal::UpstreamKeyMissing
        }
        TransportFault::Broken(_) if upload.is_broken() => return Err(CallRefusal::BodyBroken),
        TransportFault::Broken(_) => CallRefusal::UpstreamBroken,
    };
    tracing::warn!(error = &fault as &dyn Error, "no answer from the upstream");
    Err(refusal)
}

/// Whether something was there that is no Phare by its certificate, or does not speak TLS.
fn is_of_tls(cause: &(dyn Error + 'static)) -> bool {
    let mut next = Some(cause);
    while let Some(error) = next {
        if error.is::<rustls::Error>() {
            return true;
        }
        // The error within one of I/O is not its source.
        let within = error
            .downcast_ref()
            .and_then(io::Error::get_ref)
            .map(|inner| inner as &(dyn Error + 'static));
        next = within.or_else(|| error.source());
    }
    false
}

fn received(mut response: Response<Body>, pass: &Pass) -> Result<Response<Body>, CallRefusal> {
    match response.status() {
        StatusCode::UNAUTHORIZED => {
            tracing::error!("the upstream refuses the key that Gardien calls it with");
            Err(CallRefusal::UpstreamKeyRefused)
        }
        // A switch of protocols that nobody asked for.
        status if status.is_informational() => Err(CallRefusal::UpstreamBroken),
        status => {
            let headers = response.headers_mut();
            headers::incoming(headers);
            if status == StatusCode::TOO_MANY_REQUESTS {
                let held = pass.hold(retry_after::wait_ms(headers, Timestamp::now()));
                tracing::warn!(
                    milliseconds = held,
                    "the upstream takes no more calls for now"
                );
                if !headers.contains_key(RETRY_AFTER) {
                    headers.insert(RETRY_AFTER, held.div_ceil(1000).into());
                }
            }
            Ok(response)
        }
    }
}

/// A body that ends in an error, and its connection with it, when the upstream says nothing for so long.
fn patient(body: Body, patience: Duration) -> Body {
    boxed(Patient {
        body,
        patience,
        silence: Box::pin(sleep(patience)),
        waiting: false,
    })
}

/// The upstream's body, with a limit on silence.
#[derive(Debug)]
struct Patient {
    body: Body,
    patience: Duration,
    silence: Pin<Box<Sleep>>,
    /// Silence is counted while somebody listens: a client that is slow to read is not the upstream's fault.
    waiting: bool,
}

impl http_body::Body for Patient {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        let waited = std::mem::replace(&mut self.waiting, frame.is_pending());
        if frame.is_ready() {
            return frame;
        }
        if !waited {
            let until = Instant::now() + self.patience;
            self.silence.as_mut().reset(until);
        }
        ready!(self.silence.as_mut().poll(cx));
        Poll::Ready(Some(Err(
            "the upstream stopped in the middle of its answer".into(),
        )))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// `None` when nothing was sent or answered for as long as `patience`.
async fn patiently<T>(
    sending: impl Future<Output = T>,
    upload: &Upload,
    patience: Duration,
) -> Option<T> {
    tokio::pin!(sending);
    loop {
        let deadline = upload.state().last + patience;
        match timeout_at(deadline, &mut sending).await {
            Ok(answer) => return Some(answer),
            Err(_) if upload.state().last + patience > deadline => {}
            Err(_) => return None,
        }
    }
}

/// How far the client's body has come.
#[derive(Debug)]
struct Upload {
    state: Mutex<UploadState>,
}

#[derive(Debug, Clone, Copy)]
struct UploadState {
    last: Instant,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Coming,
    Done,
    Broken,
}

impl Upload {
    fn new(empty: bool) -> Self {
        Self {
            state: Mutex::new(UploadState {
                last: Instant::now(),
                stage: if empty { Stage::Done } else { Stage::Coming },
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, UploadState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_unfinished(&self) -> bool {
        self.state().stage == Stage::Coming
    }

    fn is_broken(&self) -> bool {
        self.state().stage == Stage::Broken
    }
}

/// The client's body, noting how far it has come as it passes.
#[derive(Debug)]
struct Watched {
    body: Body,
    upload: Arc<Upload>,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(frame) = &frame {
            let stage = match frame {
                Some(Err(_)) => Stage::Broken,
                Some(Ok(_)) if !self.body.is_end_stream() => Stage::Coming,
                _ => Stage::Done,
            };
            *self.upload.state() = UploadState {
                last: Instant::now(),
                stage,
            };
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
