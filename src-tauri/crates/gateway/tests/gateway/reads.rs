//! Reads that are answered from memory.

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
use gardien_gateway::{Body, BoxError, Gateway, LocalUpstream, Timing};
use http::{Method, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::support::*;

const SOON: Duration = Duration::from_secs(20);
const MONITORS: &str = "/uptime/monitors";

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
    let body = Full::new(body.into());
    body.map_err(|never| match never {}).boxed_unsync()
}

/// In chunks, one of which may be an error.
fn in_chunks(chunks: Vec<Result<&'static str, BoxError>>) -> Response<Body> {
    let frames = chunks
        .into_iter()
        .map(|chunk| chunk.map(|text| Frame::data(Bytes::from(text))));
    let body = StreamBody::new(stream::iter(frames)).boxed_unsync();
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
    fn asks(&self, owned: &Owned) -> tokio::task::JoinHandle<Response<Body>> {
        let bearer = owned.bearer();
        let head = [
            ("authorization", bearer.as_str()),
            ("x-phare-project-id", "1"),
        ];
        let (gateway, request) = (self.gateway.clone(), request("GET", MONITORS, &head));
        tokio::spawn(async move { gateway.handle(request).await })
    }
}

#[tokio::test]
async fn off_every_read_is_a_call() {
    let reads = Reads::new().await;
    reads.gateway.set_limit(&organization(0));
    for call in ["1", "2", "3"] {
        let answer = reads.read(&reads.owner, MONITORS).await;
        assert_eq!(answer.body, call);
        assert_eq!(answer.header("age"), "");
    }
}

#[tokio::test]
async fn the_same_read_is_answered_from_memory_for_its_time() {
    let reads = Reads::new().await;
    let first = reads.read(&reads.owner, MONITORS).await;
    assert_eq!((&*first.body, first.header("age")), (&b"1"[..], ""));
    pass(Duration::from_secs(4)).await;
    let second = reads.read(&reads.owner, MONITORS).await;
    assert_eq!((&*second.body, second.header("age")), (&b"1"[..], "4"));
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    let remaining = |answer: &Answer| answer.header("x-ratelimit-remaining").to_owned();
    assert_eq!(remaining(&first), remaining(&second));
    assert_eq!(reads.gateway.saved_calls(), 1);
    assert_eq!(reads.gateway.calling(now())[0].calls, 2, "both are a use");
    pass(Duration::from_secs(7)).await;
    assert_eq!(reads.body(&reads.owner, MONITORS).await, "2");
}

#[tokio::test]
async fn what_is_in_memory_is_answered_though_the_limit_is_reached() {
    let reads = Reads::new().await;
    reads.gateway.set_limit(&Organization {
        calls_per_minute: 1,
        at_limit: AtLimit::Reject,
        ..organization(10)
    });
    for _ in 0..3 {
        assert_eq!(reads.body(&reads.owner, MONITORS).await, "1");
    }
    let other = reads.read(&reads.owner, "/uptime/incidents").await;
    assert_eq!(other.status, 429);
}

#[tokio::test]
async fn another_question_is_another_call() {
    let reads = Reads::new().await;
    assert_eq!(reads.body(&reads.owner, MONITORS).await, "1");
    let mut call = 1;
    for (path, headers) in [
        ("/uptime/monitors/1", &[][..]),
        ("/uptime/monitors?page=2", &[]),
        ("/uptime/monitors?page=2&per_page=5", &[]),
        (MONITORS, &[("x-phare-project-id", "2")]),
        (MONITORS, &[("accept", "text/csv")]),
        (MONITORS, &[("accept-language", "fr")]),
        (MONITORS, &[("x-anything", "1")]),
        (MONITORS, &[("x-anything", "1"), ("x-anything", "2")]),
        (MONITORS, &[("x-anything", "2"), ("x-anything", "1")]),
        (MONITORS, &[("x-forwarded-proto", "https")]),
    ] {
        call += 1;
        for _ in 0..2 {
            let answer = reads.send("GET", &reads.owner, path, headers).await;
            assert_eq!(answer.body, call.to_string(), "{path} {headers:?}");
        }
    }
    // These change nothing, and these are never answered from memory.
    for headers in [
        &[("x-request-id", "mine")][..],
        &[("traceparent", "00-1-2-03"), ("accept-encoding", "br")],
    ] {
        let answer = reads.send("GET", &reads.owner, MONITORS, headers).await;
        assert_eq!(answer.body, "1", "{headers:?}");
    }
    for header in [
        ("cache-control", "no-cache"),
        ("cache-control", "no-store"),
        ("pragma", "no-cache"),
        ("range", "bytes=0-1"),
        ("if-none-match", "\"1\""),
        ("if-modified-since", "Fri, 06 Nov 2026 08:49:37 GMT"),
    ] {
        call += 1;
        let answer = reads.send("GET", &reads.owner, MONITORS, &[header]).await;
        assert_eq!(answer.body, call.to_string(), "{header:?}");
    }
    assert_eq!(reads.body(&reads.owner, MONITORS).await, "1");
}

/// Two that differ in nothing else.
#[tokio::test]
async fn a_read_with_a_body_is_a_call() {
    let reads = Reads::new().await;
    for call in 1..=3 {
        let read = Request::get("/projects")
            .header("authorization", reads.owner.bearer())
            .header("host", "localhost");
        let read = read.body(Full::<Bytes>::from("{}")).unwrap();
        let answer = Answer::read(reads.gateway.handle(read).await).await;
        assert_eq!(answer.body, call.to_string());
    }
}

#[tokio::test]
async fn no_key_is_answered_what_another_was() {
    let reads = Reads::new().await;
    let same = key(Scope::Organization {}, READ_WRITE);
    reads.gateway.put_key(&same.key);
    for (owned, call) in [(&reads.owner, "1"), (&same, "2"), (&reads.reader, "3")] {
        for _ in 0..2 {
            assert_eq!(reads.body(owned, MONITORS).await, call);
        }
    }
}

#[tokio::test]
async fn a_head_is_answered_from_memory_too() {
    let reads = Reads::new().await;
    let answer = reads.send("HEAD", &reads.owner, MONITORS, &[]).await;
    assert_eq!((answer.status, reads.phare.calls()), (200, 1));
    assert_eq!(reads.body(&reads.owner, MONITORS).await, "2");
    let answer = reads.send("HEAD", &reads.owner, MONITORS, &[]).await;
    assert_eq!((&*answer.body, answer.header("age")), (&b""[..], "0"));
    assert_eq!(answer.header("content-length"), "1");
    assert_eq!(reads.phare.calls(), 2);
}

#[tokio::test]
async fn a_write_by_anybody_takes_away_what_was_read_in_its_project() {
    let reads = Reads::new().await;
    let other = key(Scope::Project { project_id: ALPHA }, READ_WRITE);
    let elsewhere = key(Scope::Project { project_id: BETA }, READ_WRITE);
    for owned in [&other, &elsewhere] {
        reads.gateway.put_key(&owned.key);
    }
    assert_eq!(reads.body(&reads.reader, MONITORS).await, "1");
    let in_beta = [("x-phare-project-id", "2")];
    reads
        .send("POST", &elsewhere, "/uptime/monitors/1/pause", &in_beta)
        .await;
    assert_eq!(reads.body(&reads.reader, MONITORS).await, "1");
    for (owned, path) in [
        (&other, "/uptime/monitors/1/pause"),
        (&reads.owner, "/uptime/monitors/1"),
        // An alert rule may hold in every project.
        (&elsewhere, "/alert-rules"),
        (&reads.owner, "/projects"),
    ] {
        let headers: &[_] = if owned.key.id() == elsewhere.key.id() {
            &in_beta
        } else {
            &[]
        };
        let before = reads.body(&reads.reader, MONITORS).await;
        assert_eq!(reads.body(&reads.reader, MONITORS).await, before);
        let written = reads.send("POST", owned, path, headers).await;
        assert_eq!(written.status, 200, "{path}");
        assert_ne!(reads.body(&reads.reader, MONITORS).await, before, "{path}");
    }
}

#[tokio::test]
async fn so_does_a_write_of_gardiens_own() {
    let reads = Reads::new().await;
    assert_eq!(reads.body(&reads.reader, MONITORS).await, "1");
    let need = Need {
        project: None,
        product: Product::Platform,
        access: Access::Write,
        manages_projects: true,
    };
    let request = Request::post("/projects").body(whole("{}")).unwrap();
    let transport = reads.phare.transport();
    let answer = reads.gateway.call(&*transport, request, need).await;
    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!(reads.body(&reads.reader, MONITORS).await, "3");
}

#[tokio::test]
async fn what_is_read_while_a_write_is_under_way_is_not_kept() {
    let reads = Reads::new().await;
    reads.phare.hold(Method::POST);
    let write = reads.send("POST", &reads.owner, "/uptime/monitors/1", &[]);
    let read = async {
        reads.phare.until(1).await;
        assert_eq!(reads.body(&reads.reader, MONITORS).await, "2");
        reads.phare.go();
    };
    let (written, ()) = tokio::join!(write, read);
    assert_eq!(written.status, 200);
    assert_eq!(reads.body(&reads.reader, MONITORS).await, "3");

    // Nor is one that goes on when the write ends, or whose write is given up.
    reads.phare.hold(Method::GET);
    let read = reads.asks(&reads.owner);
    reads.phare.until(4).await;
    reads.phare.hold(Method::POST);
    let write = reads.send("POST", &reads.owner, "/uptime/monitors/1", &[]);
    tokio::select! {
        answer = write => panic!("{answer:?}"),
        () = reads.phare.until(5) => {}
    }
    reads.phare.go();
    let read = Answer::read(read.await.unwrap()).await;
    assert_eq!(read.body, "4");
    // It may still be made.
    for call in ["6", "7"] {
        assert_eq!(reads.body(&reads.owner, MONITORS).await, call);
    }
}

#[tokio::test]
async fn a_key_that_may_not_is_never_answered() {
    let reads = Reads::new().await;
    assert_eq!(reads.body(&reads.reader, MONITORS).await, "1");
    reads.gateway.put_key(&narrowed(&reads.reader));
    assert_eq!(reads.read(&reads.reader, MONITORS).await.status, 403);
    reads.gateway.put_key(&reads.reader.key);
    assert_eq!(reads.body(&reads.reader, MONITORS).await, "2");
    let revocation = Revocation {
        at: now(),
        by: reads.reader.key.created_by(),
    };
    reads.gateway.revoke(reads.reader.key.id(), revocation);
    assert_eq!(reads.read(&reads.reader, MONITORS).await.status, 401);
    assert_eq!(reads.phare.calls(), 2);
}

#[tokio::test]
async fn nothing_outlives_what_stands_behind_the_gateway() {
    let reads = Reads::new().await;
    let forgets: [fn(&Reads); 6] = [
        |reads| reads.gateway.attach(Some(reads.phare.transport())),
        |reads| reads.gateway.attach_again(reads.phare.transport()),
        |reads| reads.gateway.put_project(BETA, "gamma"),
        |reads| reads.gateway.remove_project(BETA),
        |reads| reads.gateway.forget_reads(),
        |reads| {
            reads.gateway.set_limit(&organization(0));
            reads.gateway.set_limit(&organization(10));
        },
    ];
    for (number, forget) in forgets.into_iter().enumerate() {
        let before = reads.body(&reads.owner, MONITORS).await;
        assert_eq!(reads.body(&reads.owner, MONITORS).await, before);
        forget(&reads);
        assert_ne!(reads.body(&reads.owner, MONITORS).await, before, "{number}");
    }
}

#[tokio::test]
async fn nor_phares_word_that_somebody_else_calls_it() {
    let reads = Reads::of(|call, request| {
        let mut answer = numbered(call, request);
        if request.uri().path() == "/uptime/incidents" {
            *answer.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
            answer.headers_mut().insert("retry-after", 0.into());
        }
        answer
    })
    .await;
    assert_eq!(reads.body(&reads.owner, MONITORS).await, "1");
    let held = reads.read(&reads.owner, "/uptime/incidents").await;
    assert_eq!(held.status, 429);
    pass(Duration::from_secs(2)).await;
    assert_eq!(reads.body(&reads.owner, MONITORS).await, "3");
}

#[tokio::test]
async fn twins_share_one_call() {
    let reads = Reads::new().await;
    reads.phare.hold(Method::GET);
    let first = reads.asks(&reads.owner);
    reads.phare.until(1).await;
    let twins = (0..5).map(|_| reads.read(&reads.owner, MONITORS));
    let go = async {
        settled().await;
        assert_eq!(reads.phare.calls(), 1);
        reads.phare.go();
        Answer::read(first.await.unwrap()).await
    };
    let (twins, first) = tokio::join!(join_all(twins), go);
    assert_eq!((&*first.body, first.header("age")), (&b"1"[..], ""));
    for twin in twins {
        assert_eq!((&*twin.body, twin.header("age")), (&b"1"[..], "0"));
        let waited = twin.header("server-timing").strip_prefix("wait;dur=");
        assert!(waited.is_some(), "{twin:?}");
    }
    assert_eq!(reads.phare.calls(), 1);
    assert_eq!(reads.gateway.saved_calls(), 5);
}

#[tokio::test]
async fn a_twin_waits_for_nobody_who_is_not_answered() {
    let reads = Reads::new().await;
    reads.phare.hold(Method::GET);

    // The first one goes away: each of the others goes by itself, and waits for no other.
    let first = reads.asks(&reads.owner);
    reads.phare.until(1).await;
    let twins = [(); 3].map(|()| reads.asks(&reads.owner));
    settled().await;
    assert_eq!(reads.phare.calls(), 1);
    first.abort();
    reads.phare.until(4).await;
    reads.phare.go();
    for twin in twins {
        assert_eq!(twin.await.unwrap().status(), 200);
    }

    // Somebody writes.
    pass(Duration::from_secs(11)).await;
    reads.phare.hold(Method::GET);
    let first = reads.asks(&reads.owner);
    reads.phare.until(5).await;
    let twin = reads.asks(&reads.owner);
    settled().await;
    let written = reads
        .send("POST", &reads.owner, "/uptime/monitors/1", &[])
        .await;
    assert_eq!(written.status, 200);
    reads.phare.until(7).await;
    reads.phare.go();
    assert_eq!(Answer::read(first.await.unwrap()).await.body, "5");
    assert_eq!(Answer::read(twin.await.unwrap()).await.body, "7");

    // It does not want to wait.
    pass(Duration::from_secs(11)).await;
    reads.phare.hold(Method::GET);
    let impatient = [("prefer", "wait=0")];
    let twins = (0..2).map(|_| reads.send("GET", &reads.owner, MONITORS, &impatient));
    let go = async {
        reads.phare.until(9).await;
        reads.phare.go();
    };
    let (twins, ()) = tokio::join!(join_all(twins), go);
    assert!(twins.iter().all(|twin| twin.status == 200));
}

/// What a key may is asked again when the answer is there.
#[tokio::test]
async fn a_twin_whose_key_is_narrowed_meanwhile_is_refused() {
    let reads = Reads::new().await;
    reads.phare.hold(Method::GET);
    let first = reads.asks(&reads.owner);
    reads.phare.until(1).await;
    let twin = reads.asks(&reads.owner);
    settled().await;
    reads.gateway.put_key(&narrowed(&reads.owner));
    assert_eq!(twin.await.unwrap().status(), 403);
    reads.phare.go();
    assert_eq!(Answer::read(first.await.unwrap()).await.body, "1");
    assert_eq!(reads.phare.calls(), 1);
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

#[tokio::test]
async fn a_twin_of_a_call_that_is_refused_goes_by_itself() {
    let reads = Reads::of(|call, request| {
        let mut answer = numbered(call, request);
        if call == 1 {
            *answer.status_mut() = http::StatusCode::UNAUTHORIZED;
        }
        answer
    })
    .await;
    reads.phare.hold(Method::GET);
    let first = reads.asks(&reads.owner);
    reads.phare.until(1).await;
    let twin = reads.asks(&reads.owner);
    settled().await;
    reads.phare.go();
    assert_eq!(first.await.unwrap().status(), 502);
    assert_eq!(Answer::read(twin.await.unwrap()).await.body, "2");
}

#[tokio::test]
async fn a_twin_whose_key_is_revoked_meanwhile_is_refused() {
    let reads = Reads::new().await;
    reads.phare.hold(Method::GET);
    let first = reads.asks(&reads.owner);
    reads.phare.until(1).await;
    let twin = reads.asks(&reads.owner);
    settled().await;
    reads.gateway.put_key(&reads.owner.revoked());
    for call in [first, twin] {
        assert_eq!(call.await.unwrap().status(), 401);
    }
    assert_eq!(reads.phare.calls(), 1);
}

#[tokio::test]
async fn a_cut_answer_is_not_kept_and_its_twin_gets_a_whole_one() {
    let reads = Reads::of(|call, _| match call {
        1 => in_chunks(vec![Ok("half"), Err("cut".into())]),
        _ => in_chunks(vec![Ok("ha"), Ok("lf and half")]),
    })
    .await;
    reads.phare.hold(Method::GET);
    let first = reads.asks(&reads.owner);
    reads.phare.until(1).await;
    let twin = reads.asks(&reads.owner);
    reads.phare.go();
    let cut = first.await.unwrap().into_body().collect().await;
    assert!(cut.is_err());
    let twin = Answer::read(twin.await.unwrap()).await;
    assert_eq!(twin.body, "half and half");
    let kept = reads.read(&reads.owner, MONITORS).await;
    assert_eq!((&*kept.body, kept.header("age")), (&twin.body[..], "0"));
    assert_eq!(reads.phare.calls(), 2);
}

/// One that a client leaves half-way is not kept either.
#[tokio::test]
async fn an_answer_that_is_not_taken_to_its_end_is_not_kept() {
    let reads = Reads::of(|_, _| in_chunks(vec![Ok("ha"), Ok("lf")])).await;
    let mut first = reads.asks(&reads.owner).await.unwrap();
    first.frame().await.unwrap().unwrap();
    drop(first);
    assert_eq!(reads.body(&reads.owner, MONITORS).await, "half");
    assert_eq!(reads.phare.calls(), 2);
}

/// As Laravel says of every answer: it is the key's own, and nobody else is given it.
#[tokio::test]
async fn what_is_private_is_kept_for_the_key_itself() {
    let answer: Answering =
        |call, request| with(call, request, "cache-control", "no-cache, private");
    let reads = Reads::of(answer).await;
    for _ in 0..2 {
        reads.body(&reads.owner, MONITORS).await;
    }
    assert_eq!(reads.phare.calls(), 1);
}

#[tokio::test]
async fn what_is_not_meant_to_be_kept_is_not() {
    let answers: [Answering; 7] = [
        |call, request| with(call, request, "set-cookie", "a=b"),
        |call, request| with(call, request, "cache-control", "max-age=5, No-Store"),
        |call, request| with(call, request, "vary", "accept, *"),
        |call, request| {
            let mut answer = numbered(call, request);
            *answer.status_mut() = http::StatusCode::NOT_FOUND;
            answer
        },
        |_, _| Response::new(whole(vec![b'x'; 256 * 1024 + 1])),
        // Where nothing says how long it is, its end may be a cut.
        |_, _| {
            let mut answer = in_chunks(vec![Ok("x")]);
            answer.headers_mut().remove("transfer-encoding");
            answer
        },
        |_, _| Response::new(endless()),
    ];
    for (number, answering) in answers.into_iter().enumerate() {
        let reads = Reads::of(answering).await;
        for call in 1..=2 {
            let answer = reads.asks(&reads.owner).await.unwrap();
            assert!(!answer.headers().contains_key("age"), "{number}");
            // Of one without an end nobody waits for it.
            let taken = answer.into_body().collect();
            timeout(Duration::from_millis(200), taken).await.ok();
            assert_eq!(reads.phare.calls(), call, "{number}");
        }
    }
    let reads = Reads::of(|call, request| with(call, request, "vary", "accept")).await;
    for _ in 0..2 {
        assert_eq!(reads.body(&reads.owner, MONITORS).await, "1");
    }
}

fn with(
    call: usize,
    request: &Request<()>,
    name: &'static str,
    value: &'static str,
) -> Response<Body> {
    let mut answer = numbered(call, request);
    answer.headers_mut().insert(name, value.parse().unwrap());
    answer
}

fn endless() -> Body {
    let chunks = stream::repeat_with(|| Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"x"))));
    let begun = futures_util::StreamExt::take(chunks, 3);
    let forever = futures_util::StreamExt::chain(begun, stream::pending());
    StreamBody::new(forever).boxed_unsync()
}

/// A project key's list of projects is made here, of its one project.
#[tokio::test]
async fn the_list_of_one_project_is_kept_as_it_was_made() {
    let reads = Reads::of(|call, _| {
        let project = format!("{{\"id\":1,\"name\":\"{call}\"}}");
        let answer = Response::builder().header("content-type", "application/json");
        answer.body(whole(project)).unwrap()
    })
    .await;
    let first = reads.read(&reads.reader, "/projects").await;
    assert_eq!(first.json()["data"][0]["name"], "1");
    let second = reads.read(&reads.reader, "/projects").await;
    assert_eq!(
        (&second.body, second.header("age")),
        (&first.body, "0"),
        "{second:?}"
    );
    let second = reads.read(&reads.reader, "/projects?page=2").await;
    assert_eq!(second.json()["meta"]["current_page"], 2);
}
