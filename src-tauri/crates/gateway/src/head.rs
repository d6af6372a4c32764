//! Heads that no request to Phare has. They are refused before anyone is asked who they are.

use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Method, request::Parts};

use crate::refusal::{CallRefusal, HeadFault};

/// Lets a head through that can be read in one way only. The path is judged later, with the operation.
pub(crate) fn check(head: &Parts) -> Result<(), CallRefusal> {
    if head.method == Method::TRACE || head.method == Method::CONNECT {
        return Err(CallRefusal::MethodNotAllowed);
    }
    fault(head).map_or(Ok(()), |fault| Err(CallRefusal::Head(fault)))
}

fn fault(head: &Parts) -> Option<HeadFault> {
    if head.uri.authority().is_some() || head.uri.scheme().is_some() {
        return Some(HeadFault::AbsoluteTarget);
    }
    if count(&head.headers, HOST) > 1 {
        return Some(HeadFault::Host);
    }
    let lengths = count(&head.headers, CONTENT_LENGTH);
    let encodings = count(&head.headers, TRANSFER_ENCODING);
    if lengths > 1 || encodings > 1 || lengths + encodings > 1 {
        return Some(HeadFault::Framing);
    }
    None
}

fn count(headers: &HeaderMap, name: http::HeaderName) -> usize {
    headers.get_all(name).iter().count()
}

/// The request's id: the client's if it is sane, else a new one.
pub(crate) fn request_id(headers: &HeaderMap) -> http::HeaderValue {
    let mut sent = headers.get_all(crate::headers::REQUEST_ID).iter();
    if let (Some(id), None) = (sent.next(), sent.next())
        && sane_id(id.as_bytes())
    {
        return id.clone();
    }
    http::HeaderValue::try_from(uuid::Uuid::now_v7().to_string())
        .unwrap_or(http::HeaderValue::from_static("none"))
}

fn sane_id(id: &[u8]) -> bool {
    (1..=128).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}
