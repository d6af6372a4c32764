//! What a secret has under way, and its end: whoever takes a key's right away ends its calls, too.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use gardien_domain::Refusal;
use http_body::{Frame, SizeHint};
use once_cell::race::OnceBox;
use tokio::sync::Notify;

use crate::body::{Body, BoxError};
use crate::refusal::CallRefusal;

/// Ends the calls of one secret. Clones are one. Nothing until the secret calls, and little then: most never do.
#[derive(Debug, Default)]
pub(crate) struct Calls(OnceBox<Arc<End>>);

/// The end of calls, once it has come.
#[derive(Debug, Default)]
struct End {
    refusal: OnceBox<Refusal>,
    come: Notify,
}

impl Calls {
    /// Ends all of them for this reason, those that have only just begun, too.
    pub(crate) fn end(&self, refusal: Refusal) {
        let end = self.coming();
        // The first reason stands.
        end.refusal.set(Box::new(refusal)).ok();
        end.come.notify_waiters();
    }

    /// One more.
    pub(crate) fn begin(&self) -> Ended {
        Ended(self.coming().clone())
    }

    fn coming(&self) -> &Arc<End> {
        self.0.get_or_init(Box::default)
    }
}

impl Clone for Calls {
    fn clone(&self) -> Self {
        Self(OnceBox::with_value(Box::new(self.coming().clone())))
    }
}

/// The end that a call may come to before its own. Stands on its answer, for whoever accepted the connection: while a
/// client takes nothing, nobody may ask the answer itself.
#[derive(Debug, Clone)]
pub struct Ended(Arc<End>);

impl Ended {
    /// Why it may not go on, if it may not.
    pub(crate) fn refusal(&self) -> Option<CallRefusal> {
        let refusal = self.0.refusal.get()?;
        Some(CallRefusal::Decided(refusal.clone()))
    }

    /// Why it may not go on; never, if it may.
    pub(crate) async fn reason(&self) -> CallRefusal {
        loop {
            let mut come = pin!(self.0.come.notified());
            let refusal = poll_fn(|cx| {
                // Listening before looking: an end in between is not missed.
                let come = come.as_mut().poll(cx);
                match self.refusal() {
                    None => come.map(|()| None),
                    refusal => Poll::Ready(refusal),
                }
            });
            if let Some(refusal) = refusal.await {
                return refusal;
            }
        }
    }

    /// Comes back when the call may not go on; never, if it may.
    pub async fn over(self) {
        self.reason().await;
    }

    /// A body that ends in an error, and its connection with it, once the call may not go on. What is there to its last
    /// byte by then still passes.
    pub(crate) fn cuts(self, body: Body) -> Body {
        if body.as_whole().is_some() {
            return body;
        }
        Body::new(Cut {
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
