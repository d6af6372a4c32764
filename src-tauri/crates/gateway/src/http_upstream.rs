//! A Phare over the network.

use std::error::Error;
use std::fmt::{self, Debug};
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use gardien_domain::phare_key::Need;
use gardien_egress::{Connector, Egress, NoTls, Proxies, UNHEARD, Way};
use http::header::{AUTHORIZATION, HOST, HeaderValue};
use http::uri::{PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use http_body::Body as _;
use secrecy::{ExposeSecret, SecretString};
use tower::ServiceExt as _;
use zeroize::Zeroizing;

use crate::body::{Body, BoxError};
use crate::clock::WallClock;
use crate::line::Line;
use crate::links::Own;
use crate::pool::{Pool, Shelf};
use crate::upstream::{Transport, TransportFault};

/// Why an upstream cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The address is not one of an HTTP server.
    #[error(
        "the address of the upstream needs http:// or https://, a host, and neither user nor query"
    )]
    Address,
    /// The credential cannot stand in a header.
    #[error("the upstream's key holds characters that no key has")]
    Credential,
    /// The certificates of the system cannot be used.
    #[error("{0}")]
    Tls(#[from] NoTls),
}

/// Bytes of a body that are under way at once, however slow the upstream is to read them.
const AT_ONCE: u64 = 64 * 1024;

/// A Phare over HTTP or HTTPS. Never follows a redirect: that would carry the key elsewhere. Clones share their
/// connections.
#[derive(Clone)]
pub struct HttpUpstream {
    base: Uri,
    host: HeaderValue,
    /// Put before every path.
    prefix: Arc<str>,
    own: Own,
    way: Way,
    connector: Connector,
    pool: Arc<Pool>,
    /// For bodies that the upstream may take its time to read, which a connection that has to be acknowledged would take for
    /// its end.
    patient: Connector,
}

impl HttpUpstream {
    /// Forwards to `base`; its path, if any, is put before every path. `clock` tells the wall's time.
    ///
    /// # Errors
    /// [`UpstreamError`] when the address or the TLS set-up is unusable.
    pub fn new(base: Uri, proxies: Proxies, clock: WallClock) -> Result<Self, UpstreamError> {
        let authority = base.authority().ok_or(UpstreamError::Address)?;
        if authority.as_str().contains('@') || base.query().is_some() {
            return Err(UpstreamError::Address);
        }
        let secure = match base.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(UpstreamError::Address),
        };
        let usual = if secure { 443 } else { 80 };
        let host = match base.port_u16().filter(|port| *port != usual) {
            Some(port) => format!("{}:{port}", authority.host()),
            None => authority.host().to_owned(),
        };
        let way = proxies.way(&base);
        let egress = Egress::new(secure, proxies)?;
        Ok(Self {
            host: HeaderValue::from_str(&host).map_err(|_| UpstreamError::Address)?,
            prefix: base.path().trim_end_matches('/').into(),
            own: Own::of(&base),
            base,
            way,
            connector: egress.connector(Some(UNHEARD)),
            pool: Arc::new(Pool::new(clock)),
            patient: egress.connector(None),
        })
    }

    /// The same, called with `credential` as bearer token.
    ///
    /// # Errors
    /// [`UpstreamError::Credential`] when it cannot stand in a header.
    pub fn with_key(&self, credential: &SecretString) -> Result<KeyedUpstream, UpstreamError> {
        Ok(KeyedUpstream {
            upstream: self.clone(),
            authorization: bearer(credential)?,
        })
    }

    /// The target of a call as the upstream reads it.
    fn target(&self, asked: Uri) -> Result<Uri, BoxError> {
        let asked = asked.into_parts().path_and_query;
        let asked = asked.unwrap_or(PathAndQuery::from_static("/"));
        if self.prefix.is_empty() {
            return Ok(asked.into());
        }
        Ok(format!("{}{asked}", self.prefix).parse()?)
    }

    async fn send(&self, mut call: Request<Body>) -> Result<Response<Body>, TransportFault> {
        let bytes = call.body().size_hint().upper();
        if bytes.is_none_or(|bytes| bytes > AT_ONCE) {
            return Box::pin(self.send_alone(call)).await;
        }
        let shelf = self.pool.shelf();
        loop {
            let (line, of_before) = match shelf.take() {
                Some(line) => (line, true),
                // On the heap: seldom, and far larger than what a call needs otherwise.
                None => Box::pin(self.next(&shelf)).await?,
            };
            match line.send(call, &shelf).await {
                Ok(answer) => return Ok(answer),
                Err(mut error) => match error.take_message() {
                    // It was closed before anything was written.
                    Some(back) if of_before => call = back,
                    _ => return Err(self.broken(error.into_error(), of_before)),
                },
            }
        }
    }

    async fn send_alone(&self, call: Request<Body>) -> Result<Response<Body>, TransportFault> {
        let line = self.connect(&self.patient).await;
        let line = line.map_err(|error| self.unreachable(error))?;
        let sent = line.send_alone(call).await;
        sent.map_err(|error| self.broken(error.into_error(), false))
    }

    /// The connection that is free first: a new one, or one that others have done with meanwhile; and whether it stood
    /// before. One that is asked for in vain is for the next call.
    async fn next(&self, shelf: &Arc<Shelf>) -> Result<(Line, bool), TransportFault> {
        let mut connecting = Box::pin(self.connect(&self.connector));
        loop {
            tokio::select! {
                biased;
                line = &mut connecting => {
                    let line = line.map_err(|error| self.unreachable(error))?;
                    return Ok((line, false));
                }
                () = shelf.changed() => if let Some(line) = shelf.take() {
                    let shelf = shelf.clone();
                    tokio::spawn(async move {
                        if let Ok(line) = connecting.await {
                            shelf.put(line);
                        }
                    });
                    return Ok((line, true));
                }
            }
        }
    }

    fn connect(
        &self,
        connector: &Connector,
    ) -> impl Future<Output = Result<Line, BoxError>> + Send + use<> {
        let connecting = connector.clone().oneshot(self.base.clone());
        async move { Ok(Line::begin(connecting.await?).await?) }
    }

    /// What went wrong on a connection that was made for the call, or stood before it began (`of_before`): that may have
    /// died meanwhile.
    fn broken(&self, error: hyper::Error, of_before: bool) -> TransportFault {
        if !is_broken(&error) {
            return TransportFault::Broken(error.into());
        }
        self.pool.forget();
        if of_before {
            TransportFault::Dead(error.into())
        } else {
            TransportFault::Broken(error.into())
        }
    }

    fn unreachable(&self, cause: impl Into<BoxError>) -> TransportFault {
        TransportFault::Unreachable {
            way: self.way.clone(),
            cause: cause.into(),
        }
    }
}

/// Whether the connection broke, and not what was sent or answered on it.
fn is_broken(error: &hyper::Error) -> bool {
    let is_io = error.source().is_some_and(|cause| cause.is::<io::Error>());
    error.is_incomplete_message() || is_io && !error.is_user()
}

/// Never printed, and wiped with the last request that it was put on.
fn bearer(credential: &SecretString) -> Result<HeaderValue, UpstreamError> {
    const SCHEME: &str = "Bearer ";
    let credential = credential.expose_secret();
    // As long as it will be: text that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(SCHEME.len() + credential.len()));
    text.push_str(SCHEME);
    text.push_str(credential);
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(text))
        .map_err(|_| UpstreamError::Credential)?;
    value.set_sensitive(true);
    Ok(value)
}

/// A Phare, and the one key that it is called with.
#[derive(Debug, Clone)]
pub struct KeyedUpstream {
    upstream: HttpUpstream,
    authorization: HeaderValue,
}

impl KeyedUpstream {
    /// [`Transport::send`], for whoever has only this kind: nothing of it is on the heap.
    ///
    /// # Errors
    /// A [`TransportFault`] when there was no answer.
    pub async fn call(&self, mut request: Request<Body>) -> Result<Response<Body>, TransportFault> {
        let upstream = &self.upstream;
        let target = upstream.target(std::mem::take(request.uri_mut()));
        *request.uri_mut() = target.map_err(|error| upstream.unreachable(error))?;
        let headers = request.headers_mut();
        headers.insert(HOST, upstream.host.clone());
        headers.insert(AUTHORIZATION, self.authorization.clone());
        let mut answer = upstream.send(request).await?;
        answer.extensions_mut().insert(upstream.own.clone());
        Ok(answer)
    }
}

#[async_trait]
impl Transport for KeyedUpstream {
    async fn send(
        &self,
        request: Request<Body>,
        _: Need,
    ) -> Result<Response<Body>, TransportFault> {
        self.call(request).await
    }
}

impl Debug for HttpUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpUpstream")
            .field("base", &self.base)
            .field("way", &self.way)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_a_key_is_made_once_and_never_printed() {
        let base = "http://127.0.0.1:1".parse().unwrap();
        let clock: WallClock = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
        let upstream = HttpUpstream::new(base, Proxies::default(), clock).unwrap();
        let keyed = upstream.with_key(&"pha_org_secret".into()).unwrap();
        assert_eq!(keyed.authorization, "Bearer pha_org_secret");
        assert!(keyed.authorization.is_sensitive());
        assert!(!format!("{keyed:?}").contains("secret"));
        let bytes = keyed.authorization.as_bytes().as_ptr();
        assert_eq!(keyed.clone().authorization.as_bytes().as_ptr(), bytes);
        assert!(matches!(
            upstream.with_key(&"two\nlines".into()),
            Err(UpstreamError::Credential)
        ));
    }
}
