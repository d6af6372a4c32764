//! What a connection that waited for the next call is worth.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use gardien_domain::Scope;
use gardien_egress::Proxies;
use gardien_gateway::{Gateway, HttpUpstream, Timing};
use http::Request;
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use socket2::{SockFilter, SockRef};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep};

use crate::support::*;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
/// What becomes of nothing within it is not found out.
const SOON: Duration = Duration::from_secs(8);

/// What the upstream does with its first connection once it has answered on it. It answers on all others.
#[derive(Clone, Copy)]
enum Then {
    /// Nothing that is sent to it arrives any more, and nobody says so: the other machine slept, or the network is another.
    Vanishes,
    /// The same, and nobody listens any more.
    VanishesWithAll,
    /// It answers the second call after so long.
    Answers(Duration),
}

struct Worst {
    gateway: Gateway,
    key: Owned,
    /// The first lines of the calls that reached it, with the number of the connection.
    seen: UnboundedReceiver<(u32, String)>,
    /// Seconds that the machine slept.
    slept: Arc<AtomicI64>,
}

impl Worst {
    async fn new(limit: u32, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (told, seen) = unbounded_channel();
        tokio::spawn(async move {
            for number in 1.. {
                let (stream, _) = listener.accept().await.unwrap();
                let then = (number == 1).then_some(then);
                tokio::spawn(play(stream, number, then, told.clone()));
                if let Some(Then::VanishesWithAll) = then {
                    return;
                }
            }
        });
        let slept = Arc::new(AtomicI64::new(0));
        let clock = {
            let slept = slept.clone();
            move || -> Timestamp {
                now() + SignedDuration::from_secs(slept.load(Ordering::Relaxed))
            }
        };
        let upstream =
            HttpUpstream::new(base.parse().unwrap(), Proxies::default(), Arc::new(clock)).unwrap();
        let ledger = Arc::new(Memory::default());
        let key = key(Scope::Organization {}, READ_WRITE);
        let gateway = Gateway::start_with(limit, ledger, Arc::new(now), Timing::default())
            .await
            .unwrap();
        gateway.put_key(&key.key);
        let upstream = upstream.with_key(&PHARE_KEY.into()).unwrap();
        gateway.attach(Some(Arc::new(upstream)));
        let mut worst = Self {
            gateway,
            key,
            seen,
            slept,
        };
        assert_eq!(worst.get().await.status, 200);
        assert_eq!(worst.next_seen().await.0, 1);
        worst
    }

    async fn get(&self) -> Answer {
        let headers = [("authorization", self.key.bearer())];
        let [(name, value)] = &headers;
        let request = request("GET", "/users", &[(name, value)]);
        Answer::read(self.gateway.handle(request).await).await
    }

    async fn post(&self, body: Vec<u8>) -> Answer {
        let request = Request::post("/projects")
            .header("authorization", self.key.bearer())
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        Answer::read(self.gateway.handle(request).await).await
    }

    async fn next_seen(&mut self) -> (u32, String) {
        self.seen.recv().await.unwrap()
    }
}

async fn play(
    mut stream: TcpStream,
    number: u32,
    then: Option<Then>,
    told: UnboundedSender<(u32, String)>,
) {
    let mut calls = 0;
    let mut bytes = Vec::new();
    while stream.read_buf(&mut bytes).await.is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.lines().next());
        if body.len() < length.map_or(0, |length| length.parse().unwrap()) {
            continue;
        }
        calls += 1;
        let _ = told.send((number, head.lines().next().unwrap().to_owned()));
        bytes.clear();
        if let (2, Some(Then::Answers(after))) = (calls, then) {
            sleep(after).await;
        }
        stream.write_all(OK).await.unwrap();
        if let Some(Then::Vanishes | Then::VanishesWithAll) = then {
            // What is still to be acknowledged of the answer.
            sleep(Duration::from_millis(100)).await;
            const TAKE_NOTHING: SockFilter = SockFilter::new(0x06, 0, 0, 0);
            SockRef::from(&stream)
                .attach_filter(&[TAKE_NOTHING])
                .unwrap();
        }
    }
}

/// Long enough for the upstream to vanish.
async fn vanished(worst: &Worst) {
    assert_eq!(worst.gateway.limits().used, 1);
    sleep(Duration::from_millis(500)).await;
}

#[tokio::test]
async fn a_dead_connection_is_found_out_and_a_get_is_made_once_more_for_a_second_slot() {
    let mut worst = Worst::new(100, Then::Vanishes).await;
    vanished(&worst).await;
    let begun = Instant::now();
    assert_eq!(worst.get().await.status, 200);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(
        worst.next_seen().await,
        (2, "GET /users HTTP/1.1".to_owned())
    );
    assert_eq!(worst.gateway.limits().used, 3);
}

#[tokio::test]
async fn a_get_is_not_made_once_more_beyond_the_limit() {
    let mut worst = Worst::new(2, Then::Vanishes).await;
    vanished(&worst).await;
    let begun = Instant::now();
    let refused = worst.get().await;
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(refused.status, 502);
    assert_eq!(worst.gateway.limits().used, 2);
    assert!(worst.seen.try_recv().is_err());
}

/// The first may have been made, which is what is told; the second was not, and costs nothing.
#[tokio::test]
async fn a_get_that_cannot_be_made_once_more_is_told_as_it_was() {
    let worst = Worst::new(100, Then::VanishesWithAll).await;
    vanished(&worst).await;
    let refused = worst.get().await;
    assert_eq!(refused.status, 502);
    let message = refused.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("may have been made"), "{message}");
    assert_eq!(worst.gateway.limits().used, 2);
}

/// It may have been made.
#[tokio::test]
async fn nothing_else_is_made_once_more() {
    // One without a body could be sent again as it was.
    for body in ["{}", ""] {
        let mut worst = Worst::new(100, Then::Vanishes).await;
        vanished(&worst).await;
        let begun = Instant::now();
        let refused = worst.post(body.into()).await;
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        assert_eq!(refused.status, 502);
        assert!(
            refused.json()["message"]
                .as_str()
                .unwrap()
                .contains("may have been made")
        );
        assert!(worst.seen.try_recv().is_err());
        // The next one finds no other dead connection.
        assert_eq!(worst.post(body.into()).await.status, 200);
        assert_eq!(worst.next_seen().await.0, 2);
    }
}

/// Not every system finds a dead connection out; that the machine slept, every clock on the wall shows.
#[tokio::test]
async fn after_sleep_no_call_takes_a_connection_of_before() {
    let mut worst = Worst::new(100, Then::Vanishes).await;
    vanished(&worst).await;
    worst.slept.store(3600, Ordering::Relaxed);
    let begun = Instant::now();
    assert_eq!(worst.post(b"{}".to_vec()).await.status, 200);
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(worst.next_seen().await.0, 2);
    assert_eq!(worst.gateway.limits().used, 2);
}

/// Slow is not dead.
#[tokio::test]
async fn a_slow_answer_on_a_connection_of_before_is_waited_for() {
    let mut worst = Worst::new(100, Then::Answers(Duration::from_secs(7))).await;
    assert_eq!(worst.get().await.status, 200);
    assert_eq!(worst.next_seen().await.0, 1);
    assert_eq!(worst.gateway.limits().used, 2);
}

/// An upstream that lets what it is sent lie for a while acknowledges that it lies there, and takes no more.
#[tokio::test]
async fn an_upload_that_is_slow_to_be_read_is_no_dead_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let world = World::new().await;
    let base = format!("http://127.0.0.1:{port}").parse().unwrap();
    let upstream = HttpUpstream::new(base, Proxies::default(), Arc::new(now)).unwrap();
    let gateway = Gateway::start(100, Arc::new(Memory::default()), Arc::new(now))
        .await
        .unwrap();
    gateway.put_key(&world.owner.key);
    gateway.attach(Some(Arc::new(
        upstream.with_key(&PHARE_KEY.into()).unwrap(),
    )));
    let size = 32 * 1024 * 1024;
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        sleep(Duration::from_secs(7)).await;
        let (mut read, mut piece) = (0, vec![0; 1024 * 1024]);
        while read < size {
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => return read,
                Ok(more) => read += more,
            }
        }
        stream.write_all(OK).await.unwrap();
        read
    });
    let request = Request::post("/projects")
        .header("authorization", world.owner.bearer())
        .body(Full::new(Bytes::from(vec![b'x'; size])))
        .unwrap();
    let answer = Answer::read(gateway.handle(request).await).await;
    assert_eq!(answer.status, 200);
    assert!(serving.await.unwrap() >= size);
}
