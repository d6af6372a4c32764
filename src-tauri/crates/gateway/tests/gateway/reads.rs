//! Reads that are answered from memory: an upstream that counts its calls, and a gateway before it.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::stream;
use gardien_domain::key::Revocation;
use gardien_domain::phare_key::Need;
use gardien_domain::product::{Access, Product};
use gardien_domain::{AtLimit, Key, KeyParts, Organization, ProductScope, ProductScopes, Scope};
use gardien_gateway::{Body, BoxError, Gateway, LocalUpstream, Timing, Transport};
use http::{Method, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::*;

mod answered;
mod forgotten;
mod kept;
mod twins;

const SOON: Duration = Duration::from_secs(20);
const MONITORS: &str = "/uptime/monitors";

type Asked = JoinHandle<Response<Body>>;
type Answering = fn(usize, &Request<()>) -> Response<Body>;

/// An upstream whose answers tell how many calls it had, and that lets none end of the methods that it holds.
#[derive(Clone)]
struct Phare {
    calls: Arc<Mutex<Vec<String>>>,
    held: watch::Sender<HashSet<Method>>,
    answering: Answering,
}

fn numbered(call: usize, _: &Request<()>) -> Response<Body> {
    Response::new(whole(call.to_string()))
}

fn whole(body: impl Into<Bytes>) -> Body {
    Body::whole(body)
}

/// In chunks, one of which may be an error.
fn in_chunks(chunks: Vec<Result<&'static str, BoxError>>) -> Response<Body> {
    let frames = chunks
        .into_iter()
        .map(|chunk| chunk.map(|text| Frame::data(Bytes::from(text))));
    let body = Body::new(StreamBody::new(stream::iter(frames)));
    let answer = Response::builder().header("transfer-encoding", "chunked");
    answer.body(body).unwrap()
}

impl Phare {
    fn new(answering: Answering) -> Self {
        Self {
            calls: Arc::default(),
            held: watch::Sender::new(HashSet::new()),
            answering,
        }
    }

    fn transport(&self) -> Arc<LocalUpstream> {
        let phare = self.clone();
        Arc::new(LocalUpstream::new(tower::service_fn(
            move |request: Request<Body>| {
                let phare = phare.clone();
                let request = request.map(drop);
                async move { Ok::<_, Infallible>(phare.answer(&request).await) }
            },
        )))
    }

    async fn answer(&self, request: &Request<()>) -> Response<Body> {
        let call = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(format!("{} {}", request.method(), request.uri()));
            calls.len()
        };
        let mut held = self.held.subscribe();
        let goes = held.wait_for(|held| !held.contains(request.method()));
        goes.await.unwrap();
        (self.answering)(call, request)
    }

    fn hold(&self, method: Method) {
        self.held.send_modify(|held| {
            held.insert(method);
        });
    }

    fn go(&self) {
        self.held.send_modify(HashSet::clear);
    }

    fn calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    async fn until(&self, calls: usize) {
        let waiting = async {
            while self.calls() < calls {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(SOON, waiting).await.expect("so many never come");
    }
}

/// Lets everything go on as far as it can: these tests have one thread.
async fn settled() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// A gateway that keeps answers for ten seconds.
struct Reads {
    gateway: Gateway,
    phare: Phare,
    owner: Owned,
    reader: Owned,
}

fn organization(cache_seconds: u32) -> Organization {
    Organization {
        cache_seconds,
        ..Organization::named(String::new())
    }
}

impl Reads {
    async fn new() -> Self {
        Self::of(numbered).await
    }

    async fn of(answering: Answering) -> Self {
        let phare = Phare::new(answering);
        let owner = key(Scope::Organization {}, READ_WRITE);
        let reader = key(Scope::Project { project_id: ALPHA }, READ);
        let timing = Timing {
            patience: SOON,
            ..TIMING
        };
        let gateway = start_with(100, &Arc::default(), &[&owner, &reader], timing).await;
        gateway.set_limit(&organization(10));
        gateway.attach(Some(phare.transport()));
        Self {
            gateway,
            phare,
            owner,
            reader,
        }
    }

    /// What a key gets in Alpha, from the upstream or not.
    async fn read(&self, owned: &Owned, path: &str) -> Answer {
        self.send("GET", owned, path, &[]).await
    }

    async fn send(
        &self,
        method: &str,
        owned: &Owned,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let bearer = owned.bearer();
        let project = ("x-phare-project-id", "1");
        let names_none = headers.iter().all(|(name, _)| *name != project.0);
        let usual = [("authorization", bearer.as_str())];
        let all: Vec<_> = usual
            .into_iter()
            .chain(names_none.then_some(project))
            .chain(headers.iter().copied())
            .collect();
        let answer = self.gateway.handle(request(method, path, &all)).await;
        Answer::read(answer).await
    }

    async fn body(&self, owned: &Owned, path: &str) -> String {
        let answer = self.read(owned, path).await;
        assert_eq!(answer.status, 200);
        String::from_utf8(answer.body.into()).unwrap()
    }

    /// A read whose answer nobody has taken yet.
    fn asks(&self, owned: &Owned) -> Asked {
        let bearer = owned.bearer();
        let head = [
            ("authorization", bearer.as_str()),
            ("x-phare-project-id", "1"),
        ];
        let (gateway, request) = (self.gateway.clone(), request("GET", MONITORS, &head));
        tokio::spawn(async move { gateway.handle(request).await })
    }

    /// The same, at the upstream, which lets no read end before it is told to go.
    async fn asks_and_is_held(&self, owned: &Owned) -> Asked {
        let calls = self.phare.calls();
        self.phare.hold(Method::GET);
        let asked = self.asks(owned);
        self.phare.until(calls + 1).await;
        asked
    }
}

/// The key without a right to Uptime.
fn narrowed(owned: &Owned) -> Key {
    let products = ProductScopes {
        platform: ProductScope::Read,
        uptime: ProductScope::None,
    };
    Key::from_parts(KeyParts {
        products,
        ..owned.key.clone().into_parts()
    })
}
