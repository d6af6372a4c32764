//! An answer on its way to the client that is kept once it came to its end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::header::{
    CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, SET_COOKIE, TRAILER, TRANSFER_ENCODING, VARY,
};
use http::{Response, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use crate::body::{Body, BoxError};
use crate::cache::{Cache, Kept};
use crate::question::Question;

/// Bytes of the longest answer that is kept.
pub(crate) const LARGEST: usize = 256 * 1024;

/// Judges an answer as it came from the upstream, before anything of it is taken away.
pub(crate) fn may_be_kept(answer: &Response<Body>) -> bool {
    let headers = answer.headers();
    // Where neither says it, an answer that was cut off looks like a whole one.
    let shows_its_end =
        answer.body().size_hint().exact().is_some() || headers.contains_key(TRANSFER_ENCODING);
    answer.status() == StatusCode::OK
        && shows_its_end
        && !headers
            .iter()
            .any(|(name, value)| forbids_keeping(name, value))
}

fn forbids_keeping(name: &HeaderName, value: &HeaderValue) -> bool {
    *name == SET_COOKIE
        || *name == TRAILER
        // One that is private is the key's own, and goes to nobody else: Laravel says so of every answer.
        || *name == CACHE_CONTROL && lists(value, "no-store")
        || *name == VARY && lists(value, "*")
}

/// Whether a header has this word in its list, or cannot be read.
fn lists(value: &HeaderValue, word: &str) -> bool {
    value.to_str().map_or(true, |value| {
        let names = value.split(',').filter_map(|item| item.split('=').next());
        names
            .map(str::trim)
            .any(|name| name.eq_ignore_ascii_case(word))
    })
}

/// Leave to keep the answer to a call. Dropped, whoever waits for it goes on alone.
#[derive(Debug)]
pub(crate) struct Keeping {
    cache: Arc<Cache>,
    question: Question,
    number: u64,
    room: OwnedSemaphorePermit,
}

impl Keeping {
    pub(crate) fn new(
        cache: Arc<Cache>,
        question: Question,
        number: u64,
        room: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            cache,
            question,
            number,
            room,
        }
    }

    /// The answer to a call that went out at `at`, which is kept when its last byte has passed.
    pub(crate) fn keep(mut self, answer: Response<Body>, at: u64) -> Response<Body> {
        let length = answer.body().size_hint().lower();
        let fits = usize::try_from(length).is_ok_and(|length| length <= LARGEST);
        let headers = answer.headers().clone();
        if !fits || !self.takes(size(&headers)) {
            return answer;
        }
        let kept = Kept {
            headers,
            body: Bytes::new(),
            at,
        };
        answer.map(|body| {
            let mut kept = Recorded {
                body,
                read: BytesMut::new(),
                course: Some((self, kept)),
            };
            kept.end_if_over();
            Body::new(kept)
        })
    }

    /// Takes room for so many bytes more.
    fn takes(&mut self, bytes: usize) -> bool {
        let more = self.cache.room(bytes);
        more.map(|more| self.room.merge(more)).is_some()
    }

    fn done(mut self, answer: Kept) {
        if let Some(room) = self.room.split(self.room.num_permits()) {
            self.cache.keep(&self.question, self.number, answer, room);
        }
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.cache.give_up(&self.question, self.number);
    }
}

fn size(headers: &HeaderMap) -> usize {
    let sizes = headers.iter();
    sizes
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}

/// A body, and what of it has passed.
#[derive(Debug)]
struct Recorded {
    body: Body,
    read: BytesMut,
    /// Nothing once it is kept, or cannot be.
    course: Option<(Keeping, Kept)>,
}

impl Recorded {
    fn passed(&mut self, frame: Option<&Result<Frame<Bytes>, BoxError>>) {
        let Some((keeping, _)) = &mut self.course else {
            return;
        };
        match frame {
            None => self.end(),
            Some(Ok(frame)) => match frame.data_ref() {
                Some(data)
                    if self.read.len() + data.len() <= LARGEST && keeping.takes(data.len()) =>
                {
                    self.read.extend_from_slice(data);
                    self.end_if_over();
                }
                // Too long, or it ends in fields that would have to be kept too.
                _ => self.course = None,
            },
            Some(Err(_)) => self.course = None,
        }
    }

    fn end_if_over(&mut self) {
        if self.body.is_end_stream() {
            self.end();
        }
    }

    fn end(&mut self) {
        if let Some((keeping, kept)) = self.course.take() {
            let body = std::mem::take(&mut self.read).freeze();
            keeping.done(Kept { body, ..kept });
        }
    }
}

impl http_body::Body for Recorded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.passed(frame.as_ref());
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
