//! Which connections are at hand for the next call, and which are closed.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use gardien_domain::Scope;
use gardien_egress::Proxies;
use gardien_gateway::{Gateway, HttpUpstream, Timing};
use http::Request;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::support::*;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
const STANDS: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";
const SOON: Duration = Duration::from_secs(20);

/// A Phare that is reached through a proxy, each of whose connections the test plays by itself.
struct Played {
    gateway: Gateway,
    key: Arc<Owned>,
    proxy: TcpListener,
}

impl Played {
    async fn new() -> Self {
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", proxy.local_addr().unwrap());
        let proxies =
            Proxies::of_environment(|name| (name == "HTTP_PROXY").then(|| address.clone()));
        let base = "http://phare.test".parse().unwrap();
        let upstream = HttpUpstream::new(base, proxies, Arc::new(now)).unwrap();
        let upstream = upstream.with_key(&PHARE_KEY.into()).unwrap();
        let key = key(Scope::Organization {}, READ_WRITE);
        let ledger = Arc::new(Memory::default());
        let gateway = start_with(100, &ledger, &[&key], Timing::default()).await;
        gateway.attach(Some(Arc::new(upstream)));
        let key = Arc::new(key);
        Self {
            gateway,
            key,
            proxy,
        }
    }

    fn get(&self) -> JoinHandle<u16> {
        self.call("GET", "/users")
    }

    fn call(&self, method: &'static str, path: &'static str) -> JoinHandle<u16> {
        let (gateway, key) = (self.gateway.clone(), self.key.clone());
        tokio::spawn(async move {
            let head = [("authorization", &*key.bearer())];
            let answer = gateway.handle(request(method, path, &head)).await;
            // What has no body is not asked for one by the HTTP library either.
            if answer.body().is_end_stream() {
                return answer.status().as_u16();
            }
            Answer::read(answer).await.status
        })
    }

    /// The next connection, which does not stand yet.
    async fn asked(&self) -> TcpStream {
        let accepted = timeout(SOON, self.proxy.accept()).await;
        let (mut stream, _) = accepted.expect("no connection").unwrap();
        assert_eq!(told(&mut stream).await, "CONNECT phare.test:80 HTTP/1.1");
        stream
    }

    /// The next connection, and a call on it.
    async fn called(&self) -> TcpStream {
        let mut stream = self.asked().await;
        stream.write_all(STANDS).await.unwrap();
        assert_eq!(told(&mut stream).await, "GET /users HTTP/1.1");
        stream
    }
}

/// Well before a connection is closed because it waits for too long.
async fn is_closed(stream: &mut TcpStream) {
    let read = timeout(SOON / 2, stream.read(&mut [0; 1])).await;
    // A reset closes it, too.
    assert_eq!(read.expect("it is left open").unwrap_or(0), 0);
}

/// The first line of the next head.
async fn told(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let read = timeout(SOON, stream.read_buf(&mut bytes)).await;
        assert!(read.expect("nothing comes").unwrap() > 0, "it is over");
    }
    let text = String::from_utf8(bytes).unwrap();
    text.lines().next().unwrap().to_owned()
}

/// A call takes the connection that is free first, and leaves the one that it had asked for to those after it.
#[tokio::test]
async fn one_that_was_asked_for_in_vain_is_of_before_for_the_next_call() {
    let world = Played::new().await;
    let first = world.get();
    let mut free = world.called().await;
    let second = world.get();
    let mut in_vain = world.asked().await;
    free.write_all(OK).await.unwrap();
    assert_eq!(first.await.unwrap(), 200);
    assert_eq!(told(&mut free).await, "GET /users HTTP/1.1");
    free.write_all(OK).await.unwrap();
    assert_eq!(second.await.unwrap(), 200);
    in_vain.write_all(STANDS).await.unwrap();
    // Nothing shows that it is at hand now.
    sleep(Duration::from_millis(500)).await;

    let third = world.get();
    assert_eq!(told(&mut in_vain).await, "GET /users HTTP/1.1");
    drop(in_vain);
    let mut new = world.called().await;
    new.write_all(OK).await.unwrap();
    assert_eq!(third.await.unwrap(), 200);
    assert_eq!(world.gateway.limits().used, 4, "it was made once more");
}

/// Whatever broke it may have broken all others.
#[tokio::test]
async fn when_a_new_one_breaks_those_at_hand_are_not_taken_either() {
    let world = Played::new().await;
    let first = world.get();
    let mut at_hand = world.called().await;
    let second = world.get();
    let new = world.called().await;
    at_hand.write_all(OK).await.unwrap();
    assert_eq!(first.await.unwrap(), 200);
    drop(new);
    assert_eq!(second.await.unwrap(), 502, "it was none of before");
    assert_eq!(world.gateway.limits().used, 2);

    let third = world.get();
    let mut next = world.called().await;
    next.write_all(OK).await.unwrap();
    assert_eq!(third.await.unwrap(), 200);
}

#[tokio::test]
async fn one_whose_answer_has_no_body_is_at_hand() {
    let world = Played::new().await;
    let first = world.call("DELETE", "/projects/1");
    let mut stream = world.asked().await;
    stream.write_all(STANDS).await.unwrap();
    assert_eq!(told(&mut stream).await, "DELETE /projects/1 HTTP/1.1");
    let none = b"HTTP/1.1 204 No Content\r\n\r\n";
    stream.write_all(none).await.unwrap();
    assert_eq!(first.await.unwrap(), 204);
    let second = world.get();
    assert_eq!(told(&mut stream).await, "GET /users HTTP/1.1");
    stream.write_all(OK).await.unwrap();
    assert_eq!(second.await.unwrap(), 200);
}

/// It would be given to somebody who asked for something else.
#[tokio::test]
async fn what_comes_after_an_answer_is_nobodys() {
    let world = Played::new().await;
    for more in [OK, b"x", b"\r\n"] {
        let first = world.get();
        let mut stream = world.called().await;
        stream.write_all(&[OK, more].concat()).await.unwrap();
        assert_eq!(first.await.unwrap(), 200);
        is_closed(&mut stream).await;
    }
}

#[tokio::test]
async fn one_that_the_upstream_wants_no_more_is_closed() {
    let world = Played::new().await;
    let first = world.get();
    let mut stream = world.called().await;
    let last = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
    stream.write_all(last).await.unwrap();
    assert_eq!(first.await.unwrap(), 200);
    is_closed(&mut stream).await;
}

/// Left half-open it would take one of the files that can be open.
#[tokio::test]
async fn one_that_the_upstream_closes_while_it_waits_is_closed() {
    let world = Played::new().await;
    let calls = [world.get(), world.get()];
    let mut streams = [world.called().await, world.called().await];
    for stream in &mut streams {
        stream.write_all(OK).await.unwrap();
    }
    for call in calls {
        assert_eq!(call.await.unwrap(), 200);
    }
    for mut stream in streams {
        stream.shutdown().await.unwrap();
        is_closed(&mut stream).await;
    }
}

/// Its answer would be the next call's.
#[tokio::test]
async fn one_whose_call_is_given_up_is_closed() {
    let world = Played::new().await;
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{";
    for begins in [&b""[..], b"HTTP/1.1 200 OK\r\n", half] {
        let call = world.get();
        let mut stream = world.called().await;
        stream.write_all(begins).await.unwrap();
        tokio::task::yield_now().await;
        call.abort();
        is_closed(&mut stream).await;
    }
}

/// What is left of the one call would be taken for the next.
#[tokio::test]
async fn one_that_answers_half_of_a_call_is_closed() {
    let world = Played::new().await;
    let calling = Request::post("/projects").header("authorization", world.key.bearer());
    let (calling, gateway) = (calling.body(Half(true)).unwrap(), world.gateway.clone());
    let call = tokio::spawn(async move {
        let answer = gateway.handle(calling).await;
        Answer::read(answer).await.status
    });
    let mut stream = world.asked().await;
    stream.write_all(STANDS).await.unwrap();
    let read = timeout(SOON, stream.read_exact(&mut [0; HALF])).await;
    read.expect("nothing comes").unwrap();
    stream.write_all(OK).await.unwrap();
    assert_eq!(call.await.unwrap(), 200);
    let end = timeout(SOON / 2, stream.read_to_end(&mut Vec::new())).await;
    let _ = end.expect("it is left open");
}

const HALF: usize = 20_000;

/// A body of which half comes, while that is to come.
struct Half(bool);

impl http_body::Body for Half {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match std::mem::take(&mut self.0) {
            true => Poll::Ready(Some(Ok(Frame::data(vec![b'x'; HALF].into())))),
            false => Poll::Pending,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(2 * HALF as u64)
    }
}

/// Nobody would hear what comes on it.
#[tokio::test]
async fn one_of_a_runtime_that_ended_is_closed() {
    let world = Arc::new(Played::new().await);
    let calling = world.clone();
    let call = spawn_blocking(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { calling.get().await.unwrap() })
    });
    let mut stream = world.called().await;
    stream.write_all(OK).await.unwrap();
    assert_eq!(call.await.unwrap(), 200);
    is_closed(&mut stream).await;
}

/// Where a runtime ends, nothing begins that could look after it.
#[tokio::test]
async fn an_answer_that_is_taken_while_its_runtime_ends_is_whole() {
    let world = Played::new().await;
    let (gateway, key) = (world.gateway.clone(), world.key.clone());
    let (tell, told) = oneshot::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let ending = runtime.handle().clone();
        let head = [("authorization", &*key.bearer())];
        let calling = gateway.handle(request("GET", "/users", &head));
        let answer = runtime.block_on(calling);
        drop(runtime);
        let _within = ending.enter();
        let body = answer.into_body().collect().now_or_never();
        tell.send(body.unwrap().unwrap().to_bytes()).unwrap();
    });
    let mut stream = world.called().await;
    stream.write_all(OK).await.unwrap();
    let body = timeout(SOON, told).await.expect("it hangs");
    assert_eq!(body.unwrap(), "{}");
}
