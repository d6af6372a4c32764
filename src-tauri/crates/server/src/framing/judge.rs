//! What is right and wrong with a head, and the request that a right one is.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::header::{CONNECTION, EXPECT, HeaderMap, HeaderName, HeaderValue};
use http::request::{Parts, Request};
use http::uri::Authority;
use http::{Method, Uri};
use memchr::memchr2;

use super::{FramingFault, HeadLimits};

/// The most headers a request may have.
const MAX_HEADERS: usize = 100;
/// As many are put on a request at most before it is sent on.
const ADDED: usize = 2;

/// How long the body of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyLength {
    Known(u64),
    Chunked,
}

/// Judges the heads of a connection, one after the other.
#[derive(Debug)]
pub(crate) struct Judge {
    /// Bytes that a head may have.
    most: usize,
    /// Of the head that is awaited, so many bytes were looked at.
    pub(super) scanned: usize,
    /// The last Host that is one: a client goes on with the same.
    host: Option<Authority>,
}

impl Judge {
    pub(crate) fn new(limits: HeadLimits) -> Self {
        Self {
            most: limits.bytes,
            scanned: 0,
            host: None,
        }
    }

    /// The request at the front of these bytes and its length, if all of it is there and it is as most are: one of HTTP/1.1
    /// without a body, which asks for nothing of its connection but that it is kept. Of any other nothing is said.
    pub(crate) fn plain(&mut self, bytes: &Bytes) -> Option<(Parts, usize)> {
        let mut scanned = 0;
        let end = end_of_head(bytes, &mut scanned).ok()??;
        let head = bytes.get(..end.min(self.most))?;
        let mut room = [const { MaybeUninit::uninit() }; MAX_HEADERS];
        let mut read = httparse::Request::new(&mut []);
        let body = self.read(head, &mut read, &mut room).ok()?;
        if body != BodyLength::Known(0) || read.version != Some(1) {
            return None;
        }
        let mut headers = HeaderMap::with_capacity(read.headers.len() + ADDED);
        for header in &*read.headers {
            let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
            let value = HeaderValue::from_maybe_shared(bytes.slice_ref(header.value)).ok()?;
            let is_plain = match name {
                CONNECTION => value.as_bytes().eq_ignore_ascii_case(b"keep-alive"),
                _ => name != EXPECT,
            };
            if !is_plain {
                return None;
            }
            headers.append(name, value);
        }
        let method = Method::from_bytes(read.method?.as_bytes()).ok()?;
        if method == Method::HEAD {
            // What its answer says of a body that is not there is for the library to know.
            return None;
        }
        let target = bytes.slice_ref(read.path?.as_bytes());
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.method = method;
        parts.uri = Uri::from_maybe_shared(target).ok()?;
        parts.headers = headers;
        Some((parts, end))
    }

    /// Where the head at the front of these bytes ends and what body it has, if all of it is there.
    pub(super) fn head(
        &mut self,
        bytes: &[u8],
    ) -> Result<Option<(usize, BodyLength)>, FramingFault> {
        match end_of_head(bytes, &mut self.scanned)? {
            Some(end) if end <= self.most => {
                self.scanned = 0;
                let mut room = [const { MaybeUninit::uninit() }; MAX_HEADERS];
                let mut read = httparse::Request::new(&mut []);
                Ok(Some((end, self.read(&bytes[..end], &mut read, &mut room)?)))
            }
            None if bytes.len() < self.most => Ok(None),
            _ => Err(FramingFault::TooLarge),
        }
    }

    /// Reads a whole head.
    fn read<'head: 'room, 'room>(
        &mut self,
        head: &'head [u8],
        request: &mut httparse::Request<'room, 'head>,
        room: &'room mut [MaybeUninit<httparse::Header<'head>>],
    ) -> Result<BodyLength, FramingFault> {
        match request.parse_with_uninit_headers(head, room) {
            Ok(httparse::Status::Complete(length)) if length == head.len() => {}
            Err(httparse::Error::TooManyHeaders) => return Err(FramingFault::TooLarge),
            _ => return Err(FramingFault::Syntax),
        }
        let target = request.path.unwrap_or_default();
        let plain = target
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#');
        if !plain || !(target.starts_with('/') || target == "*") {
            return Err(FramingFault::Target);
        }
        let headers = &*request.headers;
        match only(headers, "host") {
            Ok(Some(host)) if self.is_host(host) => {}
            _ => return Err(FramingFault::Host),
        }
        let length = only(headers, "content-length")?;
        let encoding = only(headers, "transfer-encoding")?;
        match (length, encoding) {
            (None, None) => Ok(BodyLength::Known(0)),
            (Some(length), None) => digits(length)
                .map(BodyLength::Known)
                .ok_or(FramingFault::Framing),
            (None, Some(coding))
                if coding.eq_ignore_ascii_case(b"chunked") && request.version == Some(1) =>
            {
                Ok(BodyLength::Chunked)
            }
            _ => Err(FramingFault::Framing),
        }
    }

    fn is_host(&mut self, value: &[u8]) -> bool {
        let known = self.host.as_ref().map(|host| host.as_str().as_bytes());
        if known != Some(value) {
            self.host = Authority::try_from(value).ok();
        }
        self.host.is_some() && !value.contains(&b'@')
    }
}

/// Where the head ends, once that can be seen. Every line must end in CR LF, and neither stands alone.
fn end_of_head(bytes: &[u8], scanned: &mut usize) -> Result<Option<usize>, FramingFault> {
    while let Some(found) = memchr2(b'\r', b'\n', bytes.get(*scanned..).unwrap_or_default()) {
        let (before, end) = bytes.split_at(*scanned + found);
        *scanned = before.len();
        match end {
            [b'\r'] => return Ok(None),
            [b'\r', b'\n', ..] => *scanned += 2,
            _ => return Err(FramingFault::Syntax),
        }
        if before.ends_with(b"\r\n") {
            return Ok(Some(*scanned));
        }
    }
    *scanned = bytes.len();
    Ok(None)
}

/// The value of a header that may not be there twice.
fn only<'a>(
    headers: &[httparse::Header<'a>],
    name: &str,
) -> Result<Option<&'a [u8]>, FramingFault> {
    let named = headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case(name));
    let mut values = named.map(|header| header.value);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(FramingFault::Framing),
    }
}

/// `parse` alone would take a sign.
fn digits(value: &[u8]) -> Option<u64> {
    let text = str::from_utf8(value).ok()?;
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}
