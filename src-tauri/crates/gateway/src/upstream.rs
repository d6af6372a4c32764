//! What the gateway forwards to: a Phare over the network, or a service in this process.

use std::convert::Infallible;
use std::fmt::{self, Debug};
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;
use gardien_domain::phare_key::Need;
use http::header::{AUTHORIZATION, HOST, HeaderValue};
use http::uri::{Parts, PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};
use zeroize::Zeroizing;

use crate::body::{Body, BoxError, boxed};
use crate::links::Own;

/// Carries one call to the upstream and its answer back.
#[async_trait]
pub trait Transport: Send + Sync + Debug {
    /// Sends a request whose URI is the path and query as authorized, with a key that can serve its `need` if there are
    /// several. Returns with the head of the answer.
    ///
    /// # Errors
    /// A [`TransportFault`] when there was no answer.
    async fn send(
        &self,
        request: Request<Body>,
        need: Need,
    ) -> Result<Response<Body>, TransportFault>;
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportFault {
    /// No connection was made: the call certainly did not reach the upstream.
    #[error("the upstream cannot be reached")]
    Unreachable(#[source] BoxError),
    /// None of the keys that the upstream would be called with works where this call does. It was not made.
    #[error("no key of the upstream's can serve this call")]
    NoKey,
    /// The connection broke before an answer: the call may have reached the upstream.
    #[error("the upstream broke off")]
    Broken(#[source] BoxError),
}

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
    #[error("TLS cannot be set up")]
    Tls(#[source] BoxError),
}

/// A connection must stand, TLS included, after so long.
const CONNECT: Duration = Duration::from_secs(2);
/// Shorter than servers keep idle connections, so that we close them first.
const IDLE: Duration = Duration::from_secs(15);
/// Bytes of an answer that are read before somebody takes them. No head of Phare's is as long.
const BUFFER: usize = 32 * 1024;

type Connection = hyper_rustls::MaybeHttpsStream<hyper_util::rt::TokioIo<tokio::net::TcpStream>>;
type Connector = BoxCloneSyncService<Uri, Connection, BoxError>;

/// A Phare over HTTP or HTTPS. Never follows a redirect: that would carry the key elsewhere. Clones share their
/// connections.
#[derive(Clone)]
pub struct HttpUpstream {
    client: Client<Connector, Body>,
    base: Uri,
    own: Own,
}

impl HttpUpstream {
    /// Forwards to `base`; its path, if any, is put before every path.
    ///
    /// # Errors
    /// [`UpstreamError`] when the address or the TLS set-up is unusable.
    pub fn new(base: Uri) -> Result<Self, UpstreamError> {
        let authority = base.authority().ok_or(UpstreamError::Address)?;
        if authority.as_str().contains('@') || base.query().is_some() {
            return Err(UpstreamError::Address);
        }
        let secure = match base.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(UpstreamError::Address),
        };
        // An idle connection that the server closes before a call is written to it is replaced by a new one;
        // what was written is never sent twice.
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http1_max_buf_size(BUFFER)
            .build(within(CONNECT, connector(secure)?));
        let own = Own::of(&base);
        Ok(Self { client, base, own })
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
}

fn connector(secure: bool) -> Result<HttpsConnector<HttpConnector>, UpstreamError> {
    let provider = rustls::crypto::ring::default_provider();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let builder = HttpsConnectorBuilder::new();
    let builder = if secure {
        builder
            .with_provider_and_native_roots(provider)
            .map_err(|error| UpstreamError::Tls(error.into()))?
            .https_only()
    } else {
        // Plain HTTP must not need the system's certificates.
        let config = rustls::ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .map_err(|error| UpstreamError::Tls(error.into()))?
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        builder.with_tls_config(config).https_or_http()
    };
    Ok(builder.enable_http1().wrap_connector(tcp))
}

/// A connector whose connection stands within `limit`, name look-up and TLS included.
fn within(limit: Duration, connector: HttpsConnector<HttpConnector>) -> Connector {
    BoxCloneSyncService::new(tower::service_fn(move |uri: Uri| {
        let connecting = connector.clone().call(uri);
        async move { timeout(limit, connecting).await? }
    }))
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
        let unsent = |error: BoxError| TransportFault::Unreachable(error);
        *request.uri_mut() = self.upstream.target(request.uri()).map_err(unsent)?;
        let authorization = self.authorization.clone();
        request.headers_mut().insert(AUTHORIZATION, authorization);
        match self.upstream.client.request(request).await {
            Ok(mut response) => {
                response.extensions_mut().insert(self.upstream.own.clone());
                Ok(response.map(boxed))
            }
            Err(error) if error.is_connect() => Err(TransportFault::Unreachable(error.into())),
            Err(error) => Err(TransportFault::Broken(error.into())),
        }
    }
}

impl Debug for HttpUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpUpstream")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

/// Put on an answer's extensions: the upstream's key that the call went out with was known not to be enough for it.
#[derive(Debug, Clone, Copy)]
pub struct KeyFallsShort;

/// The host that a [`LocalUpstream`] is called by, and what its links therefore begin with.
const LOCAL: &str = "localhost";
const LOCAL_URL: &str = "http://localhost";

/// A service in this process, such as the sandbox. It gets no credential: nothing else can call it this way.
pub struct LocalUpstream {
    call: Box<dyn Fn(Request<Body>) -> Answering + Send + Sync>,
    own: Own,
}

type Answering = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

impl LocalUpstream {
    /// Forwards to `service`.
    pub fn new<S, B>(service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let call = move |request| {
            let answering = service.clone().oneshot(request);
            Box::pin(answering.map(|Ok(response)| response.map(boxed))) as Answering
        };
        Self {
            call: Box::new(call),
            own: Own::of(&Uri::from_static(LOCAL_URL)),
        }
    }
}

#[async_trait]
impl Transport for LocalUpstream {
    async fn send(
        &self,
        mut request: Request<Body>,
        _: Need,
    ) -> Result<Response<Body>, TransportFault> {
        let host = HeaderValue::from_static(LOCAL);
        request.headers_mut().insert(HOST, host);
        let mut response = (self.call)(request).await;
        response.extensions_mut().insert(self.own.clone());
        Ok(response)
    }
}

impl Debug for LocalUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalUpstream")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_a_key_is_made_once_and_never_printed() {
        let upstream = HttpUpstream::new("http://127.0.0.1:1".parse().unwrap()).unwrap();
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
