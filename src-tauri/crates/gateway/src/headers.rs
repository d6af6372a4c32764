//! Which headers cross the gateway. What concerns one connection only, and whatever says who is calling or
//! for which project, never does.

use std::time::Duration;

use gardien_domain::ProjectId;
use http::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const PROJECT_ID: HeaderName = HeaderName::from_static("x-phare-project-id");
pub(crate) const PROJECT_SLUG: HeaderName = HeaderName::from_static("x-phare-project-slug");

/// The client's headers as the upstream gets them.
pub(crate) fn outgoing(
    headers: &mut HeaderMap,
    project: Option<ProjectId>,
    request_id: &HeaderValue,
) {
    // First, so that what the client asks to have removed cannot reach what is set below.
    remove_those(headers, |name| match name {
        // Links are looked for in what comes back, which therefore must not be compressed.
        "accept-encoding" => true,
        "authorization" | "cookie" | "forwarded" | "x-real-ip" => true,
        // The body's own size speaks for itself on the next connection.
        "content-length" => true,
        // The listener has answered it.
        "expect" => true,
        // It names us.
        "host" => true,
        "x-phare-project-id" | "x-phare-project-slug" => true,
        _ => may_stand_for_another(name) || name.starts_with("x-forwarded-"),
    });
    if let Some(ProjectId(id)) = project {
        headers.insert(PROJECT_ID, id.into());
    }
    headers.insert(REQUEST_ID, request_id.clone());
}

/// The upstream's headers as the client gets them.
pub(crate) fn incoming(headers: &mut HeaderMap) {
    remove_those(headers, |name| match name {
        "set-cookie" => true,
        // It leads past us.
        "alt-svc" => true,
        // Keys do not belong into pages: no other origin is allowed.
        _ => name.starts_with("access-control-"),
    });
}

/// Says how long a call waited for its turn, if it did. Source: W3C Server Timing, milliseconds.
pub(crate) fn waited(headers: &mut HeaderMap, waited: Duration) {
    let milliseconds = waited.as_millis();
    if milliseconds > 0
        && let Ok(value) = HeaderValue::try_from(format!("wait;dur={milliseconds}"))
    {
        headers.append("server-timing", value);
    }
}

/// All values of a header. A call has few headers: to go through them is faster than to make the hash of a name.
pub(crate) fn values(headers: &HeaderMap, named: HeaderName) -> impl Iterator<Item = &HeaderValue> {
    let those = headers.iter().filter(move |(name, _)| **name == named);
    those.map(|(_, value)| value)
}

/// What concerns one connection only, whether `Connection` names it or not.
fn is_of_one_hop(name: &str) -> bool {
    match name {
        "connection" | "http2-settings" | "keep-alive" | "te" | "trailer" | "transfer-encoding"
        | "upgrade" => true,
        _ => name.starts_with("proxy-"),
    }
}

/// Names that a server may read as another name, method or path than the one that was authorized: many fold
/// `_` into `-`, and frameworks let these override the request.
fn may_stand_for_another(name: &str) -> bool {
    name.contains('_')
        || name.starts_with("x-http-method")
        || ["x-method-override", "x-original-url", "x-rewrite-url"].contains(&name)
}

/// Removes what concerns one connection only or is `chosen`.
fn remove_those(headers: &mut HeaderMap, chosen: impl Fn(&str) -> bool) {
    // Most answers hold none.
    let mut those = Vec::new();
    for (name, value) in &*headers {
        if *name == CONNECTION {
            those.extend(named(value));
        }
        if is_of_one_hop(name.as_str()) || chosen(name.as_str()) {
            those.push(name.clone());
        }
    }
    for name in those {
        headers.remove(name);
    }
}

/// What `Connection` names. Most often that is about itself alone.
pub(crate) fn named(connection: &HeaderValue) -> impl Iterator<Item = HeaderName> {
    let names = connection.to_str().unwrap_or_default();
    let names = Some(names).filter(|names| !["keep-alive", "close"].contains(names));
    let names = names.into_iter().flat_map(|names| names.split(','));
    names.filter_map(|name| name.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_what_the_upstream_should_know_goes_out() {
        let mut headers = map(&[
            ("authorization", "Bearer pha_org_gdn_x"),
            ("host", "gateway"),
            ("cookie", "a=b"),
            ("connection", "X-Phare-Project-Id, x-private,X-Request-Id"),
            ("connection", "close"),
            ("x-private", "1"),
            ("x-phare-project-id", "9"),
            ("x-phare-project-slug", "nine"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-host", "other"),
            ("forwarded", "for=10.0.0.1"),
            ("x_phare_project_id", "9"),
            ("x-phare_project-slug", "nine"),
            ("x-http-method-override", "DELETE"),
            ("x-http-method", "DELETE"),
            ("x-method-override", "DELETE"),
            ("x-original-url", "/projects"),
            ("x-rewrite-url", "/projects"),
            ("keep-alive", "timeout=5"),
            ("proxy-authorization", "Basic Og=="),
            ("proxy-anything", "1"),
            ("te", "trailers"),
            ("trailer", "x-late"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("expect", "100-continue"),
            ("content-type", "application/json"),
            ("user-agent", "curl"),
            ("accept-encoding", "gzip"),
        ]);
        outgoing(
            &mut headers,
            Some(ProjectId(4)),
            &HeaderValue::from_static("id-1"),
        );
        let expected = map(&[
            ("content-type", "application/json"),
            ("user-agent", "curl"),
            ("x-phare-project-id", "4"),
            ("x-request-id", "id-1"),
        ]);
        assert_eq!(headers, expected);
    }

    #[test]
    fn no_cookie_no_leave_for_pages_and_nothing_of_the_connection_or_the_way_comes_back() {
        let mut headers = map(&[
            ("set-cookie", "a=b"),
            ("alt-svc", "h3=\"api.phare.example:443\""),
            ("access-control-allow-origin", "*"),
            ("access-control-allow-credentials", "true"),
            ("access-control-expose-headers", "*"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("content-length", "12"),
            ("etag", "\"1\""),
        ]);
        incoming(&mut headers);
        assert_eq!(headers, map(&[("content-length", "12"), ("etag", "\"1\"")]));
    }
}
