//! A connection for one call whose body still comes, or is large. The HTTP library moves it, on a task of its own: the call
//! goes on while nobody takes what comes back. Kept for no other.

use std::error::Error as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use gardien_egress::Stream;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http1::Builder;
use tokio_util::task::AbortOnDropHandle;

use super::LineFault;
use crate::body::{Body, BoxError};

/// Bytes of an answer that are read before somebody takes them. No head of Phare's is as long.
const BUFFER: usize = 32 * 1024;

/// Sends a call, and has the head of its answer.
///
/// # Errors
/// [`LineFault`].
pub(crate) async fn send(stream: Stream, call: Request<Body>) -> Result<Response<Body>, LineFault> {
    let handshake = Builder::new().max_buf_size(BUFFER).handshake(stream).await;
    let (mut calls, connection) = handshake.map_err(fault)?;
    let moving = AbortOnDropHandle::new(tokio::spawn(async move {
        // What went wrong with it, the call or its answer says.
        let _ = connection.await;
    }));
    let answer = calls.send_request(call).await.map_err(fault)?;
    Ok(answer.map(|body| Body::new(Answer { body, moving })))
}

/// Whether the connection broke, or what was sent or answered on it is at fault.
fn fault(error: hyper::Error) -> LineFault {
    let is_io = error.source().is_some_and(|cause| cause.is::<io::Error>());
    if error.is_incomplete_message() || is_io && !error.is_user() {
        LineFault::Broken(error.into())
    } else {
        LineFault::Unreadable(error.into())
    }
}

/// The body of an answer. With it ends the connection, whatever of the call was not sent by then.
struct Answer {
    body: Incoming,
    #[expect(dead_code, reason = "held")]
    moving: AbortOnDropHandle<()>,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
