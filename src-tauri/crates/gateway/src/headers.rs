//! Which headers cross the gateway. What concerns one connection only, and whatever says who is calling or
//! for which project, never does.

use std::time::Duration;

use gardien_domain::ProjectId;
use http::header::{
    ACCEPT_ENCODING, ALT_SVC, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, FORWARDED,
    HOST, HeaderMap, HeaderName, HeaderValue, SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PROJECT_ID: HeaderName = HeaderName::from_static("x-phare-project-id");
const PROJECT_SLUG: HeaderName = HeaderName::from_static("x-phare-project-slug");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// The client's headers as the upstream gets them.
pub(crate) fn outgoing(
    headers: &mut HeaderMap,
    project: Option<ProjectId>,
    request_id: &HeaderValue,
) {
    // First what the client asks to have removed, so that it cannot reach what is set below.
    remove_named(headers);
    remove_those(headers, |name| {
        is_of_one_hop(name)
            || may_stand_for_another(name.as_str())
            || [
                // Links are looked for in what comes back, which therefore must not be compressed.
                ACCEPT_ENCODING,
                AUTHORIZATION,
                COOKIE,
                FORWARDED,
                // The body's own size speaks for itself on the next connection.
                CONTENT_LENGTH,
                // The listener has answered it.
                EXPECT,
                // It names us.
                HOST,
                PROJECT_ID,
                PROJECT_SLUG,
                REAL_IP,
            ]
            .contains(name)
            || name.as_str().starts_with("x-forwarded-")
    });
    if let Some(ProjectId(id)) = project {
        headers.insert(PROJECT_ID, id.into());
    }
    headers.insert(REQUEST_ID, request_id.clone());
}

/// The upstream's headers as the client gets them.
pub(crate) fn incoming(headers: &mut HeaderMap) {
    remove_named(headers);
    remove_those(headers, |name| {
        is_of_one_hop(name)
            || *name == SET_COOKIE
            // It leads past us.
            || *name == ALT_SVC
            // Keys do not belong into pages: no other origin is allowed.
            || name.as_str().starts_with("access-control-")
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

/// Removes what `Connection` names. What it says most is about itself.
fn remove_named(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|name| !["keep-alive", "close"].contains(name))
        .filter_map(|name| name.parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
}

/// What concerns one connection only, whether `Connection` names it or not.
fn is_of_one_hop(name: &HeaderName) -> bool {
    [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE].contains(name)
        || ["keep-alive", "http2-settings"].contains(&name.as_str())
        || name.as_str().starts_with("proxy-")
}

/// Names that a server may read as another name, method or path than the one that was authorized: many fold
/// `_` into `-`, and frameworks let these override the request.
fn may_stand_for_another(name: &str) -> bool {
    name.contains('_')
        || name.starts_with("x-http-method")
        || ["x-method-override", "x-original-url", "x-rewrite-url"].contains(&name)
}

fn remove_those(headers: &mut HeaderMap, chosen: impl Fn(&HeaderName) -> bool) {
    let chosen: Vec<HeaderName> = headers
        .keys()
        .filter(|name| chosen(name))
        .cloned()
        .collect();
    for name in chosen {
        headers.remove(name);
    }
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
