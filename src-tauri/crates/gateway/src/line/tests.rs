use futures_util::FutureExt as _;

use super::*;

/// One that takes what it is given and holds it back until it is flushed for the second time, as TLS may. It is answered then.
#[derive(Default)]
struct HeldBack {
    flushed: usize,
}

impl AsyncWrite for HeldBack {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flushed += 1;
        if self.flushed > 1 {
            return Poll::Ready(Ok(()));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for HeldBack {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.flushed < 2 {
            return Poll::Pending;
        }
        out.put_slice(b"HTTP/1.1 204 No Content\r\n\r\n");
        Poll::Ready(Ok(()))
    }
}

#[test]
fn what_is_held_back_is_sent_by_the_next_look() {
    let mut line = Line {
        stream: Box::<HeldBack>::default(),
        read: Bytes::new(),
    };
    let mut sent = Sent::default();
    let mut look = || poll_fn(|cx| line.poll_exchange(b"GET", &mut sent, cx)).now_or_never();
    assert!(look().is_none());
    let answered = look().unwrap().unwrap();
    assert_eq!(answered.response.status(), 204);
    assert!(sent.is_all);
}
