//! The client's body on its way to the upstream. What is small is there before the call goes out, so that a slow
//! client holds no slot with it; what is large passes a piece at a time, at a least rate.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::{Instant, timeout_at};

use crate::body::{Body, BoxError};
use crate::data_rate::{MinDataRate, Progress};
use crate::refusal::CallRefusal;

/// Bytes of a body that are awaited before the call goes out. What Phare takes beside files is smaller.
const AHEAD: usize = 16 * 1024;

/// A body, what of it came ahead, and how far it has come.
#[derive(Debug)]
pub(crate) struct Upload {
    body: Body,
    ahead: VecDeque<Frame<Bytes>>,
    /// What is still to be sent, where the client said so: what it sends in chunks goes on in chunks.
    left: Option<u64>,
    state: Arc<Mutex<State>>,
}

impl Upload {
    /// One that a client sends at this rate, or is too slow.
    pub(crate) fn of(body: Body, rate: MinDataRate) -> Self {
        let stage = if body.is_end_stream() {
            Stage::Done
        } else {
            Stage::Coming
        };
        Self {
            left: body.size_hint().exact(),
            body,
            ahead: VecDeque::new(),
            state: Arc::new(Mutex::new(State {
                last: Instant::now(),
                progress: Progress::at(rate),
                stage,
            })),
        }
    }

    /// Whether as much is there as has to be before the call goes out.
    pub(crate) fn is_gathered(&self) -> bool {
        let ahead = self.ahead.iter().filter_map(Frame::data_ref);
        self.is_read() || ahead.map(Bytes::len).sum::<usize>() >= AHEAD
    }

    /// Whether nothing more has to be awaited.
    fn is_read(&self) -> bool {
        lock(&self.state).stage == Stage::Done
    }

    fn course(&self) -> Course {
        Course::WithBody(self.state.clone())
    }

    /// The same once more, of one that is there as a whole.
    pub(crate) fn again(&self) -> Option<Self> {
        if !self.is_read() {
            return None;
        }
        let ahead = self.ahead.iter();
        let ahead = ahead.map(|frame| Some(Frame::data(frame.data_ref()?.clone())));
        Some(Self {
            body: Body::default(),
            ahead: ahead.collect::<Option<_>>()?,
            left: self.left,
            state: self.state.clone(),
        })
    }

    /// What goes out. One that is there, and was not sent in chunks, is its bytes.
    pub(crate) fn into_body(mut self) -> Body {
        if !self.is_read() || self.left.is_none() {
            return Body::new(self);
        }
        let ahead = self.ahead.drain(..).flat_map(Frame::into_data);
        let mut pieces: Vec<Bytes> = ahead.collect();
        Body::whole(match pieces.len() {
            0 | 1 => pieces.pop().unwrap_or_default(),
            _ => pieces.concat().into(),
        })
    }

    /// It goes out now: whoever it goes to was not waited for before.
    pub(crate) fn goes_out(&self) -> Course {
        lock(&self.state).last = Instant::now();
        self.course()
    }

    /// Waits for the whole of a small body, or the beginning of a large one.
    ///
    /// # Errors
    /// [`CallRefusal::BodyBroken`] or [`CallRefusal::BodyTooSlow`]: nothing was sent.
    pub(crate) async fn gather(&mut self, patience: Duration) -> Result<(), CallRefusal> {
        let course = self.course();
        let gathering = poll_fn(|cx| self.poll_ahead(cx));
        let gathered = course.patiently(gathering, patience).await?;
        gathered.map_err(|_| CallRefusal::BodyBroken)
    }

    fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        while !self.is_gathered() {
            match std::task::ready!(self.poll_body(cx)) {
                Some(Ok(frame)) => self.ahead.push_back(frame),
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => break,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.is_read() {
            return Poll::Ready(None);
        }
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        let now = Instant::now();
        let mut state = lock(&self.state);
        match &frame {
            Poll::Pending => state.progress.waits(now),
            Poll::Ready(frame) => {
                let data = frame
                    .as_ref()
                    .and_then(|frame| frame.as_ref().ok()?.data_ref());
                let bytes = data.map_or(0, Bytes::len);
                state.progress.passed(bytes, now);
                state.last = now;
                state.stage = match frame {
                    Some(Err(_)) => Stage::Broken,
                    Some(Ok(_)) if !self.body.is_end_stream() => Stage::Coming,
                    _ => Stage::Done,
                };
            }
        }
        drop(state);
        frame
    }
}

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = match self.ahead.pop_front() {
            Some(frame) => {
                // A whole body is ours to send: nobody was waited for, however late it is taken.
                if !self.is_read() {
                    lock(&self.state).last = Instant::now();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            None => self.poll_body(cx),
        };
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let (Some(data), Some(left)) = (frame.data_ref(), self.left)
        {
            self.left = Some(left.saturating_sub(data.len() as u64));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_empty() && self.is_read()
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// How far a call has come, for whoever waits for what it is sent to.
#[derive(Debug, Clone)]
pub(crate) enum Course {
    /// It has no body, and went out then.
    Bare(Instant),
    WithBody(Arc<Mutex<State>>),
}

/// How far a body has come.
#[derive(Debug)]
pub(crate) struct State {
    /// When the call went out, or more of a body that still comes.
    last: Instant,
    progress: Progress,
    stage: Stage,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    Coming,
    Done,
    Broken,
}

impl Course {
    /// Of a call without a body that goes out now.
    pub(crate) fn bare() -> Self {
        Self::Bare(Instant::now())
    }

    /// What comes of `waiting`, as long as something is sent: the client may be as slow as its rate allows, and nobody may say nothing
    /// for longer than `patience`.
    ///
    /// # Errors
    /// [`CallRefusal::BodyTooSlow`] when the client was waited for, [`CallRefusal::UpstreamTooSlow`] when it was not.
    pub(crate) async fn patiently<T>(
        &self,
        mut waiting: impl Future<Output = T> + Unpin,
        patience: Duration,
    ) -> Result<T, CallRefusal> {
        loop {
            let deadline = self.deadline(patience);
            if let Ok(come) = timeout_at(deadline, &mut waiting).await {
                return Ok(come);
            }
            if self.deadline(patience) <= deadline {
                return Err(if self.slow().is_some() {
                    CallRefusal::BodyTooSlow
                } else {
                    CallRefusal::UpstreamTooSlow
                });
            }
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        match self {
            Self::Bare(_) => false,
            Self::WithBody(state) => lock(state).stage == Stage::Broken,
        }
    }

    /// When the call went out, or more of a body that still comes.
    pub(crate) fn last(&self) -> Instant {
        match self {
            Self::Bare(went_out) => *went_out,
            Self::WithBody(state) => lock(state).last,
        }
    }

    fn deadline(&self, patience: Duration) -> Instant {
        match self {
            Self::Bare(went_out) => *went_out + patience,
            Self::WithBody(state) => {
                let state = lock(state);
                let silent = state.last + patience;
                let slow = state.progress.deadline();
                slow.map_or(silent, |slow| slow.min(silent))
            }
        }
    }

    /// When the client is too slow, while it is waited for.
    fn slow(&self) -> Option<Instant> {
        match self {
            Self::Bare(_) => None,
            Self::WithBody(state) => lock(state).progress.deadline(),
        }
    }
}

/// Nothing in a critical section can panic half-way.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
