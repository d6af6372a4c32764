//! The heads of a connection, judged before the HTTP library sees them.
//!
//! The library is lenient where a proxy must not be: it accepts a length together with an encoding, a missing
//! Host, bare line feeds. Here a head is held back until it is whole; one that can be read in more than one
//! way is replaced by a blank request, and the service is told why, so that the client gets a clear answer.
//! Only bytes that belong to a judged message are ever let through.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use tokio_util::io::poll_read_buf;

use self::judge::BodyLength;
pub(crate) use self::judge::Judge;

mod judge;

/// What the library reads in place of a head that was refused.
const BLANK: &[u8] = b"GET / HTTP/1.1\r\nhost: refused\r\n\r\n";
/// For so long a connection that is closed early is still read, so that the answer is not lost with it.
const LINGER: Duration = Duration::from_secs(1);
/// At least so much is read at once.
const READ: usize = 8 * 1024;

/// What is wrong with a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FramingFault {
    /// Not HTTP/1, or a line that can be read in more than one way.
    Syntax,
    /// The target is not a path.
    Target,
    /// Not exactly one Host that is one.
    Host,
    /// The length of the body is stated in no way or in more than one that everybody reads alike.
    Framing,
    /// More bytes or more headers than anyone needs.
    TooLarge,
    /// It did not come in time.
    TooSlow,
}

impl FramingFault {
    /// The status it is answered with.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Syntax | Self::Target | Self::Host | Self::Framing => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
        }
    }

    /// The stable code and the words for people.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Syntax => (
                "malformed_request",
                "The request is not well-formed HTTP/1.1.",
            ),
            Self::Target => ("malformed_request", "The request target must be a path."),
            Self::Host => (
                "malformed_request",
                "The request needs exactly one Host header.",
            ),
            Self::Framing => (
                "malformed_request",
                "The request does not state the length of its body in exactly one way.",
            ),
            Self::TooLarge => ("head_too_large", "The head of the request is too large."),
            Self::TooSlow => (
                "request_timeout",
                "The head of the request did not come in time.",
            ),
        }
    }
}

/// What a head says about its message. Readable by the time the service is called with the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verdict {
    /// The head was refused; the request that the service sees is a blank.
    pub fault: Option<FramingFault>,
    /// No other message may follow on the connection: the end of this one is not known here.
    pub last: bool,
}

/// The verdict on the newest head of a connection, shared with its service.
pub type SharedVerdict = Arc<Mutex<Verdict>>;

/// How much a head may take.
#[derive(Debug, Clone, Copy)]
pub struct HeadLimits {
    /// Bytes.
    pub bytes: usize,
    /// From its first byte to its last; the first head from the start of the connection.
    pub time: Duration,
}

/// A connection that lets only well-framed requests through.
#[derive(Debug)]
pub struct Framed<S> {
    stream: S,
    judge: Judge,
    /// How long a head may take.
    time: Duration,
    verdict: SharedVerdict,
    /// Read and not yet let through.
    buffer: BytesMut,
    /// So many bytes more belong to the message that was judged last.
    pass: u64,
    refused: bool,
    timer: Option<Pin<Box<Sleep>>>,
    linger: Option<Pin<Box<Sleep>>>,
}

impl<S> Framed<S> {
    /// Wraps a fresh connection.
    pub fn new(stream: S, limits: HeadLimits) -> (Self, SharedVerdict) {
        let timer = Some(Box::pin(sleep(limits.time)));
        Self::going_on(stream, limits, Bytes::new(), timer)
    }

    /// Wraps a connection of which this was read, and whose head is awaited until the timer ends.
    pub(crate) fn going_on(
        stream: S,
        limits: HeadLimits,
        read: Bytes,
        timer: Option<Pin<Box<Sleep>>>,
    ) -> (Self, SharedVerdict) {
        let verdict = SharedVerdict::default();
        let framed = Self {
            stream,
            judge: Judge::new(limits),
            time: limits.time,
            verdict: verdict.clone(),
            buffer: read.into(),
            pass: 0,
            refused: false,
            timer,
            linger: None,
        };
        (framed, verdict)
    }

    /// Judges the head at the front of the buffer, if all of it is there.
    fn judge(&mut self) {
        // A client may send an empty line before a request.
        while self.judge.scanned == 0 && self.buffer.starts_with(b"\r\n") {
            self.buffer.advance(2);
        }
        match self.judge.head(&self.buffer) {
            Ok(Some((end, body))) => self.let_through(end, body),
            Ok(None) => {}
            Err(fault) => self.refuse(fault),
        }
    }

    fn let_through(&mut self, head: usize, body: BodyLength) {
        let (length, last) = match body {
            BodyLength::Known(length) => (length, false),
            BodyLength::Chunked => (u64::MAX, true),
        };
        self.pass = length.saturating_add(head as u64);
        self.timer = None;
        self.tell(Verdict { fault: None, last });
    }

    fn refuse(&mut self, fault: FramingFault) {
        self.buffer.clear();
        self.buffer.extend_from_slice(BLANK);
        self.pass = BLANK.len() as u64;
        self.refused = true;
        self.timer = None;
        self.tell(Verdict {
            fault: Some(fault),
            last: true,
        });
    }

    fn tell(&self, verdict: Verdict) {
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = verdict;
    }

    /// Whether the head that is awaited is overdue. One that never began ends the connection without a word.
    fn overdue(&mut self, cx: &mut Context<'_>) -> bool {
        if self.timer.is_none() && !self.buffer.is_empty() {
            self.timer = Some(Box::pin(sleep(self.time)));
        }
        self.timer
            .as_mut()
            .is_some_and(|timer| timer.as_mut().poll(cx).is_ready())
    }
}

impl<S: AsyncRead + Unpin> Framed<S> {
    /// Reads to where the bytes are wanted, while none are held back: true when some stay there or there are none to come,
    /// false when all are held back now.
    fn poll_directly(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<bool>> {
        let begin = out.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, out))?;
        let read = &out.filled()[begin..];
        if read.is_empty() {
            self.end();
            return Poll::Ready(Ok(true));
        }
        if self.pass == 0 && !read.starts_with(b"\r") {
            match self.judge.head(read) {
                Ok(Some((end, body))) => self.let_through(end, body),
                Ok(None) => {}
                Err(fault) => {
                    out.set_filled(begin);
                    self.refuse(fault);
                    return Poll::Ready(Ok(false));
                }
            }
        }
        let passes = usize::try_from(self.pass).map_or(read.len(), |pass| pass.min(read.len()));
        self.buffer.extend_from_slice(&read[passes..]);
        self.pass -= passes as u64;
        out.set_filled(begin + passes);
        Poll::Ready(Ok(passes > 0))
    }

    /// What is left of a head that never became whole is nobody's.
    fn end(&mut self) {
        self.pass = 0;
        self.judge.scanned = 0;
        self.buffer.clear();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Framed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.pass == 0 && !this.refused && !this.buffer.is_empty() {
                this.judge();
            }
            let ready = this.buffer.len().min(out.remaining());
            let ready = usize::try_from(this.pass).map_or(ready, |pass| ready.min(pass));
            if ready > 0 || out.remaining() == 0 {
                out.put_slice(&this.buffer[..ready]);
                this.buffer.advance(ready);
                this.pass -= ready as u64;
                return Poll::Ready(Ok(()));
            }
            if this.pass == 0 && this.refused {
                // Nothing more is read. The answer closes the connection.
                return Poll::Pending;
            }
            if this.pass == 0 && this.overdue(cx) {
                if this.buffer.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                this.refuse(FramingFault::TooSlow);
                continue;
            }
            if this.buffer.is_empty() {
                if ready!(this.poll_directly(cx, out))? {
                    return Poll::Ready(Ok(()));
                }
                continue;
            }
            this.buffer.reserve(READ);
            let read = ready!(poll_read_buf(
                Pin::new(&mut this.stream),
                cx,
                &mut this.buffer
            ))?;
            if read == 0 {
                this.end();
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Framed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Closes our half. A client that is still sending is listened to a little longer: were the connection
    /// dropped on it, it would lose the answer too.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            if this.pass == 0 && !this.refused {
                return Poll::Ready(Ok(()));
            }
        }
        let linger = this.linger.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        while linger.as_mut().poll(cx).is_pending() {
            this.buffer.clear();
            this.buffer.reserve(READ);
            match ready!(poll_read_buf(
                Pin::new(&mut this.stream),
                cx,
                &mut this.buffer
            )) {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests;
