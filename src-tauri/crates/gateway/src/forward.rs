//! Sends an admitted call on and hands its answer back, each a piece at a time, and never for longer than the
//! upstream is given to say something.

use std::error::Error;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use gardien_domain::phare_key::Need;
use http::header::RETRY_AFTER;
use http::request::Parts;
use http::{Method, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use jiff::Timestamp;
use tokio::time::{Instant, Sleep, sleep};

use crate::body::{Body, BoxError};
use crate::headers;
use crate::keeping::may_be_kept;
use crate::refusal::CallRefusal;
use crate::retry_after;
use crate::said::said;
use crate::throttle::Pass;
use crate::timing::Timing;
use crate::upload::{Course, Upload};
use crate::upstream::{Reply, Transport, TransportFault};

/// Between two attempts of a call that was not made.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The way that a call which was not made would take now; `None`: it may not be made any more.
pub(crate) type WayNow<'a> = dyn Fn() -> Option<Arc<dyn Transport>> + Sync + 'a;

/// A call that goes out.
pub(crate) struct Outbound<'a> {
    pub(crate) head: &'a Parts,
    /// What is sent next, if that is not nothing.
    upload: Option<Box<Upload>>,
    /// What it asks of the upstream's key.
    pub(crate) need: Need,
    pub(crate) course: Course,
    /// It can be sent the same once more.
    is_repeatable: bool,
    /// Its answer is kept, if it may be.
    pub(crate) is_to_be_kept: bool,
}

impl<'a> Outbound<'a> {
    /// One that goes out now.
    pub(crate) fn now(head: &'a Parts, upload: Option<Box<Upload>>, need: Need) -> Self {
        let course = upload
            .as_deref()
            .map_or_else(Course::bare, Upload::goes_out);
        Self {
            head,
            upload,
            need,
            course,
            is_repeatable: true,
            is_to_be_kept: false,
        }
    }

    /// What is sent now. What can be sent once more stays.
    fn body(&mut self) -> Body {
        let Some(upload) = self.upload.take() else {
            return Body::default();
        };
        self.upload = upload.again().map(Box::new);
        self.is_repeatable = self.upload.is_some();
        upload.into_body()
    }

    /// It may be made twice: a GET that has no body.
    fn is_harmless(&self) -> bool {
        let is_bare = self.upload.as_deref().is_none_or(Upload::is_end_stream);
        self.head.method == Method::GET && self.is_repeatable && is_bare
    }
}

/// Forwards one call. No async fn, as none that most calls go through is: it would hold what it was given twice.
pub(crate) fn forward<'a>(
    upstream: &'a dyn Transport,
    call: &'a mut Outbound<'_>,
    mut pass: Pass,
    timing: &'a Timing,
    way: &'a WayNow<'_>,
) -> impl Future<Output = Result<Reply, CallRefusal>> + Send {
    pass.goes_out();
    async move {
        let sending = upstream.send(call.head, call.body(), call.need);
        match call.course.patiently(sending, timing.patience).await? {
            // Whatever came of it, the call is over here: dropping the pass starts its minute.
            Ok(reply) => received(reply, call, &mut pass, timing.patience),
            // On the heap: seldom, and no other call needs room for it.
            Err(fault) => Box::pin(unanswered(fault, call, pass, timing, way)).await,
        }
    }
}

/// What comes of a call that had no answer at first.
async fn unanswered(
    fault: TransportFault,
    call: &mut Outbound<'_>,
    mut pass: Pass,
    timing: &Timing,
    way: &WayNow<'_>,
) -> Result<Reply, CallRefusal> {
    let course = call.course.clone();
    let answer = {
        let insisting = pin!(insistently(fault, call, &mut pass, timing, way));
        course.patiently(insisting, timing.patience).await
    };
    let fault = match answer? {
        Ok(reply) => return received(reply, call, &mut pass, timing.patience),
        Err(fault) => fault,
    };
    let refusal = match &fault {
        TransportFault::Unreachable { way, cause } => {
            pass.cancel();
            let way = way.clone();
            if is_of_tls(cause.as_ref()) {
                CallRefusal::UpstreamInsecure { way }
            } else {
                CallRefusal::UpstreamUnreachable { way }
            }
        }
        TransportFault::NoKey | TransportFault::NoKeyYet => {
            pass.cancel();
            CallRefusal::UpstreamKeyMissing
        }
        TransportFault::Broken(_) | TransportFault::Dead(_) if course.is_broken() => {
            return Err(CallRefusal::BodyBroken);
        }
        TransportFault::Broken(_) | TransportFault::Dead(_) => CallRefusal::UpstreamBroken,
    };
    tracing::warn!(error = &fault as &dyn Error, "no answer from the upstream");
    Err(refusal)
}

/// Sends a call again after a while as long as it certainly was not made: that the upstream was away for a moment is
/// no error for anybody, nor that Gardien does not know yet where a key of Phare's works. What could not be sent the same
/// once more is sent once, and so is what has no way any more. While others took what it gave back between two attempts,
/// there is none. Then once more where that does no harm and the connection that was at hand was dead.
async fn insistently(
    mut fault: TransportFault,
    call: &mut Outbound<'_>,
    pass: &mut Pass,
    timing: &Timing,
    way: &WayNow<'_>,
) -> Result<Reply, TransportFault> {
    let end = call.course.last() + timing.insistence;
    let mut pause = FIRST_PAUSE;
    while call.is_repeatable && may_pass(&fault) {
        pass.rests();
        loop {
            if Instant::now() + pause >= end {
                return Err(fault);
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            if pass.goes_on().await {
                break;
            }
        }
        let Some(now) = way() else {
            return Err(fault);
        };
        match now.send(call.head, call.body(), call.need).await {
            Ok(reply) => return Ok(reply),
            Err(again) => fault = again,
        }
    }
    // It may have been made, so once more is two calls of the limit. Only a GET may be made twice at all.
    if !(call.is_harmless() && matches!(fault, TransportFault::Dead(_))) {
        return Err(fault);
    }
    let Some(mut second) = pass.another().await else {
        return Err(fault);
    };
    let Some(now) = way() else {
        return Err(fault);
    };
    second.goes_out();
    match now.send(call.head, Body::default(), call.need).await {
        Err(TransportFault::Unreachable { .. }) => {
            second.cancel();
            Err(fault)
        }
        answer => {
            *pass = second;
            answer
        }
    }
}

/// Whether the call was not made for what may be over in a moment.
fn may_pass(fault: &TransportFault) -> bool {
    match fault {
        TransportFault::Unreachable { cause, .. } => !is_of_tls(cause.as_ref()),
        TransportFault::NoKeyYet => true,
        TransportFault::NoKey | TransportFault::Broken(_) | TransportFault::Dead(_) => false,
    }
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

fn received(
    mut reply: Reply,
    call: &Outbound<'_>,
    pass: &mut Pass,
    patience: Duration,
) -> Result<Reply, CallRefusal> {
    let answer = &mut reply.answer;
    // Whoever is not known is counted for somebody else.
    let is_known = answer.status() != StatusCode::UNAUTHORIZED;
    pass.is_answered(said(answer).filter(|_| is_known));
    match answer.status() {
        StatusCode::UNAUTHORIZED => {
            tracing::error!("the upstream refuses the key that Gardien calls it with");
            return Err(CallRefusal::UpstreamKeyRefused);
        }
        // A switch of protocols that nobody asked for.
        status if status.is_informational() => return Err(CallRefusal::UpstreamBroken),
        _ => {}
    }
    reply.may_be_kept = call.is_to_be_kept && may_be_kept(answer);
    let status = answer.status();
    let headers = answer.headers_mut();
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
    if answer.body().as_whole().is_none() {
        let body = std::mem::take(answer.body_mut());
        *answer.body_mut() = patient(body, patience);
    }
    Ok(reply)
}

/// A body that ends in an error, and its connection with it, when the upstream says nothing for so long.
fn patient(body: Body, patience: Duration) -> Body {
    Body::new(Patient {
        body,
        patience,
        silence: None,
        waiting: false,
    })
}

/// The upstream's body, with a limit on silence.
#[derive(Debug)]
struct Patient {
    body: Body,
    patience: Duration,
    silence: Option<Pin<Box<Sleep>>>,
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
        let patience = self.patience;
        let silence = self
            .silence
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        if !waited {
            silence.as_mut().reset(Instant::now() + patience);
        }
        ready!(silence.as_mut().poll(cx));
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
