//! TLS before anything on this machine that speaks plain HTTP, with an authority for certificates of its own.

use std::fs;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite, copy, copy_bidirectional, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::background::Background;

/// A running front: what comes in over TLS goes on in the clear. Dropping it ends it.
#[derive(Debug)]
pub struct TlsFront {
    port: u16,
    folder: TempDir,
    running: Background,
}

/// What the front shows to whoever calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// For `localhost`, `127.0.0.1` and `0.0.0.0`, good for years.
    Valid,
    /// The same, of the last century.
    Expired,
    /// Of somebody else.
    OtherName,
}

/// How the front closes a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goodbye {
    /// As TLS has it: the other side knows that nothing is missing.
    Said,
    /// As somebody who cuts the line does.
    Missing,
}

impl TlsFront {
    /// One before `http://127.0.0.1:PORT`. Who trusts [`Self::ca_file`] can call it.
    pub fn before(url: &str) -> Self {
        Self::start(url, Certificate::Valid, Goodbye::Said, Duration::ZERO)
    }

    /// One with this certificate.
    pub fn showing(certificate: Certificate, url: &str) -> Self {
        Self::start(url, certificate, Goodbye::Said, Duration::ZERO)
    }

    /// One whose connections end as if the line was cut.
    pub fn cut_off(url: &str) -> Self {
        Self::start(url, Certificate::Valid, Goodbye::Missing, Duration::ZERO)
    }

    /// One that takes so long before it says anything on a connection.
    pub fn slow(url: &str, delay: Duration) -> Self {
        Self::start(url, Certificate::Valid, Goodbye::Said, delay)
    }

    fn start(url: &str, certificate: Certificate, goodbye: Goodbye, delay: Duration) -> Self {
        let target = url.strip_prefix("http://").unwrap().to_owned();
        let folder = tempfile::Builder::new().prefix("tls-").tempdir().unwrap();
        let authority = folder.path().file_name().unwrap().to_str().unwrap();
        let (config, ca) = identity(certificate, authority);
        fs::write(folder.path().join("ca.pem"), ca).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let running = Background::run(async move || {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // Handshakes that fail and lines that break are what it is for.
                let carrying = carry(stream, acceptor.clone(), target.clone(), goodbye);
                tokio::spawn(sleep(delay).then(|()| carrying));
            }
        });
        Self {
            port,
            folder,
            running,
        }
    }

    /// Its address, as `--phare` takes it.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The certificate of its authority. A Gardien whose SSL_CERT_FILE names it trusts that one, and no other.
    pub fn ca_file(&self) -> String {
        let file = self.folder.path().join("ca.pem");
        file.into_os_string().into_string().unwrap()
    }

    /// Ends it: connections break off, new ones are refused.
    pub fn end(&mut self) {
        self.running.end();
    }
}

async fn carry(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    target: String,
    goodbye: Goodbye,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut caller = acceptor.accept(stream).await?;
    let mut plain = TcpStream::connect(target).await?;
    plain.set_nodelay(true)?;
    match goodbye {
        Goodbye::Said => copy_bidirectional(&mut caller, &mut plain).await.map(drop),
        Goodbye::Missing => until_either_ends(caller, plain).await,
    }
}

async fn until_either_ends(
    caller: impl AsyncRead + AsyncWrite,
    plain: impl AsyncRead + AsyncWrite,
) -> io::Result<()> {
    let ((mut asked, mut to_caller), (mut answered, mut to_plain)) = (split(caller), split(plain));
    tokio::select! {
        ended = copy(&mut asked, &mut to_plain) => ended.map(drop),
        ended = copy(&mut answered, &mut to_caller) => ended.map(drop),
    }
}

/// A server with this certificate, and the certificate of the authority of this name that signed it.
fn identity(certificate: Certificate, name: &str) -> (ServerConfig, String) {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let ca = authority.self_signed(&key).unwrap().pem();
    let authority = Issuer::new(authority, key);

    let names: &[&str] = match certificate {
        Certificate::OtherName => &["phare.example"],
        _ => &["localhost", "127.0.0.1", "0.0.0.0"],
    };
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut shown = CertificateParams::new(names).unwrap();
    if certificate == Certificate::Expired {
        (shown.not_before, shown.not_after) =
            (date_time_ymd(1999, 1, 1), date_time_ymd(1999, 12, 31));
    }
    let key = KeyPair::generate().unwrap();
    let shown = shown.signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![shown.der().clone()], key)
        .unwrap();
    (config, ca)
}
