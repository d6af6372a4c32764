//! A call as it is written on the connection.

use std::ops::Range;

use http::header::HeaderValue;
use http::request::Parts;
use http::{Method, Request, header};
use zeroize::Zeroize as _;

use crate::body::{Body, BoxError};
use crate::upstream;

/// A call, and what it is sent with. Its headers hold neither a host nor an authorization, and nothing of the length of its
/// body.
pub(crate) struct Outgoing<'a> {
    pub(crate) head: &'a Parts,
    /// Put before its path.
    pub(crate) prefix: &'a str,
    pub(crate) host: &'a HeaderValue,
    pub(crate) authorization: &'a HeaderValue,
}

/// What is written. The secret in it goes no further.
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    secret: Range<usize>,
}

impl Drop for Written {
    fn drop(&mut self) {
        if let Some(secret) = self.bytes.get_mut(self.secret.clone()) {
            secret.zeroize();
        }
    }
}

impl Outgoing<'_> {
    /// As it is written, with a body that is there.
    pub(super) fn written(&self, body: &[u8]) -> Written {
        let Parts {
            method,
            uri,
            headers,
            ..
        } = self.head;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        // Each header brings a colon, a space and the end of its line, as do the four that are put here.
        let sizes = headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4);
        let size = sizes.sum::<usize>() + self.prefix.len() + path.len() + self.host.len();
        // As long as it will be: what grows would leave copies of the secret behind.
        let mut bytes = Vec::with_capacity(size + self.authorization.len() + 128 + body.len());
        for part in [method.as_str(), " ", self.prefix, path, " HTTP/1.1\r\n"] {
            bytes.extend_from_slice(part.as_bytes());
        }
        put(&mut bytes, header::HOST.as_str(), self.host);
        put(
            &mut bytes,
            header::AUTHORIZATION.as_str(),
            self.authorization,
        );
        let secret = bytes.len() - 2 - self.authorization.len()..bytes.len() - 2;
        for (name, value) in headers {
            put(&mut bytes, name.as_str(), value);
        }
        // RFC 9110, 8.6: where a method may have a body, that it has none is said too.
        let may_have_one = [Method::POST, Method::PUT, Method::PATCH].contains(method);
        if may_have_one || !body.is_empty() {
            let length = body.len().into();
            put(&mut bytes, header::CONTENT_LENGTH.as_str(), &length);
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        Written { bytes, secret }
    }

    /// The same for the HTTP library, with a body that still comes.
    ///
    /// # Errors
    /// The address does not go with the path.
    pub(crate) fn request(&self, body: Body) -> Result<Request<Body>, BoxError> {
        let mut request = upstream::request(self.head, body);
        if !self.prefix.is_empty() {
            let path = self.head.uri.path_and_query();
            let path = path.map_or("/", |path| path.as_str());
            *request.uri_mut() = format!("{}{path}", self.prefix).parse()?;
        }
        let headers = request.headers_mut();
        headers.insert(header::HOST, self.host.clone());
        headers.insert(header::AUTHORIZATION, self.authorization.clone());
        Ok(request)
    }
}

fn put(bytes: &mut Vec<u8>, name: &str, value: &HeaderValue) {
    for part in [name.as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
        bytes.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(method: Method, target: &'static str, body: &[u8]) -> (String, String) {
        let (mut head, ()) = Request::get(target).body(()).unwrap().into_parts();
        head.method = method;
        head.headers
            .insert("accept", HeaderValue::from_static("*/*"));
        let call = Outgoing {
            head: &head,
            prefix: "/api",
            host: &HeaderValue::from_static("phare.test"),
            authorization: &HeaderValue::from_static("Bearer pha_org_secret"),
        };
        let written = call.written(body);
        let secret = str::from_utf8(&written.bytes[written.secret.clone()]);
        let secret = secret.unwrap().to_owned();
        (String::from_utf8(written.bytes.clone()).unwrap(), secret)
    }

    #[test]
    fn a_call_is_written_as_it_is_read() {
        let put = "host: phare.test\r\nauthorization: Bearer pha_org_secret\r\naccept: */*\r\n";
        for (method, body, length) in [
            (Method::GET, "", ""),
            (Method::DELETE, "", ""),
            (Method::POST, "", "content-length: 0\r\n"),
            (Method::PATCH, "{}", "content-length: 2\r\n"),
            (Method::DELETE, "{}", "content-length: 2\r\n"),
        ] {
            let (written, secret) = written(method.clone(), "/users?page=2", body.as_bytes());
            let line = format!("{method} /api/users?page=2 HTTP/1.1\r\n");
            assert_eq!(written, format!("{line}{put}{length}\r\n{body}"));
            assert_eq!(secret, "Bearer pha_org_secret");
        }
    }
}
