//! Connections to one server, straight or through a proxy.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::TryFutureExt as _;
use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt as _, service_fn};

use crate::addresses::{first, in_turn};
use crate::names::look_up;
use crate::proxies::{Kind, Proxies, Proxy, UnusableProxy};
use crate::{BoxError, CONNECT};

/// How long an address is tried alone (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);

/// To the server, or to the proxy before it.
type Hop = MaybeHttpsStream<TokioIo<TcpStream>>;
/// To the server.
pub type Stream = MaybeHttpsStream<Hop>;
/// Makes them.
pub type Connector = BoxCloneSyncService<Uri, Stream, BoxError>;

/// TLS cannot be set up: the certificates of the system cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up")]
pub struct NoTls(#[source] BoxError);

/// How servers are reached.
#[derive(Debug)]
pub struct Egress {
    tls: ClientConfig,
    secure: bool,
    proxies: Proxies,
}

impl Egress {
    /// Toward servers that speak TLS (`secure`) or do not.
    ///
    /// # Errors
    /// [`NoTls`].
    pub fn new(secure: bool, proxies: Proxies) -> Result<Self, NoTls> {
        let provider = rustls::crypto::ring::default_provider();
        let tls = ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .map_err(|error| NoTls(error.into()))?;
        let tls = if secure {
            tls.with_native_roots()
                .map_err(|error| NoTls(error.into()))?
        } else {
            // Plain HTTP must not need the system's certificates.
            tls.with_root_certificates(RootCertStore::empty())
        };
        Ok(Self {
            tls: tls.with_no_client_auth(),
            secure,
            proxies,
        })
    }

    /// Makes connections that stand within five seconds. On one with `unheard`, what is sent must be acknowledged after so
    /// long, or the connection is as good as broken; that would also cut a server that is slow to take what it is sent.
    #[must_use]
    pub fn connector(&self, unheard: Option<Duration>) -> Connector {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        #[cfg(target_os = "linux")]
        tcp.set_tcp_user_timeout(unheard);
        #[cfg(not(target_os = "linux"))]
        let _ = unheard;
        let (proxies, tls) = (self.proxies.clone(), self.tls.clone());
        let hop = service_fn(move |target: Uri| {
            hop(tcp.clone(), tls.clone(), proxies.toward(&target), target)
        });
        let mut outer = HttpsConnector::from((hop, self.tls.clone()));
        if self.secure {
            outer.enforce_https();
        }
        BoxCloneSyncService::new(service_fn(move |target: Uri| {
            let connecting = outer.clone().oneshot(target);
            async move { timeout(CONNECT, connecting).await? }
        }))
    }
}

async fn hop(
    tcp: HttpConnector,
    tls: ClientConfig,
    proxy: Result<Option<Proxy>, UnusableProxy>,
    target: Uri,
) -> Result<Hop, BoxError> {
    let dial = service_fn(move |target| dial(tcp.clone(), target));
    let Some(proxy) = proxy? else {
        return Ok(MaybeHttpsStream::Http(dial.oneshot(target).await?));
    };
    let (target, address) = (with_port(target)?, proxy.address().clone());
    let to_proxy = HttpsConnector::from((dial, tls));
    match proxy.kind() {
        Kind::Http => {
            let mut tunnel = Tunnel::new(address, to_proxy);
            if let Some(auth) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(auth.clone());
            }
            tunnel.oneshot(target).err_into().await
        }
        Kind::Socks => {
            let mut socks = SocksV5::new(address, to_proxy);
            if let Some((user, password)) = proxy.raw_auth() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            socks.oneshot(target).err_into().await
        }
    }
}

/// To the host, at whichever of its addresses.
async fn dial(tcp: HttpConnector, target: Uri) -> Result<TokioIo<TcpStream>, BoxError> {
    let host = target.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = port(&target);
    let addresses = match host.parse() {
        Ok(address) => vec![address],
        Err(_) => in_turn(look_up(host).await?),
    };
    reach(&tcp, addresses, port).await
}

/// The first of these addresses that takes a connection.
async fn reach(
    tcp: &HttpConnector,
    addresses: Vec<IpAddr>,
    port: u16,
) -> Result<TokioIo<TcpStream>, BoxError> {
    let attempts = addresses.into_iter().map(|address| {
        let mut tcp = tcp.clone();
        async move {
            let at = SocketAddr::new(address, port);
            let at: Uri = format!("http://{at}").parse()?;
            tcp.call(at).err_into().await
        }
    });
    let made = first(attempts, HEAD_START).await;
    made.unwrap_or_else(|| Err("the name has no address".into()))
}

fn port(target: &Uri) -> u16 {
    let usual = if target.scheme() == Some(&Scheme::HTTP) {
        80
    } else {
        443
    };
    target.port_u16().unwrap_or(usual)
}

/// A proxy is told the port, always.
fn with_port(target: Uri) -> Result<Uri, BoxError> {
    let host = target.host().unwrap_or_default();
    let scheme = target.scheme_str().unwrap_or_default();
    Ok(format!("{scheme}://{host}:{}/", port(&target)).parse()?)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Goes to a host that nothing but the proxy could know; answers with what the proxy was told.
    async fn told(scheme: &str, says: &'static [&'static [u8]]) -> Vec<u8> {
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let value = format!("{scheme}{}", proxy.local_addr().unwrap());
        let proxies = Proxies::of_environment(|name| (name == "ALL_PROXY").then(|| value.clone()));
        let egress = Egress::new(false, proxies).unwrap();
        let connecting = egress
            .connector(None)
            .oneshot(Uri::from_static("http://phare.test/users"));
        let serving = async {
            let (mut stream, _) = proxy.accept().await.unwrap();
            let mut told = Vec::with_capacity(4096);
            for answer in says {
                stream.read_buf(&mut told).await.unwrap();
                stream.write_all(answer).await.unwrap();
            }
            told
        };
        let (made, told) = tokio::join!(connecting, serving);
        made.unwrap();
        told
    }

    /// All of this network is this machine, where nobody listens at the first.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn an_address_that_takes_no_connection_is_not_the_last() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = server.local_addr().unwrap();
        let addresses = vec!["127.0.0.2".parse().unwrap(), at.ip()];
        let made = reach(&HttpConnector::new(), addresses, at.port()).await;
        assert_eq!(made.unwrap().inner().peer_addr().unwrap(), at);
    }

    #[tokio::test]
    async fn a_proxy_is_told_where_to_and_who_asks() {
        let told_http = told("http://ada:hunter2@", &[b"HTTP/1.1 200 OK\r\n\r\n"]).await;
        let said = String::from_utf8(told_http).unwrap();
        assert!(
            said.starts_with("CONNECT phare.test:80 HTTP/1.1\r\n"),
            "{said}"
        );
        assert!(
            said.contains("Proxy-Authorization: Basic YWRhOmh1bnRlcjI=\r\n"),
            "{said}"
        );

        let answers: &[&[u8]] = &[b"\x05\x00", b"\x05\x00\x00\x01\0\0\0\0\0\0"];
        let said = told("socks5h://", answers).await;
        assert_eq!(said, b"\x05\x01\x00\x05\x01\x00\x03\x0aphare.test\x00\x50");
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_is_a_connection_that_was_not_made() {
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let value = format!("http://{}", proxy.local_addr().unwrap());
        let proxies = Proxies::of_environment(|name| (name == "ALL_PROXY").then(|| value.clone()));
        let egress = Egress::new(false, proxies).unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = proxy.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
            let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
            stream.write_all(refusal).await.unwrap();
        });
        let target = Uri::from_static("http://phare.test/");
        let refused = egress.connector(None).oneshot(target).await.err().unwrap();
        assert!(refused.to_string().contains("authorization"), "{refused}");
    }

    #[tokio::test]
    async fn nothing_goes_past_a_proxy_that_cannot_be_used() {
        let server = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        let proxies =
            Proxies::of_environment(|name| (name == "ALL_PROXY").then(|| "ftp://a".into()));
        let egress = Egress::new(false, proxies).unwrap();
        let reached = async |host: &str| {
            let target: Uri = format!("http://{host}:{port}/").parse().unwrap();
            egress.connector(None).oneshot(target).await.err()
        };
        let refused = reached("0.0.0.0").await.unwrap();
        assert!(refused.is::<UnusableProxy>(), "{refused}");
        assert!(reached("127.0.0.1").await.is_none());
    }
}
