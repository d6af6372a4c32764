//! Requests as most are: whole with one read, without a body, and with an answer that is there as a whole. They are read and answered
//! here. Whatever is not as plain goes on with the HTTP library, and its connection with it.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use gardien_gateway::BoxError;
use http::Request;
use http_body::{Body, Frame};
use http_body_util::{Either, Empty};
use tokio::io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::current::Current;
use super::written::{Date, written};
use super::{Given, Incoming, ListenLimits};
use crate::clock::system_clock;
use crate::framing::Judge;
use crate::places::{InRequest, Place};
use crate::socket::Socket;

/// Bytes that are read at once; a head that is larger is not plain.
const AT_ONCE: usize = 8 * 1024;
/// Bytes of the largest body that is written with its head. The system takes them at once.
const LARGEST: u64 = 32 * 1024;

/// A connection while its requests are plain.
pub(super) struct Plain<'a> {
    socket: &'a mut Socket,
    place: &'a Arc<Place>,
    current: &'a Current,
    /// No request may follow the one that is answered.
    closing: &'a AtomicBool,
    judge: Judge,
    /// What was read and not answered.
    read: Bytes,
    /// Until then the first head has to have come.
    timer: Option<Pin<Box<Sleep>>>,
    date: Date,
}

/// What the HTTP library goes on with.
pub(super) struct Rest<B> {
    /// What was read of the connection.
    pub(super) read: Bytes,
    /// Until then the first head has to have come.
    pub(super) timer: Option<Pin<Box<Sleep>>>,
    /// The answer to the request that was read, if there is one already.
    pub(super) answered: Option<Answered<B>>,
}

/// A request that has its answer.
pub(super) struct Answered<B> {
    pub(super) given: Given<B>,
    /// What its body said when it was asked whether all of it is there.
    pub(super) begun: Option<Result<Frame<Bytes>, BoxError>>,
    pub(super) in_request: InRequest,
}

impl<B> Rest<B> {
    /// All of it: nothing of it was read.
    pub(super) fn all(limits: &ListenLimits) -> Self {
        Self {
            read: Bytes::new(),
            timer: Some(Box::pin(sleep(limits.head.time))),
            answered: None,
        }
    }
}

impl<'a> Plain<'a> {
    pub(super) fn of(
        socket: &'a mut Socket,
        place: &'a Arc<Place>,
        current: &'a Current,
        closing: &'a AtomicBool,
        limits: &ListenLimits,
    ) -> Self {
        Self {
            socket,
            place,
            current,
            closing,
            judge: Judge::new(limits.head),
            read: Bytes::new(),
            timer: Some(Box::pin(sleep(limits.head.time))),
            date: Date::by(system_clock()),
        }
    }

    /// Answers one request after the other, to the end of the connection or up to one that is not plain.
    pub(super) async fn serve<S, F, B>(mut self, service: &S) -> io::Result<Option<Rest<B>>>
    where
        S: Fn(Request<Incoming>) -> F,
        F: Future<Output = Given<B>>,
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<BoxError>,
    {
        loop {
            if self.read.is_empty() && !self.is_read().await? {
                break;
            }
            let Some((head, length)) = self.judge.plain(&self.read) else {
                return Ok(Some(self.rest(None)));
            };
            let Some(in_request) = self.place.request() else {
                return Ok(Some(self.rest(None)));
            };
            let lasting = self.current.begin();
            self.timer = None;
            let mut next = self.read.split_off(length);
            let request = Request::from_parts(head, Either::Left(Empty::new()));
            let given = {
                let mut answering = pin!(service(request));
                poll_fn(|cx| match answering.as_mut().poll(cx) {
                    Poll::Ready(given) => Poll::Ready(Ok(given)),
                    Poll::Pending => self.poll_gone(&mut next, cx).map(Err),
                })
                .await?
            };
            let begun = None;
            let mut answered = Answered {
                given,
                begun,
                in_request,
            };
            let Some(body) = answered.whole() else {
                let mut read = BytesMut::from(self.read);
                read.extend_from_slice(&next);
                self.read = read.freeze();
                return Ok(Some(self.rest(Some(answered))));
            };
            let is_last = answered.in_request.is_last() || self.is_closing();
            let answer = &answered.given.answer;
            let bytes = written(answer, &body, is_last, &mut self.date);
            self.socket.write_all(&bytes).await?;
            drop((answered, lasting));
            if is_last {
                break;
            }
            self.read = next;
        }
        self.socket.shutdown().await?;
        Ok(None)
    }

    fn rest<B>(self, answered: Option<Answered<B>>) -> Rest<B> {
        Rest {
            read: self.read,
            timer: self.timer,
            answered,
        }
    }

    /// Waits for what comes next; false where there is to be nothing more.
    async fn is_read(&mut self) -> io::Result<bool> {
        poll_fn(|cx| {
            if self.is_closing() {
                return Poll::Ready(Ok(false));
            }
            if let Poll::Ready(read) = poll_read(self.socket, cx) {
                self.read = read?;
                return Poll::Ready(Ok(!self.read.is_empty()));
            }
            match &mut self.timer {
                Some(timer) => timer.as_mut().poll(cx).map(|()| Ok(false)),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Comes back when the client has gone while it is answered. One that sends its next request has not.
    fn poll_gone(&mut self, next: &mut Bytes, cx: &mut Context<'_>) -> Poll<io::Error> {
        if !next.is_empty() {
            return Poll::Pending;
        }
        match ready!(poll_read(self.socket, cx)) {
            Ok(read) if read.is_empty() => Poll::Ready(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                *next = read;
                Poll::Pending
            }
            Err(error) => Poll::Ready(error),
        }
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }
}

impl<B> Answered<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    /// The body of the answer, if all of it is there and nothing may cut it off.
    fn whole(&mut self) -> Option<Bytes> {
        if self.given.until.is_some() {
            return None;
        }
        let body = self.given.answer.body_mut();
        let length = body.size_hint().exact().filter(|it| *it <= LARGEST)?;
        if length == 0 {
            return Some(Bytes::new());
        }
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(Some(frame)) = Pin::new(body).poll_frame(&mut cx) else {
            return None;
        };
        let data = frame.as_ref().ok().and_then(Frame::data_ref);
        let whole = data.filter(|data| data.len() as u64 == length).cloned();
        if whole.is_none() {
            self.begun = Some(frame.map_err(Into::into));
        }
        whole
    }
}

/// Reads what has come; nothing where the other side has closed.
fn poll_read(socket: &mut Socket, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
    // Not kept by the connection: while it waits, it needs no room.
    let mut room = [const { MaybeUninit::uninit() }; AT_ONCE];
    let mut room = ReadBuf::uninit(&mut room);
    ready!(Pin::new(socket).poll_read(cx, &mut room))?;
    Poll::Ready(Ok(Bytes::copy_from_slice(room.filled())))
}

#[cfg(test)]
mod tests;
