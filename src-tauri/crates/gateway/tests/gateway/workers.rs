//! Calls on several runtimes at once, to an upstream that does with its connections whatever one may do.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use gardien_domain::Scope;
use gardien_gateway::{Gateway, Timing};
use http_body_util::BodyExt as _;
use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::support::*;

const WORKERS: u32 = 3;
const CALLERS: u32 = 8;
const CALLS: u32 = 100;
/// No call takes as long.
const SOON: Duration = Duration::from_secs(60);

/// The answer to a call, and to no other.
fn due(call: u32) -> String {
    let rest = "x".repeat(call as usize % 700);
    format!("{{\"call\":{call},\"rest\":\"{rest}\"}}")
}

fn moment(call: u32) -> Duration {
    Duration::from_micros(u64::from(call % 700))
}

/// Answers the calls of one connection.
async fn play(mut stream: TcpStream) -> io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        while !bytes.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        }
        let head = String::from_utf8(std::mem::take(&mut bytes)).unwrap();
        let target = head.split(' ').nth(1).unwrap();
        let call = target.rsplit('/').next().unwrap().parse().unwrap();
        let body = due(call);
        let length = body.len();
        let whole = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
        let (first, second) = whole.split_at(length / 2);
        match call % 40 {
            0 => return Ok(()),
            1 => return stream.write_all(first.as_bytes()).await,
            2 => return stream.write_all(whole.as_bytes()).await,
            3 => {
                stream.write_all(whole.as_bytes()).await?;
                sleep(moment(call)).await;
                return Ok(());
            }
            // It ends with the connection.
            4 => {
                let whole = format!("HTTP/1.1 200 OK\r\n\r\n{body}");
                return stream.write_all(whole.as_bytes()).await;
            }
            5..10 => {
                let coding = "transfer-encoding: chunked";
                let whole =
                    format!("HTTP/1.1 200 OK\r\n{coding}\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n");
                stream.write_all(whole.as_bytes()).await?;
            }
            10..20 => {
                stream.write_all(first.as_bytes()).await?;
                sleep(moment(call)).await;
                stream.write_all(second.as_bytes()).await?;
            }
            // Reset, and what is left of it lost.
            20 => {
                stream.write_all(first.as_bytes()).await?;
                return SockRef::from(&stream).set_linger(Some(Duration::ZERO));
            }
            // With one that nobody asked for.
            21 => stream.write_all(whole.repeat(2).as_bytes()).await?,
            _ => stream.write_all(whole.as_bytes()).await?,
        }
    }
}

/// Whether it was answered; it may have been broken off.
async fn get(gateway: &Gateway, key: &Owned, call: u32) -> bool {
    let path = format!("/uptime/monitors/{call}");
    let head = [
        ("authorization", &*key.bearer()),
        ("x-phare-project-id", "1"),
    ];
    let answer = gateway.handle(request("GET", &path, &head)).await;
    let (head, body) = answer.into_parts();
    let Ok(body) = body.collect().await else {
        return false;
    };
    if head.status == 200 {
        let body = String::from_utf8(body.to_bytes().into()).unwrap();
        assert_eq!(body, due(call), "somebody else's");
    } else {
        assert_eq!(head.status, 502, "{call}: {:?}", body.to_bytes());
    }
    head.status == 200
}

/// A gateway before it, and its key.
async fn stage() -> (Gateway, Arc<Owned>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(play(stream));
        }
    });
    let key = Arc::new(key(Scope::Organization {}, READ_WRITE));
    let ledger = Arc::new(Memory::default());
    let gateway = start_with(1_000_000, &ledger, &[&key], Timing::default()).await;
    gateway.attach(Some(transport(port, "")));
    (gateway, key)
}

fn are_enough(answered: impl IntoIterator<Item = u32>) {
    let (answered, asked) = (answered.into_iter().sum::<u32>(), WORKERS * CALLERS * CALLS);
    assert!(answered > asked * 3 / 4, "{answered} of {asked}");
}

#[tokio::test]
async fn each_call_has_its_own_answer_or_none_whatever_becomes_of_connections() {
    let (gateway, key) = stage().await;
    let workers = (0..WORKERS).map(|worker| {
        let (gateway, key) = (gateway.clone(), key.clone());
        spawn_blocking(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(call_much(gateway, key, worker))
        })
    });
    are_enough(try_join_all(workers).await.unwrap());
}

/// Connections go from thread to thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn so_it_has_on_a_runtime_of_several_threads() {
    let (gateway, key) = stage().await;
    let workers = (0..WORKERS).map(|worker| call_much(gateway.clone(), key.clone(), worker));
    are_enough(join_all(workers).await);
}

/// So many were answered.
async fn call_much(gateway: Gateway, key: Arc<Owned>, worker: u32) -> u32 {
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (gateway, key) = (gateway.clone(), key.clone());
        callers.spawn(async move {
            let mut answered = 0;
            for number in 0..CALLS {
                let call = (worker * CALLERS + caller) * CALLS + number;
                let getting = get(&gateway, &key, call);
                // Some are given up at some moment.
                if call.is_multiple_of(17) {
                    let _ = timeout(moment(call), getting).await;
                    continue;
                }
                let got = timeout(SOON, getting).await;
                answered += u32::from(got.expect("it hangs"));
            }
            answered
        });
    }
    callers.join_all().await.into_iter().sum()
}
