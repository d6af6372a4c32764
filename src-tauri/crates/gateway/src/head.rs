//! Heads that no request to Phare has: refused before anyone is asked who they are, or put right where there is only one
//! way to.

use std::time::Duration;

use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, request::Parts};
use uuid::{NoContext, Timestamp, Uuid};

use crate::headers::{REQUEST_ID, values};
use crate::refusal::{CallRefusal, HeadFault};

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Lets a head through that can be read in one way only, as it is decided about and sent. The rest of the path is judged
/// later, with the operation.
pub(crate) fn settle(head: &mut Parts) -> Result<(), CallRefusal> {
    if head.method == Method::TRACE || head.method == Method::CONNECT {
        // The same for every path: it is said before anyone is known, and who is not learns nothing of what exists.
        let all = gardien_domain::Method::ALL.to_vec();
        return Err(CallRefusal::MethodNotAllowed(all));
    }
    if let Some(fault) = fault(head) {
        return Err(CallRefusal::Head(fault));
    }
    if head.method == Method::HEAD {
        // Phare states no HEAD; its GET says the same, and the body stays here.
        head.method = Method::GET;
    }
    if let Some(folded) = folded(&head.uri) {
        head.uri = folded;
    }
    Ok(())
}

/// The target with one slash at its start, if it has more: a base URL that ends in one brings them. A path never means a
/// host here, so they can be read in one way only.
fn folded(target: &Uri) -> Option<Uri> {
    let target = target.path_and_query()?.as_str();
    let rest = target.trim_start_matches('/');
    if target.len() - rest.len() < 2 {
        return None;
    }
    format!("/{rest}").parse().ok()
}

fn fault(head: &Parts) -> Option<HeadFault> {
    if head.uri.authority().is_some() || head.uri.scheme().is_some() {
        return Some(HeadFault::AbsoluteTarget);
    }
    let (mut hosts, mut framings) = (0_usize, 0_usize);
    for name in head.headers.iter().map(|(name, _)| name) {
        hosts += usize::from(*name == HOST);
        framings += usize::from(*name == CONTENT_LENGTH || *name == TRANSFER_ENCODING);
    }
    if hosts > 1 {
        return Some(HeadFault::Host);
    }
    (framings > 1).then_some(HeadFault::Framing)
}

/// How long the client waits at most, where it says so. Source: RFC 7240, `Prefer: wait=N` in seconds.
pub(crate) fn patience(headers: &HeaderMap) -> Duration {
    let preferences = values(headers, PREFER)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let mut waits = preferences.filter_map(|preference| {
        let (name, seconds) = preference.split(';').next()?.split_once('=')?;
        let is_wait = name.trim().eq_ignore_ascii_case("wait");
        is_wait
            .then(|| seconds.trim().trim_matches('"').parse().ok())
            .flatten()
    });
    // The first counts, as of every preference.
    waits.next().map_or(Duration::MAX, Duration::from_secs)
}

/// The request's id: the client's if it is sane, else a new one.
pub(crate) fn request_id(headers: &HeaderMap) -> HeaderValue {
    let mut sent = values(headers, REQUEST_ID);
    if let (Some(id), None) = (sent.next(), sent.next())
        && sane_id(id.as_bytes())
    {
        return id.clone();
    }
    // No two need to be in order, which would take a lock.
    let id = Uuid::new_v7(Timestamp::now(NoContext)).hyphenated();
    HeaderValue::from_str(id.encode_lower(&mut Uuid::encode_buffer()))
        .unwrap_or(HeaderValue::from_static("none"))
}

fn sane_id(id: &[u8]) -> bool {
    (1..=128).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_says_how_long_it_waits() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(PREFER, HeaderValue::from_static(value));
            }
            patience(&headers)
        };
        for (values, seconds) in [
            (&["wait=5"][..], 5),
            (&["respond-async, Wait = \"7\"; a=b"], 7),
            (&["return=minimal", "wait=0"], 0),
            (&["wait=3, wait=9"], 3),
        ] {
            assert_eq!(of(values), Duration::from_secs(seconds), "{values:?}");
        }
        for values in [
            &[][..],
            &["wait"],
            &["wait=-1"],
            &["wait=soon"],
            &["await=3"],
        ] {
            assert_eq!(of(values), Duration::MAX, "{values:?}");
        }
    }
}
