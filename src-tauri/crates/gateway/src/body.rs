//! The body type that passes through the gateway in both directions, a piece at a time.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};

/// The error of a body or of a collaborator, whatever it is.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body of any origin.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// A body from outside as ours.
pub(crate) fn boxed<B>(body: B) -> Body
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    body.map_err(Into::into).boxed_unsync()
}

/// A body that is already there.
pub(crate) fn whole(bytes: impl Into<Bytes>) -> Body {
    boxed(Full::new(bytes.into()))
}
