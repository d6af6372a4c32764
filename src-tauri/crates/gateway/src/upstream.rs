//! What the gateway forwards to: a Phare over the network, or a service in this process.

use std::convert::Infallible;
use std::fmt::{self, Debug};
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;
use gardien_domain::phare_key::Need;
use gardien_egress::Way;
use http::header::{HOST, HeaderValue};
use http::request::Parts;
use http::{Request, Response, Uri};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;
use tower::{Service, ServiceExt};

use crate::body::{Body, BoxError};
use crate::links::Own;

/// Carries one call to the upstream and its answer back.
#[async_trait]
pub trait Transport: Send + Sync + Debug {
    /// Sends a call whose URI is the path and query as authorized, with a key that can serve its `need` if there are
    /// several. Returns with the head of the answer.
    ///
    /// # Errors
    /// A [`TransportFault`] when there was no answer.
    async fn send(&self, head: &Parts, body: Body, need: Need) -> Result<Reply, TransportFault>;
}

/// What the upstream answered.
#[derive(Debug)]
pub struct Reply {
    /// The answer itself, whose body may still come.
    pub answer: Response<Body>,
    /// The upstream's key that the call went out with was known not to be enough for it.
    pub falls_short: bool,
    /// What the upstream calls itself.
    pub(crate) own: Option<Own>,
    /// It has nothing against its being kept.
    pub(crate) may_be_kept: bool,
}

impl Reply {
    pub(crate) fn of(answer: Response<Body>, own: &Own) -> Self {
        Self {
            answer,
            falls_short: false,
            own: Some(own.clone()),
            may_be_kept: false,
        }
    }
}

/// A call as one of HTTP/1.1 that nothing is known of but what it says.
pub(crate) fn request(head: &Parts, body: Body) -> Request<Body> {
    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = head.uri.clone();
    *request.headers_mut() = head.headers.clone();
    request
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportFault {
    /// No connection was made: the call certainly did not reach the upstream.
    #[error("the upstream cannot be reached")]
    Unreachable {
        /// The way there.
        way: Way,
        /// What went wrong.
        #[source]
        cause: BoxError,
    },
    /// None of the keys that the upstream would be called with works where this call does, or there is none. It was not
    /// made, and will not be until somebody attaches another.
    #[error("no key of the upstream's can serve this call")]
    NoKey,
    /// The same, but that it is not known yet where one of the keys works: it is being looked at. The call was not made.
    #[error("no key of the upstream's is known yet that can serve this call")]
    NoKeyYet,
    /// The connection broke before an answer: the call may have reached the upstream.
    #[error("the upstream broke off")]
    Broken(#[source] BoxError),
    /// The connection that was at hand was found dead before an answer: the call may have reached the upstream by it. The
    /// next call takes another.
    #[error("the connection to the upstream was dead")]
    Dead(#[source] BoxError),
}

/// The host that a [`LocalUpstream`] is called by, and what its links therefore begin with.
const LOCAL: &str = "localhost";
const LOCAL_URL: &str = "http://localhost";

/// A service in this process, such as the sandbox. It gets no credential: nothing else can call it this way.
pub struct LocalUpstream {
    runtime: Handle,
    call: Box<dyn Fn(Request<Body>) -> Answering + Send + Sync>,
    own: Own,
}

type Answering = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

impl LocalUpstream {
    /// Forwards to `service`, which answers on the runtime that this is called within: whoever calls may be on one that
    /// nothing else may run on.
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
            Box::pin(answering.map(|Ok(response)| response.map(Body::new))) as Answering
        };
        Self {
            runtime: Handle::current(),
            call: Box::new(call),
            own: Own::of(&Uri::from_static(LOCAL_URL)),
        }
    }
}

#[async_trait]
impl Transport for LocalUpstream {
    async fn send(&self, head: &Parts, body: Body, _: Need) -> Result<Reply, TransportFault> {
        let mut request = request(head, body);
        let host = HeaderValue::from_static(LOCAL);
        request.headers_mut().insert(HOST, host);
        let answering = self.runtime.spawn((self.call)(request));
        let answering = AbortOnDropHandle::new(answering).await;
        let answer = answering.map_err(|error| TransportFault::Broken(error.into()))?;
        Ok(Reply::of(answer, &self.own))
    }
}

impl Debug for LocalUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalUpstream")
    }
}
