use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use http::request::Parts;

use super::*;

const LIMITS: HeadLimits = HeadLimits {
    bytes: 1024,
    time: Duration::from_secs(30),
};

/// Sends `bytes` in pieces of `size`; what came through, and the verdict after each read.
async fn through(bytes: &[u8], size: usize) -> (Vec<u8>, Verdict) {
    let (mut client, server) = duplex(64 * 1024);
    let (mut framed, verdict) = Framed::new(server, LIMITS);
    let mut passed = Vec::new();
    for piece in bytes.chunks(size) {
        client.write_all(piece).await.unwrap();
        drain(&mut framed, &mut passed).await;
    }
    let verdict = *verdict.lock().unwrap();
    (passed, verdict)
}

async fn drain(framed: &mut Framed<DuplexStream>, passed: &mut Vec<u8>) {
    loop {
        if framed.read_buf(passed).now_or_never().is_none() {
            return;
        }
    }
}

async fn fault(head: &str) -> Option<FramingFault> {
    let (whole, verdict) = through(head.as_bytes(), usize::MAX).await;
    let (slowly, same) = through(head.as_bytes(), 1).await;
    assert_eq!(verdict, same, "{head:?}");
    assert_eq!(whole, slowly, "{head:?}");
    if verdict.fault.is_some() {
        assert_eq!(whole, BLANK, "{head:?}");
        assert!(plain(head.as_bytes()).is_none(), "{head:?}");
    }
    verdict.fault
}

fn plain(head: &[u8]) -> Option<(Parts, usize)> {
    Judge::new(LIMITS).plain(&Bytes::copy_from_slice(head))
}

#[test]
fn a_plain_request_is_read_as_it_is_and_no_other_is_plain() {
    let (head, length) = plain(
        b"DELETE /a?b=%2e%2e//c HTTP/1.1\r\nhost: a.b:80\r\nX: y \r\nx:\r\nConnection: Keep-Alive\r\n\r\nGET",
    )
    .unwrap();
    assert_eq!(length, 83);
    assert_eq!(
        (head.method.as_str(), head.uri.to_string().as_str()),
        ("DELETE", "/a?b=%2e%2e//c")
    );
    let values = head.headers.get_all("x").iter();
    assert_eq!(values.collect::<Vec<_>>(), ["y", ""]);
    assert_eq!(head.headers["host"], "a.b:80");
    assert!(plain(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").is_some());
    for head in [
        "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r",
        "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        assert!(plain(head.as_bytes()).is_none(), "{head:?}");
    }
    let long = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nx: {}\r\n\r\n",
        "y".repeat(1024)
    );
    assert!(plain(long.as_bytes()).is_none());
}

#[tokio::test]
async fn sound_heads_pass_byte_for_byte() {
    for message in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a?b=%2e%2e//c HTTP/1.1\r\nhost: a.b:80\r\nx: y \r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: [::1]:7420\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n\n\n\r\rx",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
    ] {
        for size in [1, 7, usize::MAX] {
            let (passed, verdict) = through(message.as_bytes(), size).await;
            assert_eq!(verdict.fault, None, "{message}");
            assert_eq!(String::from_utf8(passed).unwrap(), message);
            assert_eq!(verdict.last, message.contains("Chunked"));
        }
    }
}

#[tokio::test]
async fn empty_lines_before_a_head_are_left_out_however_they_come() {
    let message = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for size in [1, 3, usize::MAX] {
        let (passed, verdict) = through(format!("\r\n\r\n{message}").as_bytes(), size).await;
        assert_eq!(verdict.fault, None);
        assert_eq!(String::from_utf8(passed).unwrap(), message);
    }
}

#[tokio::test]
async fn heads_that_can_be_read_twice_are_refused() {
    use FramingFault::{Framing, Host, Syntax, Target};
    for (head, expected) in [
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            Framing,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n",
            Framing,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            Framing,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n",
            Framing,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
            Framing,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            Framing,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n",
            Framing,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
            Framing,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
            Framing,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            Framing,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
            Framing,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
            Framing,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            Framing,
        ),
        (
            "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            Framing,
        ),
        ("GET / HTTP/1.1\r\n\r\n", Host),
        ("GET / HTTP/1.0\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", Host),
        ("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        ("GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        ("GET /é HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        ("GET / HTTP/1.1\nHost: a\n\n", Syntax),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n", Syntax),
        ("GET / HTTP/1.1\r\nHost: a\rx: y\r\n\r\n", Syntax),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", Syntax),
        ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", Syntax),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", Syntax),
        ("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", Syntax),
        ("GET / HTTP/1.1\r\nHost: a\r\nx: \0\r\n\r\n", Syntax),
        ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", Syntax),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Syntax),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", Syntax),
        ("GET /\r\n\r\n", Syntax),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Syntax),
        ("\u{16}\u{3}\u{1}\n", Syntax),
    ] {
        assert_eq!(fault(head).await, Some(expected), "{head:?}");
    }
}

#[tokio::test]
async fn each_message_of_a_connection_is_judged_and_none_is_read_early() {
    let first = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    let bad = "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
    let (mut client, server) = duplex(4096);
    let (mut framed, verdict) = Framed::new(server, LIMITS);
    client
        .write_all(format!("{first}\r\n{first}{bad}{first}").as_bytes())
        .await
        .unwrap();
    for _ in 0..2 {
        let mut message = vec![0; first.len()];
        framed.read_exact(&mut message).await.unwrap();
        assert_eq!(message, first.as_bytes());
        assert_eq!(*verdict.lock().unwrap(), Verdict::default());
    }
    let mut rest = Vec::new();
    drain(&mut framed, &mut rest).await;
    assert_eq!(rest, BLANK, "nothing after a refused head is let through");
    assert_eq!(verdict.lock().unwrap().fault, Some(FramingFault::Host));
}

#[tokio::test]
async fn large_heads_are_refused() {
    let long = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nx: {}\r\n\r\n",
        "y".repeat(1024)
    );
    assert_eq!(fault(&long).await, Some(FramingFault::TooLarge));
    assert_eq!(fault(&"a".repeat(2000)).await, Some(FramingFault::TooLarge));
    let many = format!(
        "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n",
        "x: y\r\n".repeat(100)
    );
    assert_eq!(fault(&many).await, Some(FramingFault::TooLarge));
}

#[tokio::test]
async fn a_slow_head_is_refused_and_a_silent_connection_ends() {
    let limits = HeadLimits {
        time: Duration::from_millis(200),
        ..LIMITS
    };
    let (mut client, server) = duplex(4096);
    let (mut framed, verdict) = Framed::new(server, limits);
    client.write_all(b"GET / HT").await.unwrap();
    let mut passed = vec![0; BLANK.len()];
    framed.read_exact(&mut passed).await.unwrap();
    assert_eq!(verdict.lock().unwrap().fault, Some(FramingFault::TooSlow));

    let (_client, server) = duplex(4096);
    let (mut framed, _) = Framed::new(server, limits);
    assert_eq!(framed.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn any_bytes_are_judged_without_panic() {
    const ODD: &[u8] = b"GET /\r\n: Host\0\xff1a";
    let mut state = 3_u64;
    for _ in 0..500 {
        let bytes: Vec<u8> = (0..200)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                ODD[(state >> 33) as usize % ODD.len()]
            })
            .collect();
        through(&bytes, 3).await;
        assert!(plain(&bytes).is_none(), "{bytes:?}");
    }
}
