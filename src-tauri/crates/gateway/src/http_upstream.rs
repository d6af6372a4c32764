//! A Phare over the network.

use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use gardien_domain::phare_key::Need;
use gardien_egress::{Connector, Egress, NoTls, Proxies, UNHEARD, Way};
use http::Uri;
use http::header::HeaderValue;
use http::request::Parts;
use http::uri::Scheme;
use secrecy::{ExposeSecret, SecretString};
use tower::ServiceExt as _;
use zeroize::Zeroizing;

use crate::body::{Body, BoxError};
use crate::clock::WallClock;
use crate::line::{Line, LineFault, Outgoing, alone};
use crate::links::Own;
use crate::pool::{Pool, Shelf};
use crate::upstream::{Reply, Transport, TransportFault};

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
const AT_ONCE: usize = 64 * 1024;

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

    /// Sends a call with this authorization. Its headers hold neither that nor a host.
    fn send<'a>(
        &'a self,
        head: &'a Parts,
        body: Body,
        authorization: &'a HeaderValue,
    ) -> impl Future<Output = Result<Reply, TransportFault>> + Send {
        let call = Outgoing {
            head,
            prefix: &self.prefix,
            host: &self.host,
            authorization,
        };
        async move {
            let Some(body) = body.as_whole().filter(|body| body.len() <= AT_ONCE) else {
                return Box::pin(self.send_alone(&call, body)).await;
            };
            let shelf = self.pool.shelf();
            loop {
                let (line, of_before) = match shelf.take() {
                    Some(line) => (line, true),
                    // On the heap: seldom, and far larger than what a call needs otherwise.
                    None => Box::pin(self.next(&shelf)).await?,
                };
                match line.send(&call, body, &shelf).await {
                    Ok(answer) => return Ok(Reply::of(answer, &self.own)),
                    Err(LineFault::Unsent(_)) if of_before => {}
                    Err(fault) => return Err(self.broken(fault, of_before)),
                }
            }
        }
    }

    async fn send_alone(&self, call: &Outgoing<'_>, body: Body) -> Result<Reply, TransportFault> {
        let stream = self.patient.clone().oneshot(self.base.clone()).await;
        let stream = stream.map_err(|error| self.unreachable(error))?;
        let request = call
            .request(body)
            .map_err(|error| self.unreachable(error))?;
        let sent = alone::send(stream, request).await;
        let answer = sent.map_err(|fault| self.broken(fault, false))?;
        Ok(Reply::of(answer, &self.own))
    }

    /// The connection that is free first: a new one, or one that others have done with meanwhile; and whether it stood
    /// before. One that is asked for in vain is for the next call.
    async fn next(&self, shelf: &Arc<Shelf>) -> Result<(Line, bool), TransportFault> {
        let mut connecting = Box::pin(self.connect());
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

    fn connect(&self) -> impl Future<Output = Result<Line, BoxError>> + Send + use<> {
        let connecting = self.connector.clone().oneshot(self.base.clone());
        async move { Ok(Line::on(connecting.await?)) }
    }

    /// What went wrong on a connection that was made for the call, or stood before it began (`of_before`): that may have
    /// died meanwhile.
    fn broken(&self, fault: LineFault, of_before: bool) -> TransportFault {
        let cause = match fault {
            LineFault::Unreadable(cause) => return TransportFault::Broken(cause),
            LineFault::Unsent(cause) | LineFault::Broken(cause) => cause,
        };
        self.pool.forget();
        if of_before {
            TransportFault::Dead(cause)
        } else {
            TransportFault::Broken(cause)
        }
    }

    fn unreachable(&self, cause: impl Into<BoxError>) -> TransportFault {
        TransportFault::Unreachable {
            way: self.way.clone(),
            cause: cause.into(),
        }
    }
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
    pub fn call<'a>(
        &'a self,
        head: &'a Parts,
        body: Body,
    ) -> impl Future<Output = Result<Reply, TransportFault>> + Send {
        self.upstream.send(head, body, &self.authorization)
    }
}

#[async_trait]
impl Transport for KeyedUpstream {
    async fn send(&self, head: &Parts, body: Body, _: Need) -> Result<Reply, TransportFault> {
        self.call(head, body).await
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
