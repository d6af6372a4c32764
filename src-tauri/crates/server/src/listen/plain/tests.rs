use std::sync::Mutex;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use http::{Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;
use crate::framing::HeadLimits;
use crate::listen::serve;

type BoxedBody = UnsyncBoxBody<Bytes, io::Error>;

const SOON: Duration = Duration::from_secs(10);

/// A connection to a listener that answers what the path says.
struct Talk {
    client: TcpStream,
    /// What the service was asked, in order.
    asked: Arc<Mutex<Vec<String>>>,
    /// One for each request that nobody waits for any more, answered or not.
    over: UnboundedReceiver<()>,
    stop: CancellationToken,
    _end: DropGuard,
}

impl Talk {
    async fn start() -> Self {
        Self::within(|limits| limits).await
    }

    async fn within(bounds: impl FnOnce(ListenLimits) -> ListenLimits) -> Self {
        let wording = |status, code: &str, _: &str| {
            let mut response = Response::new(Full::from(code.to_owned()));
            *response.status_mut() = status;
            response
        };
        let limits = bounds(ListenLimits::worded(Arc::new(wording)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, asked) = (CancellationToken::new(), Arc::<Mutex<Vec<_>>>::default());
        let (tell, over) = unbounded_channel();
        let heard = asked.clone();
        let begin = move |_, _| {
            let (heard, tell) = (heard.clone(), tell.clone());
            move |request: Request<Incoming>| {
                let (head, body) = request.into_parts();
                let target = head.uri.to_string();
                heard
                    .lock()
                    .unwrap()
                    .push(format!("{} {target}", head.method));
                let lasting = CancellationToken::new();
                let (ended, tell) = (lasting.clone(), tell.clone());
                tokio::spawn(async move {
                    ended.cancelled().await;
                    tell.send(()).ok();
                });
                let lasting = lasting.drop_guard();
                async move {
                    if target == "/never" {
                        std::future::pending::<()>().await;
                    }
                    if target.ends_with("later") {
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                    let sent = body.collect().await.unwrap().to_bytes();
                    drop(lasting);
                    Given::from(answer(&target, &sent))
                }
            }
        };
        let serving = serve(listener, begin, stop.clone(), limits, None);
        tokio::spawn(serving);
        Self {
            client: TcpStream::connect(address).await.unwrap(),
            asked,
            over,
            _end: stop.clone().drop_guard(),
            stop,
        }
    }

    async fn say(&mut self, text: &str) {
        self.client.write_all(text.as_bytes()).await.unwrap();
    }

    /// All that comes, up to these bytes.
    async fn hears(&mut self, end: &str) -> String {
        let mut heard = Vec::new();
        let hearing = async {
            while !heard.ends_with(end.as_bytes()) {
                heard.push(self.client.read_u8().await.unwrap());
            }
        };
        let in_time = timeout(SOON, hearing).await;
        let heard = String::from_utf8(heard).unwrap();
        in_time.unwrap_or_else(|_| panic!("only {heard:?}"));
        heard
    }

    /// Whether the connection ends in order, with nothing more on it.
    async fn ends(&mut self) -> bool {
        let mut rest = Vec::new();
        let end = timeout(SOON, self.client.read_to_end(&mut rest)).await;
        end.expect("no end").is_ok() && rest.is_empty()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(target: &str, sent: &Bytes) -> Response<BoxedBody> {
    let whole = |bytes: Vec<u8>| {
        let body = Full::from(bytes).map_err(|never| match never {});
        Response::new(body.boxed_unsync())
    };
    let pieces = |pieces: &'static [&'static str]| {
        let frames = pieces.iter().map(|it| Ok(Frame::data(Bytes::from(*it))));
        StreamBody::new(stream::iter(frames))
    };
    match target {
        "/none" => {
            let mut answer = whole(Vec::new());
            *answer.status_mut() = StatusCode::NO_CONTENT;
            answer
        }
        "/pieces" | "/pieces?later" => Response::new(pieces(&["a-", "b-", "c"]).boxed_unsync()),
        "/cut" => {
            let error = stream::once(async { Err(io::Error::other("cut")) });
            let body = StreamBody::new(pieces(&["a-"]).chain(error));
            Response::new(body.boxed_unsync())
        }
        "/large" => whole(vec![b'x'; LARGEST as usize + 1]),
        "/largest" => whole(vec![b'x'; LARGEST as usize]),
        "/odd" => {
            let mut answer = whole(b"odd".to_vec());
            let headers = answer.headers_mut();
            headers.insert("connection", "upgrade".parse().unwrap());
            headers.insert("transfer-encoding", "gzip".parse().unwrap());
            headers.insert("content-length", "99".parse().unwrap());
            headers.insert("date", "once".parse().unwrap());
            headers.append("x-two", "1".parse().unwrap());
            headers.append("x-two", "2".parse().unwrap());
            answer
        }
        _ => whole([target.as_bytes(), b"|", sent, b"."].concat()),
    }
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")
}

#[tokio::test]
async fn requests_are_answered_in_order_however_they_come() {
    let mut talk = Talk::start().await;
    talk.say(&(get("/1") + &get("/2") + "GET /3 HT")).await;
    assert!(talk.hears("/1|.").await.starts_with("HTTP/1.1 200 OK\r\n"));
    talk.hears("/2|.").await;
    talk.say("TP/1.1\r\nHost: a\r\n\r\n\r\n").await;
    talk.hears("/3|.").await;
    talk.say(&get("/4")).await;
    talk.hears("/4|.").await;
    assert_eq!(talk.asked(), ["GET /1", "GET /2", "GET /3", "GET /4"]);
}

#[tokio::test]
async fn a_request_that_is_not_plain_goes_on_on_the_same_connection() {
    for (request, end) in [
        (
            "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz",
            "/b|xyz.",
        ),
        (
            "GET /k HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n",
            "/k|.",
        ),
        ("GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n", "0\r\n\r\n"),
        ("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n"),
    ] {
        let mut talk = Talk::start().await;
        talk.say(&(get("/1") + request + &get("/2"))).await;
        talk.hears("/1|.").await;
        let answer = talk.hears(end).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        talk.hears("/2|.").await;
        assert_eq!(talk.asked().len(), 3, "each was asked once");
    }
}

#[tokio::test]
async fn a_request_that_ends_its_connection_is_answered_first() {
    for request in [
        "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /a HTTP/1.0\r\nHost: a\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nX-A: b\r\nConnection: x-a, Close\r\n\r\n",
    ] {
        let mut talk = Talk::start().await;
        talk.say(&get("/1")).await;
        talk.hears("/1|.").await;
        talk.say(request).await;
        talk.hears("/a|.").await;
        assert!(talk.ends().await, "{request}");
    }
}

#[tokio::test]
async fn an_answer_that_comes_in_pieces_is_told_so_and_never_looks_whole_when_cut() {
    let mut talk = Talk::start().await;
    talk.say(&get("/pieces")).await;
    let answer = talk.hears("\r\n0\r\n\r\n").await;
    assert!(
        answer.contains("transfer-encoding: chunked\r\n"),
        "{answer}"
    );
    assert!(
        answer.ends_with("\r\n2\r\na-\r\n2\r\nb-\r\n1\r\nc\r\n0\r\n\r\n"),
        "{answer}"
    );
    talk.say(&get("/cut")).await;
    let mut rest = Vec::new();
    let end = timeout(SOON, talk.client.read_to_end(&mut rest)).await;
    assert!(end.expect("no end").is_err(), "{rest:?}");
    assert_eq!(talk.asked(), ["GET /pieces", "GET /cut"]);
}

#[tokio::test]
async fn the_head_of_an_answer_says_what_is_true_of_it() {
    let mut talk = Talk::start().await;
    talk.say(&get("/odd")).await;
    let answer = talk.hears("odd").await;
    let head =
        "HTTP/1.1 200 OK\r\ndate: once\r\nx-two: 1\r\nx-two: 2\r\ncontent-length: 3\r\n\r\nodd";
    assert_eq!(answer, head);
    talk.say(&get("/none")).await;
    let answer = talk.hears("\r\n\r\n").await;
    let (first, date) = answer.split_once("\r\ndate: ").unwrap();
    assert_eq!(first, "HTTP/1.1 204 No Content");
    assert!(date.ends_with(" GMT\r\n\r\n") && date.len() == 33, "{date}");
    for (target, length) in [("/largest", LARGEST), ("/large", LARGEST + 1)] {
        talk.say(&get(target)).await;
        let answer = talk.hears("\r\n\r\n").await;
        assert!(
            answer.contains(&format!("content-length: {length}\r\n")),
            "{answer}"
        );
        let mut body = vec![0; length as usize];
        let read = timeout(SOON, talk.client.read_exact(&mut body)).await;
        read.expect("too little").unwrap();
        assert_eq!(body, vec![b'x'; length as usize]);
    }
}

#[tokio::test]
async fn nothing_is_done_for_a_client_that_has_gone() {
    let mut talk = Talk::start().await;
    talk.say(&(get("/1") + &get("/never"))).await;
    talk.hears("/1|.").await;
    talk.over.recv().await;
    while talk.asked().len() < 2 {
        tokio::task::yield_now().await;
    }
    let Talk {
        client, mut over, ..
    } = talk;
    drop(client);
    let ended = timeout(SOON, over.recv()).await;
    ended.expect("it goes on");
}

#[tokio::test]
async fn a_stop_ends_what_is_idle_in_order_and_lets_an_answer_be_the_last() {
    let mut talk = Talk::start().await;
    talk.say(&get("/1")).await;
    talk.hears("/1|.").await;
    talk.stop.cancel();
    assert!(talk.ends().await);

    for (target, end) in [("/later", "/later|."), ("/pieces?later", "c\r\n0\r\n\r\n")] {
        let mut talk = Talk::start().await;
        talk.say(&get(target)).await;
        while talk.asked().is_empty() {
            tokio::task::yield_now().await;
        }
        talk.stop.cancel();
        let answer = talk.hears(end).await;
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(talk.ends().await);
    }
}

#[tokio::test]
async fn a_head_that_does_not_come_in_time_is_answered_if_it_began() {
    let soon = |limits: ListenLimits| ListenLimits {
        head: HeadLimits {
            time: Duration::from_millis(200),
            ..limits.head
        },
        ..limits
    };
    let mut silent = Talk::within(soon).await;
    assert!(silent.ends().await);
    for before in ["", "/1"] {
        let mut slow = Talk::within(soon).await;
        if !before.is_empty() {
            slow.say(&get(before)).await;
            slow.hears("|.").await;
        }
        slow.say("GET / HT").await;
        let answer = slow.hears("request_timeout").await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(slow.ends().await);
    }
}
