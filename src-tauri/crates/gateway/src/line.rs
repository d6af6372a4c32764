//! A connection to the upstream, moved by the call that it carries: it has no task of its own, so that a call and its answer
//! stay with whoever waits for them.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bell::Bell;
use bytes::Bytes;
use gardien_egress::Stream;
use http::{Request, Response};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};

use crate::body::{Body, BoxError, boxed};
use crate::pool::Shelf;

mod bell;

/// Bytes of an answer that are read before somebody takes them. No head of Phare's is as long.
const BUFFER: usize = 32 * 1024;

/// A connection that carries one call at a time.
pub(crate) struct Line {
    calls: SendRequest<Body>,
    /// Nothing once it is closed. Kept longer, it would keep the call that it did not send, too.
    connection: Moving,
    bell: Bell,
}

type Moving = Option<Pin<Box<Connection<Stream, Body>>>>;

impl Line {
    /// One on a stream that was just opened.
    ///
    /// # Errors
    /// The HTTP library's.
    pub(crate) async fn begin(stream: Stream) -> hyper::Result<Self> {
        let handshake = Builder::new().max_buf_size(BUFFER).handshake(stream);
        let (calls, connection) = handshake.await?;
        Ok(Self {
            calls,
            connection: Some(Box::pin(connection)),
            bell: Bell::default(),
        })
    }

    /// Whether it can take a call now, as far as can be seen from here.
    pub(crate) fn is_free(&mut self, cx: &mut Context<'_>) -> bool {
        let connection = &mut self.connection;
        let is_closed = self.bell.hears(cx, |cx| moves(connection, cx));
        is_closed.is_pending() && self.calls.is_ready()
    }

    /// Sends a call, and has the head of its answer. When the answer is over, the connection goes onto the shelf.
    ///
    /// # Errors
    /// The HTTP library's; with the call, if nothing of it was sent.
    pub(crate) async fn send(
        mut self,
        call: Request<Body>,
        shelf: &Arc<Shelf>,
    ) -> Result<Response<Body>, TrySendError<Request<Body>>> {
        let answer = {
            let Self {
                calls,
                connection,
                bell,
            } = &mut self;
            // Sent by the first look, so that nobody is woken by it.
            let mut answer = pin!(async { calls.try_send_request(call).await });
            let look = |cx: &mut Context<'_>| {
                let sent = answer.as_mut().poll(cx);
                if sent.is_pending() {
                    let _ = moves(connection, cx);
                    return answer.as_mut().poll(cx);
                }
                sent
            };
            bell.waits(look).await?
        };
        let (line, shelf) = (Some(self), shelf.clone());
        Ok(answer.map(|body| {
            let mut answer = Answer { body, line, shelf };
            // Nobody would ask for what it does not have.
            if answer.body.is_end_stream() {
                answer.is_over();
            }
            boxed(answer)
        }))
    }

    /// The same for a call that the upstream may take its time to read: moved by a task of its own, so that the call goes on while
    /// nobody takes what comes back. Kept for no other.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) async fn send_alone(
        mut self,
        call: Request<Body>,
    ) -> Result<Response<Body>, TrySendError<Request<Body>>> {
        if let Some(connection) = self.connection.take() {
            tokio::spawn(connection);
        }
        Ok(self.calls.try_send_request(call).await?.map(boxed))
    }
}

/// Comes back when the connection is closed.
fn moves(moving: &mut Moving, cx: &mut Context<'_>) -> Poll<()> {
    if let Some(connection) = moving {
        // What went wrong with it, the call or its answer says.
        let _ = ready!(connection.as_mut().poll(cx));
        *moving = None;
    }
    Poll::Ready(())
}

/// The body of an answer, which moves the connection that it comes by.
struct Answer {
    body: Incoming,
    /// Until the answer is over.
    line: Option<Line>,
    shelf: Arc<Shelf>,
}

impl Answer {
    fn is_over(&mut self) {
        if let Some(line) = self.line.take() {
            self.shelf.put(line);
        }
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Self { body, line, .. } = &mut *self;
        let mut body_of = |cx: &mut Context<'_>| Pin::new(&mut *body).poll_frame(cx);
        let frame = match line {
            None => body_of(cx),
            Some(Line {
                connection, bell, ..
            }) => bell.hears(cx, |cx| {
                let frame = body_of(cx);
                if frame.is_pending() {
                    let _ = moves(connection, cx);
                    return body_of(cx);
                }
                frame
            }),
        };
        match &frame {
            Poll::Ready(Some(Ok(_))) if !self.body.is_end_stream() => {}
            Poll::Ready(Some(Err(_))) => self.line = None,
            Poll::Ready(_) => self.is_over(),
            Poll::Pending => {}
        }
        frame.map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
