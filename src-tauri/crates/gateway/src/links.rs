//! Links in an answer lead back to the gateway: a client that follows one would send its Gardien key to the upstream. Only
//! links: an address of the upstream's in what people wrote stays, or a client would write the gateway's back.

use std::sync::Arc;

use gardien_egress::is_loopback;
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, ETAG, FORWARDED, HOST,
    HeaderMap, HeaderValue, LINK, LOCATION, VIA,
};
use http::uri::Authority;
use http::{Response, StatusCode, Uri, Version, response};
use http_body::Body as _;
use memchr::memmem::Finder;

use crate::body::{Body, read_all};
use crate::refusal::CallRefusal;

mod json;

/// Bytes of an answer that is put right before its head is sent, so that its length is known. Longer ones are put right as
/// they pass.
const SMALL: u64 = 64 * 1024;
/// Bytes of the longest name of a host with its port.
const LONGEST_HOST: usize = 262;
/// Headers that are about the bytes of a body.
pub(crate) const DIGESTS: [&str; 4] = ["content-md5", "digest", "content-digest", "repr-digest"];

/// Where the client called: what its links begin with. Empty if that is not known, so that they become paths, which lead
/// there too. Nothing in it has to be escaped in JSON or in a header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Called(Arc<str>);

/// What a call says of where it came to. Few answers have links, so that no more is made of it at first.
#[derive(Debug)]
pub(crate) struct Destination {
    host: Option<HeaderValue>,
    /// A proxy passed it on.
    shows_proxy: bool,
    shows_tls: bool,
}

/// The addresses that an upstream may give as its own.
#[derive(Debug, Clone)]
pub(crate) struct Own(Arc<Addresses>);

#[derive(Debug)]
struct Addresses {
    all: Vec<String>,
    /// What stands in each of them after a slash.
    host: String,
    /// That slash, and how the host begins in either case.
    begins: Vec<Finder<'static>>,
}

impl Called {
    /// By what people are told to call.
    pub(crate) fn at(address: &Uri) -> Self {
        let address = address.to_string();
        Self(address.trim_end_matches('/').into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Destination {
    /// By the Host header, and what a proxy says of itself.
    pub(crate) fn of(version: Version, headers: &HeaderMap) -> Self {
        let mut host = None;
        let mut proto = None;
        // It says so, or speaks as only a proxy still does.
        let mut shows_proxy = version < Version::HTTP_11;
        for (name, value) in headers {
            if *name == HOST {
                host.get_or_insert(value);
            } else if *name == VIA || *name == FORWARDED {
                shows_proxy = true;
            } else if let Some(said) = name.as_str().strip_prefix("x-forwarded-") {
                shows_proxy = true;
                if said == "proto" {
                    proto.get_or_insert(value);
                }
            }
        }
        Self {
            host: host.cloned(),
            shows_proxy,
            shows_tls: proto.is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https")),
        }
    }

    /// Where that is. Anybody can write a header, so it counts only if it is a plain host. Behind a proxy it often is the one
    /// that the proxy calls: this machine, which is another for the client.
    pub(crate) fn called(&self) -> Called {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
        let host = self.host.as_ref().and_then(|host| host.to_str().ok());
        let host = host
            .filter(|host| host.len() <= LONGEST_HOST && host.bytes().all(plain))
            .and_then(|host| host.parse::<Authority>().ok())
            .filter(|host| !host.host().is_empty());
        let Some(host) = host else {
            return Called::default();
        };
        if self.shows_proxy && is_loopback(host.host()) {
            return Called::default();
        }
        // Only ever to the safer one, and only for whoever sent it: a link to http would have the key sent in clear.
        let scheme = if self.shows_tls { "https" } else { "http" };
        Called(format!("{scheme}://{host}").into())
    }
}

impl Own {
    /// Those of the upstream at `base`. What sits behind a proxy often mistakes its scheme or names the port in vain.
    pub(crate) fn of(base: &Uri) -> Self {
        let host = base.host().unwrap_or_default();
        let path = base.path().trim_end_matches('/');
        let usual = |scheme: &str| if scheme == "https" { 443 } else { 80 };
        let scheme = base.scheme_str().unwrap_or_default();
        let named = base.port_u16().filter(|port| *port != usual(scheme));
        let addresses = ["https", "http"].into_iter().flat_map(|scheme| {
            let plain = named.is_none().then(|| format!("{scheme}://{host}{path}"));
            let port = named.unwrap_or(usual(scheme));
            [plain, Some(format!("{scheme}://{host}:{port}{path}"))]
        });
        let first = host.get(..1).unwrap_or_default();
        let mut begins = vec![first.to_ascii_lowercase(), first.to_ascii_uppercase()];
        begins.dedup();
        let begins = begins.iter().map(|first| format!("/{first}"));
        Self(Arc::new(Addresses {
            all: addresses.flatten().collect(),
            host: host.to_owned(),
            begins: begins
                .map(|begin| Finder::new(&begin).into_owned())
                .collect(),
        }))
    }

    /// Whether one of its addresses may be in there at all. In most answers none is.
    fn may_be_in(&self, bytes: &[u8]) -> bool {
        let host = self.0.host.as_bytes();
        let begins = self.0.begins.iter();
        let mut slashes = begins.flat_map(|begin| begin.find_iter(bytes));
        slashes.any(|slash| {
            let after = bytes[slash + 1..].get(..host.len());
            after.is_some_and(|after| after.eq_ignore_ascii_case(host))
        })
    }

    /// The link, which may have its slashes escaped as in JSON, if it leads to the upstream: now to where the client
    /// called.
    fn lead_back(&self, link: &[u8], called: &Called) -> Option<Vec<u8>> {
        let rest = self.0.all.iter().find_map(|own| after(own, link))?;
        let path: &[u8] = if called.0.is_empty() && rest.is_empty() {
            b"/"
        } else {
            rest
        };
        Some([called.0.as_bytes(), path].concat())
    }
}

/// What follows `own` at the start of a link; `None` if that leads elsewhere.
fn after<'a>(own: &str, mut link: &'a [u8]) -> Option<&'a [u8]> {
    for byte in own.bytes() {
        link = match link {
            [b'\\', b'/', rest @ ..] if byte == b'/' => rest,
            [first, rest @ ..] if first.eq_ignore_ascii_case(&byte) => rest,
            _ => return None,
        };
    }
    // Whatever else follows makes it another host, port or folder.
    matches!(link, [] | [b'/' | b'?' | b'#', ..] | [b'\\', b'/', ..]).then_some(link)
}

/// What became of an answer whose links lead back.
pub(crate) enum Led {
    Back(Response<Body>),
    /// Its body has to be read first.
    Unread(Unread),
}

/// A small answer whose links are put right before its head is sent.
pub(crate) struct Unread {
    head: response::Parts,
    body: Body,
    own: Own,
}

/// The answer of an upstream that calls itself `own`, its links leading to where the client called.
pub(crate) fn lead_back(mut answer: Response<Body>, own: Own, called: &impl Fn() -> Called) -> Led {
    let (mut says_json, mut is_encoded) = (None, None);
    for (name, value) in answer.headers_mut() {
        let led = if *name == LINK {
            Some(targets_led_back(value.as_bytes(), &own, &called()))
        } else if *name == LOCATION || *name == CONTENT_LOCATION {
            own.lead_back(value.as_bytes(), &called())
        } else {
            // The first of each counts.
            if *name == CONTENT_TYPE {
                says_json.get_or_insert(is_json(value));
            } else if *name == CONTENT_ENCODING {
                is_encoded.get_or_insert(*value != "identity");
            }
            None
        };
        if let Some(led) = led.and_then(|led| HeaderValue::try_from(led).ok()) {
            *value = led;
        }
    }
    // Whole JSON that can be read. The upstream is asked for no other encoding.
    let holds_links = says_json == Some(true)
        && is_encoded != Some(true)
        && answer.status() != StatusCode::PARTIAL_CONTENT
        && !answer.body().is_end_stream();
    if !holds_links {
        return Led::Back(answer);
    }
    if answer
        .body()
        .size_hint()
        .exact()
        .is_none_or(|size| size > SMALL)
    {
        edited(answer.headers_mut());
        let reader = json::Reader::new(own, called());
        return Led::Back(answer.map(|body| Body::new(json::Leading::new(body, reader))));
    }
    match answer.body().as_whole() {
        Some(read) if !own.may_be_in(read) => Led::Back(answer),
        _ => {
            let (head, body) = answer.into_parts();
            Led::Unread(Unread { head, body, own })
        }
    }
}

impl Unread {
    /// # Errors
    /// [`CallRefusal::UpstreamBroken`] when the answer breaks off.
    pub(crate) async fn read(mut self, called: Called) -> Result<Response<Body>, CallRefusal> {
        let read = read_all(self.body, usize::MAX).await;
        let mut read = read.map_err(|_| CallRefusal::UpstreamBroken)?;
        if self.own.may_be_in(&read) {
            let led = json::Reader::new(self.own, called).whole(&read);
            if led != read {
                edited(&mut self.head.headers);
            }
            read = led.into();
        }
        Ok(Response::from_parts(self.head, Body::whole(read)))
    }
}

/// Takes away or weakens what is about the very bytes of a body that has others now.
fn edited(headers: &mut HeaderMap) {
    headers.remove(CONTENT_LENGTH);
    for name in DIGESTS {
        headers.remove(name);
    }
    if let Some(tag) = headers.get_mut(ETAG)
        && !tag.as_bytes().starts_with(b"W/")
    {
        let weak = HeaderValue::try_from([b"W/", tag.as_bytes()].concat());
        *tag = weak.unwrap_or_else(|_| tag.clone());
    }
}

fn is_json(kind: &HeaderValue) -> bool {
    let mut parts = kind.as_bytes().split(|byte| *byte == b';');
    let kind = parts.next().unwrap_or_default().trim_ascii();
    let suffix = kind.last_chunk::<5>();
    kind.eq_ignore_ascii_case(b"application/json")
        || suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case(b"+json"))
}

/// A `Link` header, each of its targets led back.
fn targets_led_back(value: &[u8], own: &Own, called: &Called) -> Vec<u8> {
    let mut led = Vec::with_capacity(value.len());
    for (number, part) in value.split(|byte| *byte == b'<').enumerate() {
        if number > 0 {
            led.push(b'<');
        }
        let target = part.split(|byte| *byte == b'>').next().unwrap_or_default();
        let (_, after) = part.split_at(target.len());
        let target_led = own.lead_back(target, called);
        led.extend(target_led.as_deref().unwrap_or(target));
        led.extend(after);
    }
    led
}

#[cfg(test)]
mod tests;
