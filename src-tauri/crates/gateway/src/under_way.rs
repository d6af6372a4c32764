//! What a secret has under way, and its end: whoever takes a key's right away ends its calls, too.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use gardien_domain::Refusal;
use http_body::{Body as _, Frame, SizeHint};
use tokio::sync::watch;

use crate::body::{Body, BoxError, boxed};
use crate::refusal::CallRefusal;

/// Ends the calls of one secret.
#[derive(Debug)]
pub(crate) struct Calls(watch::Sender<Option<Refusal>>);

impl Default for Calls {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Calls {
    /// Ends all that are under way, for this reason. Those that begin later are not touched.
    pub(crate) fn end(&mut self, refusal: Refusal) {
        std::mem::take(self).0.send_replace(Some(refusal));
    }

    /// One more.
    pub(crate) fn begin(&self) -> Ended {
        Ended(self.0.subscribe())
    }
}

/// The end that a call may come to before its own. Stands on its answer, for whoever accepted the connection: while a
/// client takes nothing, nobody may ask the answer itself.
#[derive(Debug, Clone)]
pub struct Ended(watch::Receiver<Option<Refusal>>);

impl Ended {
    /// Why it may not go on; never, if it may.
    pub(crate) async fn reason(&mut self) -> CallRefusal {
        loop {
            if let Some(refusal) = self.0.borrow_and_update().clone() {
                return CallRefusal::Decided(refusal);
            }
            if self.0.changed().await.is_err() {
                std::future::pending().await
            }
        }
    }

    /// Comes back when the call may not go on; never, if it may.
    pub async fn over(mut self) {
        self.reason().await;
    }

    /// A body that ends in an error, and its connection with it, once the call may not go on. What is there to its last
    /// byte by then still passes.
    pub(crate) fn cuts(mut self, body: Body) -> Body {
        if body.is_end_stream() {
            return body;
        }
        boxed(Cut {
            body,
            ended: Box::pin(async move { self.reason().await }),
            is_over: false,
        })
    }
}

struct Cut {
    body: Body,
    ended: Pin<Box<dyn Future<Output = CallRefusal> + Send>>,
    is_over: bool,
}

impl http_body::Body for Cut {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        let is_last = match &frame {
            Poll::Ready(Some(_)) => self.body.is_end_stream(),
            Poll::Ready(None) => true,
            Poll::Pending => false,
        };
        self.is_over = self.is_over || !is_last && self.ended.as_mut().poll(cx).is_ready();
        if self.is_over {
            return Poll::Ready(Some(Err("the key may not call any more".into())));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cut")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
