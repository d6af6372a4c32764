//! The body type that passes through the gateway in both directions, a piece at a time.

use bytes::{Bytes, BytesMut};
use http::Response;
use http::header::CONTENT_LENGTH;
use http_body::Body as _;
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

/// The answer with its head only. Its length is still told, where it is known.
pub(crate) fn without_body(answer: Response<Body>) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    if let Some(length) = body.size_hint().exact()
        && !head.headers.contains_key(CONTENT_LENGTH)
    {
        head.headers.insert(CONTENT_LENGTH, length.into());
    }
    Response::from_parts(head, Body::default())
}

/// Reads a body to its end.
///
/// # Errors
/// The body's own, or that it is larger than `limit` bytes.
pub async fn read_all(mut body: Body, limit: usize) -> Result<Bytes, BoxError> {
    let mut read = BytesMut::new();
    if let Some(first) = body.frame().await {
        let first = first?;
        match first.into_data() {
            Ok(data) if body.is_end_stream() && data.len() <= limit => return Ok(data),
            Ok(data) => read.extend_from_slice(&data),
            Err(_) => {}
        }
    }
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            read.extend_from_slice(&data);
        }
        if read.len() > limit {
            return Err("the body is too large".into());
        }
    }
    Ok(read.freeze())
}
