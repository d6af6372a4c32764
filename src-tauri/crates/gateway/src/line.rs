//! A connection to the upstream that carries one call at a time. The call is written from its parts, and the answer read by
//! whoever waits for it: nothing else moves the connection, and nobody has to be woken to do so.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use gardien_egress::Stream;
use http::Response;
use http_body::{Frame, SizeHint};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::unconstrained;

use crate::body::{Body, BoxError};
use crate::pool::Shelf;
use answer::{Framing, Taken};
pub(crate) use call::Outgoing;

pub(crate) mod alone;
mod answer;
mod call;

/// Bytes that are read at once, and that are written at once or not at all: TLS sends them in one piece.
const AT_ONCE: usize = 16 * 1024;

/// A connection, and what was read of it and not taken yet.
pub(crate) struct Line<S = TokioIo<Stream>> {
    /// On the heap: one that can speak TLS is large, and a line goes from hand to hand.
    stream: Box<S>,
    read: Bytes,
}

/// How much of a call is written.
#[derive(Default)]
struct Sent {
    bytes: usize,
    /// Nothing of it is held back, either.
    is_all: bool,
}

/// Why a call had no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LineFault {
    /// The connection was closed before anything was written.
    #[error("the connection was closed before the call was sent")]
    Unsent(#[source] BoxError),
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[source] BoxError),
    /// What came is no answer, or what was to be sent could not be read.
    #[error("the answer cannot be read")]
    Unreadable(#[source] BoxError),
}

impl Line {
    pub(crate) fn on(stream: Stream) -> Self {
        Self {
            stream: Box::new(TokioIo::new(stream)),
            read: Bytes::new(),
        }
    }

    /// Whether it can take a call now, as far as can be seen from here. What comes unasked is nobody's answer.
    pub(crate) fn is_free(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.read.is_empty() {
            return false;
        }
        // A runtime that wants its turn back would say that nothing has come.
        let mut look = pin!(unconstrained(poll_fn(|cx| self.poll_fill(cx))));
        look.as_mut().poll(cx).is_pending()
    }

    /// Sends a call, and has the head of its answer. When the answer is over, the connection goes onto the shelf.
    ///
    /// # Errors
    /// [`LineFault`].
    pub(crate) fn send(
        mut self,
        call: &Outgoing<'_>,
        body: &[u8],
        shelf: &Arc<Shelf>,
    ) -> impl Future<Output = Result<Response<Body>, LineFault>> + Send {
        let written = call.written(body);
        let mut sent = Sent::default();
        async move {
            let head = poll_fn(|cx| self.poll_exchange(&written.bytes, &mut sent, cx)).await?;
            let is_kept = head.is_kept && sent.is_all;
            let mut answer = Answer {
                line: Some(self),
                framing: head.framing,
                shelf: is_kept.then(|| shelf.clone()),
            };
            let body = match answer.at_once() {
                Some(whole) => Body::whole(whole),
                None => Body::new(answer),
            };
            Ok(head.response.map(|()| body))
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    /// Writes the call, and reads for its answer: some are answered before all was written.
    fn poll_exchange(
        &mut self,
        call: &[u8],
        sent: &mut Sent,
        cx: &mut Context<'_>,
    ) -> Poll<Result<answer::Head, LineFault>> {
        let written = self.poll_write(call, sent, cx);
        sent.is_all = matches!(written, Poll::Ready(Ok(())));
        if let Poll::Ready(Err(error)) = &written
            && sent.bytes == 0
            && call.len() <= AT_ONCE
        {
            return Poll::Ready(Err(LineFault::Unsent(error.to_string().into())));
        }
        loop {
            if let Some((head, length)) = answer::read_head(&self.read)? {
                self.read.advance(length);
                match head {
                    Some(head) => return Poll::Ready(Ok(head)),
                    // It only says that there will be one.
                    None => continue,
                }
            }
            match self.poll_fill(cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(closed())),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => {
                    return Poll::Ready(Err(LineFault::Broken(error.into())));
                }
                Poll::Pending => break,
            }
        }
        match written {
            Poll::Ready(Err(error)) => Poll::Ready(Err(LineFault::Broken(error.into()))),
            _ => Poll::Pending,
        }
    }

    fn poll_write(
        &mut self,
        call: &[u8],
        sent: &mut Sent,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(rest) = call.get(sent.bytes..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                more => sent.bytes += more,
            }
        }
        // Each time: TLS takes more than it has sent.
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Reads what has come; nothing where the other side has closed.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        // Not kept by the connection: while it waits, it needs no room.
        let mut room = [const { MaybeUninit::uninit() }; AT_ONCE];
        let mut room = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut room))?;
        let more = room.filled();
        if self.read.is_empty() {
            self.read = Bytes::copy_from_slice(more);
        } else {
            let mut all = BytesMut::from(std::mem::take(&mut self.read));
            all.extend_from_slice(more);
            self.read = all.freeze();
        }
        Poll::Ready(Ok(more.len()))
    }
}

fn closed() -> LineFault {
    LineFault::Broken("the connection was closed before the answer".into())
}

/// The body of an answer, read as it is asked for.
struct Answer {
    /// Until the answer is over.
    line: Option<Line>,
    framing: Framing,
    /// Where the connection goes then, if another call may go over it.
    shelf: Option<Arc<Shelf>>,
}

impl Answer {
    /// All of it, if it is there already.
    fn at_once(&mut self) -> Option<Bytes> {
        let line = self.line.as_mut()?;
        let whole = self.framing.whole(&mut line.read)?;
        self.is_over();
        Some(whole)
    }

    fn is_over(&mut self) {
        if let Some(mut line) = self.line.take()
            && let Some(shelf) = self.shelf.take()
        {
            if line.read.is_empty() {
                // Not what held the answer, either.
                line.read = Bytes::new();
            }
            shelf.put(line);
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        while let Some(line) = &mut self.line {
            match self.framing.take(&mut line.read)? {
                Taken::Bytes(bytes) => {
                    if self.framing.is_over() {
                        self.is_over();
                    }
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Taken::End => self.is_over(),
                Taken::Nothing => {
                    if ready!(line.poll_fill(cx))? == 0 {
                        if !self.framing.ends_with_the_connection() {
                            return Poll::Ready(Some(Err("the answer breaks off".into())));
                        }
                        self.line = None;
                    }
                }
            }
        }
        Poll::Ready(None)
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let next = ready!(self.poll_next(cx));
        if matches!(next, Some(Err(_))) {
            self.line = None;
        }
        Poll::Ready(next.map(|next| next.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.line.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.framing.size_hint()
    }
}

#[cfg(test)]
mod tests;
