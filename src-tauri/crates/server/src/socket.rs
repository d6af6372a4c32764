//! The socket of a client: reset unless it ends in order, and given up when the client takes nothing.
//!
//! An answer without a stated length ends where its connection ends. Were the connection merely closed when an answer is
//! cut off, by an error, a bound, or the end of this process, half of it would look like the whole of it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use gardien_gateway::{MinDataRate, Progress};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::listen::Current;

/// Bytes that the system keeps for a client that does not take them yet.
const SEND_BUFFER: usize = 64 * 1024;

pub(crate) struct Socket {
    stream: TcpStream,
    progress: Progress,
    /// Whether its client was ever waited for. Before, there is nothing to reckon.
    was_slow: bool,
    overdue: Option<Pin<Box<Sleep>>>,
    current: Current,
}

impl Socket {
    /// # Errors
    /// The system's, when the connection is gone already.
    pub(crate) fn new(stream: TcpStream, rate: MinDataRate, current: Current) -> io::Result<Self> {
        let socket = SockRef::from(&stream);
        // Without it small answers wait for the client's acknowledgements.
        socket.set_tcp_nodelay(true)?;
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.set_linger(Some(Duration::ZERO))?;
        Ok(Self {
            stream,
            progress: Progress::at(rate),
            was_slow: false,
            overdue: None,
            current,
        })
    }

    /// Nothing is cut off by closing it now.
    fn end_in_order(&self) -> io::Result<()> {
        SockRef::from(&self.stream).set_linger(None)
    }

    fn written(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(result) = written {
            if self.was_slow {
                let bytes = *result.as_ref().unwrap_or(&0);
                self.progress.passed(bytes, Instant::now());
            }
            if self.overdue.take().is_some() {
                self.current.is_taken();
            }
            return Poll::Ready(result);
        }
        let now = Instant::now();
        self.was_slow = true;
        self.progress.waits(now);
        let deadline = self.progress.deadline().unwrap_or(now);
        let overdue = self
            .overdue
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        ready!(overdue.as_mut().poll(cx));
        let slow = "the client does not take its answer";
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, slow)))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, out)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.written(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end_in_order()?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
