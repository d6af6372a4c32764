//! Connections that are at hand for a call though nothing was ever answered on them.

use std::sync::Arc;
use std::time::Duration;

use gardien_domain::Scope;
use gardien_egress::Proxies;
use gardien_gateway::{Gateway, HttpUpstream, Timing};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
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
        let (gateway, key) = (self.gateway.clone(), self.key.clone());
        tokio::spawn(async move {
            let head = [("authorization", &*key.bearer())];
            let answer = gateway.handle(request("GET", "/users", &head)).await;
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
