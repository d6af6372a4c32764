use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt as _, stream};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use uuid::Uuid;

use super::*;

type BoxedBody = http_body_util::combinators::UnsyncBoxBody<Bytes, io::Error>;

const SOON: Duration = Duration::from_secs(10);
/// Bytes of an answer that the system takes at once.
const LARGE: usize = 48 * 1024;
/// Bytes of an answer that a client has to take for a while.
const SLOW: usize = 2 * 1024 * 1024;

fn limits() -> ListenLimits {
    let wording = |status, code: &str, _: &str| {
        let mut response = Response::new(Full::from(code.to_owned()));
        *response.status_mut() = status;
        response
    };
    ListenLimits {
        connections: 8,
        drain: Duration::from_millis(200),
        ..ListenLimits::worded(Arc::new(wording))
    }
}

/// A listener that answers what the path says.
struct Listening {
    address: SocketAddr,
    stop: CancellationToken,
    /// Over when all connections are.
    serving: JoinHandle<io::Result<()>>,
    /// Bytes of `/endless` that were asked for.
    given: Arc<AtomicUsize>,
    /// Whether answers may go on no more.
    over: CancellationToken,
}

impl Listening {
    async fn start(limits: ListenLimits) -> Self {
        Self::start_with(limits, None).await
    }

    async fn start_with(limits: ListenLimits, workers: Option<NonZeroUsize>) -> Self {
        let workers = workers.map(|most| Arc::new(Workers::new(most)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let given = Arc::<AtomicUsize>::default();
        let (count, over) = (given.clone(), CancellationToken::new());
        let cut = over.clone();
        let begin = move |_, connected: Connected| {
            let (count, cut) = (count.clone(), cut.clone());
            move |request: Request<Incoming>| {
                let path = request.uri().path();
                if path.starts_with("/shown") {
                    connected.belongs_to(Uuid::from_u128(1));
                }
                let (answer, reads) = (answer(path, count.clone()), path.ends_with("/body"));
                let until: Until = Box::pin(cut.clone().cancelled_owned());
                async move {
                    if reads {
                        let _ = request.into_body().collect().await;
                    }
                    let until = Some(until);
                    Given { answer, until }
                }
            }
        };
        let serving = tokio::spawn(serve(listener, begin, stop.clone(), limits, workers));
        Self {
            address,
            stop,
            serving,
            given,
            over,
        }
    }

    /// Everything behind it ends.
    async fn stops(&mut self) {
        self.stop.cancel();
        let served = timeout(SOON, &mut self.serving).await;
        served.expect("it does not stop").unwrap().unwrap();
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// With a buffer so small that what is not taken is kept here.
    async fn connect_narrowly(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    /// Begins to send a body with a good key, and comes back when the body is awaited.
    async fn begin_upload(&self) -> TcpStream {
        let mut stream = self.connect().await;
        let head = "POST /shown/body HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(status(&mut stream).await, "100");
        stream
    }

    async fn ask(&self, path: &str, version: &str) -> TcpStream {
        let mut stream = self.connect().await;
        ask(&mut stream, path, version).await;
        stream
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn ask(stream: &mut TcpStream, path: &str, version: &str) {
    let head = format!("GET {path} HTTP/{version}\r\nHost: a\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
}

fn answer(path: &str, count: Arc<AtomicUsize>) -> Response<BoxedBody> {
    let data = |bytes| Ok(Frame::data(Bytes::from_static(bytes)));
    let half = stream::iter([data(b"half")]);
    Response::new(match path {
        "/whole" => StreamBody::new(half).boxed_unsync(),
        "/large" => Full::from(vec![b'x'; LARGE])
            .map_err(|never| match never {})
            .boxed_unsync(),
        "/slow" => Full::from(vec![b'x'; SLOW])
            .map_err(|never| match never {})
            .boxed_unsync(),
        "/cut" => {
            let error = stream::once(async { Err(io::Error::other("cut")) });
            StreamBody::new(half.chain(error)).boxed_unsync()
        }
        "/hanging" => StreamBody::new(half.chain(stream::pending())).boxed_unsync(),
        "/panic" => panic!("as it should"),
        "/endless" => {
            let piece = Bytes::from(vec![b'x'; 16 * 1024]);
            let pieces = stream::repeat(piece).map(move |piece| {
                count.fetch_add(piece.len(), Ordering::SeqCst);
                Ok(Frame::data(piece))
            });
            StreamBody::new(pieces).boxed_unsync()
        }
        _ => Full::from("shown")
            .map_err(|never| match never {})
            .boxed_unsync(),
    })
}

/// What came, and whether it ended as if it were all.
async fn heard(mut stream: TcpStream) -> (String, bool) {
    let mut bytes = Vec::new();
    let read = timeout(SOON, stream.read_to_end(&mut bytes)).await;
    let is_whole = read.expect("neither answer nor end").is_ok();
    (String::from_utf8(bytes).unwrap(), is_whole)
}

async fn status(stream: &mut TcpStream) -> String {
    let mut line = [0; 12];
    let read = timeout(SOON, stream.read_exact(&mut line)).await;
    read.expect("no answer").unwrap();
    String::from_utf8(line[9..].to_vec()).unwrap()
}

#[tokio::test]
async fn an_answer_that_is_cut_off_never_looks_whole() {
    let listening = Listening::start(limits()).await;
    let (said, is_whole) = heard(listening.ask("/whole", "1.0").await).await;
    assert!(said.ends_with("\r\n\r\nhalf") && is_whole, "{said}");
    let (said, is_whole) = heard(listening.ask("/cut", "1.0").await).await;
    assert!(!is_whole, "{said}");
    let (said, _) = heard(listening.ask("/cut", "1.1").await).await;
    assert!(!said.ends_with("0\r\n\r\n"), "{said}");
}

/// A reset would take away what was sent and is not taken yet.
#[tokio::test]
async fn an_answer_that_is_whole_is_there_for_whoever_takes_it_late() {
    for version in ["1.0", "1.1"] {
        let mut listening = Listening::start(limits()).await;
        let mut late = listening.connect_narrowly().await;
        ask(&mut late, "/large", version).await;
        late.readable().await.unwrap();
        listening.stops().await;
        let (said, is_whole) = heard(late).await;
        assert!(is_whole && said.matches('x').count() == LARGE, "{said}");
    }
}

#[tokio::test]
async fn what_the_stop_signal_cuts_off_does_not_look_whole_either() {
    let answered_by = [0, 1, 2].map(NonZeroUsize::new);
    for (workers, version) in answered_by
        .iter()
        .flat_map(|it| [(*it, "1.0"), (*it, "1.1")])
    {
        let mut listening = Listening::start_with(limits(), workers).await;
        let idle = listening.connect().await;
        let mut hanging = listening.ask("/hanging", version).await;
        assert_eq!(status(&mut hanging).await, "200");
        listening.stops().await;
        let (said, is_whole) = heard(hanging).await;
        assert!(!is_whole && !said.ends_with("0\r\n\r\n"), "{said}");
        assert!(heard(idle).await.1, "nothing was cut off there");
    }
}

#[tokio::test]
async fn a_service_that_fails_takes_no_other_connection_of_its_worker_along() {
    let mut listening = Listening::start_with(limits(), NonZeroUsize::new(1)).await;
    let mut other = listening.ask("/", "1.1").await;
    assert_eq!(status(&mut other).await, "200");
    let (said, _) = heard(listening.ask("/panic", "1.1").await).await;
    assert_eq!(said, "");
    let mut next = listening.ask("/", "1.1").await;
    assert_eq!(status(&mut next).await, "200");
    listening.stops().await;
    assert!(heard(other).await.1, "it went along");
}

/// One that takes nothing of what it asked for.
async fn stalled(listening: &Listening) -> TcpStream {
    let mut stalled = listening.connect_narrowly().await;
    ask(&mut stalled, "/endless", "1.0").await;
    assert_eq!(status(&mut stalled).await, "200");
    stalled
}

#[tokio::test]
async fn a_client_that_takes_nothing_has_its_place() {
    let connections = 2;
    let listening = Listening::start(ListenLimits {
        connections,
        ..limits()
    })
    .await;
    let _stalled = stalled(&listening).await;
    let mut refused = listening.ask("/", "1.1").await;
    assert_eq!(
        status(&mut refused).await,
        "503",
        "half of the places are taken"
    );
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off_and_little_is_kept_for_it() {
    let min_data_rate = MinDataRate {
        grace: Duration::from_millis(500),
        ..MinDataRate::default()
    };
    let listening = Listening::start(ListenLimits {
        min_data_rate,
        connections: 2,
        ..limits()
    })
    .await;
    let stalled = stalled(&listening).await;
    let served = async {
        while status(&mut listening.ask("/", "1.1").await).await != "200" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(SOON, served).await.expect("it keeps its place");
    assert!(!heard(stalled).await.1, "it looked whole");
    let given = listening.given.load(Ordering::SeqCst);
    assert!(given < 512 * 1024, "{given}");
}

#[tokio::test]
async fn an_answer_that_may_not_go_on_is_cut_off_although_nobody_takes_it() {
    let listening = Listening::start(limits()).await;
    let mut stalled = stalled(&listening).await;
    listening.over.cancel();
    let mut rest = vec![0; 1 << 20];
    let taking = async {
        loop {
            match stalled.read(&mut rest).await {
                Ok(0) => break true,
                Ok(_) => {}
                Err(_) => break false,
            }
        }
    };
    let is_whole = timeout(SOON, taking).await.expect("it goes on");
    assert!(!is_whole);
}

#[tokio::test]
async fn a_client_that_takes_a_little_now_and_then_is_cut_off_as_well() {
    let min_data_rate = MinDataRate {
        grace: Duration::from_millis(500),
        bytes_per_second: 1 << 30,
    };
    let listening = Listening::start(ListenLimits {
        min_data_rate,
        ..limits()
    })
    .await;
    let mut slow = listening.ask("/endless", "1.1").await;
    assert_eq!(status(&mut slow).await, "200");
    let mut taken = vec![0; 64 * 1024];
    let taking = async {
        while slow.read(&mut taken).await.is_ok_and(|read| read > 0) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, taking).await.expect("it may go on for ever");
}

#[tokio::test]
async fn silence_keeps_nobody_out() {
    let listening = Listening::start(limits()).await;
    let mut known = listening.ask("/shown", "1.1").await;
    assert_eq!(status(&mut known).await, "200");
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(listening.connect().await);
    }
    let mut new = listening.ask("/", "1.1").await;
    assert_eq!(status(&mut new).await, "200");
    let mut rest = [0; 256];
    let _ = known.read(&mut rest).await.unwrap();
    ask(&mut known, "/shown", "1.1").await;
    assert_eq!(
        status(&mut known).await,
        "200",
        "the connection that was there"
    );
    let (said, in_order) = heard(silent.remove(0)).await;
    assert_eq!((said.as_str(), in_order), ("", true), "the first gave way");
}

#[tokio::test]
async fn a_body_that_is_awaited_keeps_nobody_out_at_its_address() {
    let listening = Listening::start(limits()).await;
    let mut slow = Vec::new();
    for _ in 0..5 {
        slow.push(listening.begin_upload().await);
    }
    let mut others = Vec::new();
    for _ in 0..4 {
        let mut other = listening.ask("/", "1.1").await;
        assert_eq!(status(&mut other).await, "200");
        others.push(other);
    }
    let beyond = slow.pop().unwrap();
    assert!(!heard(beyond).await.1, "beyond its holder's half");
    for mut within in slow {
        within.write_all(&[b'x'; 9]).await.unwrap();
        let mut rest = [0; 13];
        let read = timeout(SOON, within.read_exact(&mut rest)).await;
        read.expect("no end").unwrap();
        assert_eq!(status(&mut within).await, "200");
    }
}

#[tokio::test]
async fn the_end_of_an_idle_connection_is_no_cut() {
    let idle = Duration::from_millis(200);
    let listening = Listening::start(ListenLimits { idle, ..limits() }).await;
    let stream = listening.ask("/", "1.1").await;
    let (said, in_order) = heard(stream).await;
    assert!(said.ends_with("shown") && in_order, "{said}");
}

#[tokio::test]
async fn a_client_that_takes_its_time_with_an_answer_is_not_idle() {
    for version in ["1.0", "1.1"] {
        let idle = Duration::from_millis(300);
        let listening = Listening::start(ListenLimits { idle, ..limits() }).await;
        let mut slow = listening.connect_narrowly().await;
        ask(&mut slow, "/slow", version).await;
        let (mut taken, mut piece) = (0, vec![0; SLOW / 8]);
        for _ in 0..6 {
            taken += slow.read_exact(&mut piece).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let (said, is_whole) = heard(slow).await;
        assert!(is_whole && taken + said.len() > SLOW, "{}", said.len());
    }
}

#[test]
fn there_are_never_more_connections_than_the_system_has_room_for() {
    assert_eq!(connections(1024), 256);
    assert_eq!(connections(8192), 1024);
    assert_eq!(connections(u64::MAX), 1024);
}
