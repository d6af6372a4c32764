//! What hyper costs with a hash, a map and a limit: the peer that Gardien is measured by. It enforces nothing else and
//! records nothing.

use std::collections::HashMap;
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::{fs, num::NonZeroU32};

use bytes::Bytes;
use clap::Args;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

/// More than it can serve: the limit is counted and never reached.
const CALLS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(100_000_000).unwrap();

#[derive(Debug, Args)]
pub(crate) struct Proxy {
    /// Where it listens.
    #[arg(long)]
    listen: SocketAddr,
    /// Host and port that it forwards to.
    #[arg(long)]
    upstream: Authority,
    /// The secret that the upstream is called with.
    #[arg(long)]
    upstream_secret: String,
    /// The secrets that it knows, one a line.
    #[arg(long, value_name = "FILE")]
    known: PathBuf,
    /// On one thread, whatever cores there are.
    #[arg(long)]
    one_thread: bool,
}

type Body = Either<Incoming, Full<Bytes>>;

struct State {
    known: HashMap<[u8; 32], u32>,
    limit: DefaultDirectRateLimiter,
    client: Client<HttpConnector, Incoming>,
    upstream: Authority,
    host: HeaderValue,
    bearer: HeaderValue,
}

impl Proxy {
    pub(crate) fn run(self) -> Result<(), Box<dyn Error>> {
        let mut runtime = if self.one_thread {
            tokio::runtime::Builder::new_current_thread()
        } else {
            tokio::runtime::Builder::new_multi_thread()
        };
        runtime.enable_all().build()?.block_on(self.serve())
    }

    async fn serve(self) -> Result<(), Box<dyn Error>> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let known = fs::read_to_string(&self.known)?;
        let state = Arc::new(State {
            known: known.lines().map(digest).zip(1..).collect(),
            limit: RateLimiter::direct(Quota::per_minute(CALLS_PER_MINUTE)),
            client: Client::builder(TokioExecutor::new()).build(connector),
            host: HeaderValue::from_str(self.upstream.as_str())?,
            bearer: HeaderValue::from_str(&format!("Bearer {}", self.upstream_secret))?,
            upstream: self.upstream,
        });
        drop(known);
        let listener = TcpListener::bind(self.listen).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let state = state.clone();
            let service = service_fn(move |request| {
                let state = state.clone();
                async move { state.answer(request).await }
            });
            // A client that goes away is no concern.
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    }
}

impl State {
    async fn answer(&self, mut request: Request<Incoming>) -> Result<Response<Body>, ClientError> {
        if self.key(request.headers()).is_none() {
            return Ok(refusal(StatusCode::UNAUTHORIZED, "Unauthorized"));
        }
        if self.limit.check().is_err() {
            return Ok(refusal(StatusCode::TOO_MANY_REQUESTS, "Too Many Attempts."));
        }
        let mut uri = std::mem::take(request.uri_mut()).into_parts();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.upstream.clone());
        *request.uri_mut() = Uri::from_parts(uri).unwrap_or_default();
        let headers = request.headers_mut();
        headers.remove(CONNECTION);
        headers.insert(HOST, self.host.clone());
        headers.insert(AUTHORIZATION, self.bearer.clone());
        Ok(self.client.request(request).await?.map(Either::Left))
    }

    fn key(&self, headers: &HeaderMap) -> Option<u32> {
        let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
        self.known
            .get(&digest(value.strip_prefix("Bearer ")?))
            .copied()
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

fn refusal(status: StatusCode, message: &str) -> Response<Body> {
    let body = format!(r#"{{"message":"{message}"}}"#);
    let mut response = Response::new(Either::Right(Full::from(body)));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
