//! A Phare over the network.

use std::error::Error;
use std::fmt::{self, Debug};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use gardien_domain::phare_key::Need;
use gardien_egress::{Connector, Egress, IDLE, NoTls, Proxies, UNHEARD, Way};
use http::header::{AUTHORIZATION, HeaderValue};
use http::uri::{Parts, PathAndQuery, Scheme};
use http::{Extensions, Request, Response, Uri};
use http_body::Body as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::Error as ClientError;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tower::util::BoxCloneSyncService;
use tower::{ServiceExt as _, service_fn};
use zeroize::Zeroizing;

use crate::body::{Body, BoxError, boxed};
use crate::clock::WallClock;
use crate::line::{Line, Moment};
use crate::links::Own;
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

/// Bytes of an answer that are read before somebody takes them. No head of Phare's is as long.
const BUFFER: usize = 32 * 1024;
/// Bytes of a body that are under way at once, however slow the upstream is to read them.
const AT_ONCE: u64 = 64 * 1024;

type Http = Client<BoxCloneSyncService<Uri, Line, BoxError>, Body>;

/// A Phare over HTTP or HTTPS. Never follows a redirect: that would carry the key elsewhere. Clones share their
/// connections.
#[derive(Clone)]
pub struct HttpUpstream {
    base: Uri,
    own: Own,
    way: Way,
    connector: Connector,
    pool: Arc<Mutex<Pool>>,
    /// Keeps no connection: for bodies that the upstream may take its time to read, which a connection that has to be
    /// acknowledged would take for its end.
    single: Http,
    clock: WallClock,
}

/// Connections that wait for the next call.
struct Pool {
    http: Http,
    used_at: Timestamp,
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
        let way = proxies.way(&base);
        let egress = Egress::new(secure, proxies)?;
        let connector = egress.connector(Some(UNHEARD));
        Ok(Self {
            own: Own::of(&base),
            base,
            way,
            pool: Arc::new(Mutex::new(Pool {
                http: http(&connector, usize::MAX),
                used_at: clock(),
            })),
            connector,
            single: http(&egress.connector(None), 0),
            clock,
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

    fn target(&self, asked: &Uri) -> Result<Uri, BoxError> {
        let asked = asked.path_and_query().map_or("/", PathAndQuery::as_str);
        let prefix = self.base.path().trim_end_matches('/');
        let mut parts = Parts::default();
        parts.scheme = self.base.scheme().cloned();
        parts.authority = self.base.authority().cloned();
        parts.path_and_query = Some(format!("{prefix}{asked}").parse()?);
        Ok(Uri::from_parts(parts)?)
    }

    /// The client for a body of at most so many bytes.
    fn http(&self, bytes: Option<u64>) -> Http {
        if bytes.is_none_or(|bytes| bytes > AT_ONCE) {
            return self.single.clone();
        }
        let now = (self.clock)();
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = now.duration_since(std::mem::replace(&mut pool.used_at, now));
        // The clock that counts idle connections out stands still while the machine sleeps.
        if SignedDuration::try_from(IDLE).is_ok_and(|longest| idle.abs() > longest) {
            pool.http = http(&self.connector, usize::MAX);
        }
        pool.http.clone()
    }

    /// Forgets all connections that wait: what killed one killed the others.
    fn forget(&self) {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        pool.http = http(&self.connector, usize::MAX);
    }

    fn unreachable(&self, cause: impl Into<BoxError>) -> TransportFault {
        TransportFault::Unreachable {
            way: self.way.clone(),
            cause: cause.into(),
        }
    }
}

/// An idle connection that the server closes before a call is written to it is replaced by a new one; what was written
/// is never sent twice here.
fn http(connector: &Connector, idle: usize) -> Http {
    let connector = connector.clone();
    let lines = service_fn(move |target| {
        let connecting = connector.clone().oneshot(target);
        async move { connecting.await.map(Line::new) }
    });
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(idle)
        .http1_max_buf_size(BUFFER)
        .build(BoxCloneSyncService::new(lines))
}

/// Whether the connection broke, and not what was sent or answered on it.
fn is_broken(error: &ClientError) -> bool {
    let error = error.source().and_then(|cause| cause.downcast_ref());
    error.is_some_and(|error: &hyper::Error| {
        let is_io = error.source().is_some_and(|cause| cause.is::<io::Error>());
        error.is_incomplete_message() || is_io && !error.is_user()
    })
}

/// Whether the call was made on a connection that stood before it began: it may have died meanwhile.
fn is_of_before(error: &ClientError, begun: Moment) -> bool {
    let mut known = Extensions::new();
    if let Some(connection) = error.connect_info() {
        connection.get_extras(&mut known);
    }
    known.get().is_some_and(|made: &Moment| *made < begun)
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

#[async_trait]
impl Transport for KeyedUpstream {
    async fn send(
        &self,
        mut request: Request<Body>,
        _: Need,
    ) -> Result<Response<Body>, TransportFault> {
        let upstream = &self.upstream;
        let target = upstream.target(request.uri());
        *request.uri_mut() = target.map_err(|error| upstream.unreachable(error))?;
        let authorization = self.authorization.clone();
        request.headers_mut().insert(AUTHORIZATION, authorization);
        let http = upstream.http(request.body().size_hint().upper());
        let begun = Moment::now();
        match http.request(request).await {
            Ok(mut response) => {
                response.extensions_mut().insert(upstream.own.clone());
                Ok(response.map(boxed))
            }
            Err(error) if error.is_connect() => Err(upstream.unreachable(error)),
            Err(error) if is_broken(&error) => {
                upstream.forget();
                Err(if is_of_before(&error, begun) {
                    TransportFault::Dead(error.into())
                } else {
                    TransportFault::Broken(error.into())
                })
            }
            Err(error) => Err(TransportFault::Broken(error.into())),
        }
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
        let clock: WallClock = Arc::new(|| Timestamp::UNIX_EPOCH);
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
