//! Heads that are large or slow.

use std::time::{Duration, Instant};

use crate::support::server::Server;
use crate::support::wire::Wire;
use crate::support::world::World;

const KIB: usize = 1024;

fn head(path: &str, bearer: &str, size: usize) -> String {
    let begin =
        format!("GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {bearer}\r\nX-Pad: ");
    format!("{begin}{}\r\n\r\n", "p".repeat(size - begin.len() - 4))
}

#[tokio::test]
async fn a_head_may_have_32_kib_and_no_more() {
    let world = World::new().await;
    let key = world.organization_key().await;
    let session = world.server.token("owner@lighthouse.test", "owner");
    for (base, bearer, path) in [
        (world.server.gateway(), &key.secret, "/projects"),
        (world.server.management(), &session, "/v1/session"),
    ] {
        assert_eq!(
            Wire::exchange(base, head(path, bearer, 32 * KIB))
                .await
                .unwrap()
                .status,
            200,
            "{path}"
        );
        for size in [32 * KIB + 1, 64 * KIB, 1024 * KIB] {
            let answer = Wire::exchange(base, head(path, bearer, size))
                .await
                .unwrap();
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (431, "head_too_large"),
                "{path} {size}"
            );
            assert_eq!(answer.header("connection"), Some("close"));
        }
        // One that never ends.
        let answer = Wire::exchange(base, "a".repeat(40 * KIB)).await.unwrap();
        assert_eq!(answer.status, 431);
        let many = head(path, bearer, 200)
            .replace("\r\n\r\n", &format!("\r\n{}\r\n", "x: y\r\n".repeat(101)));
        assert_eq!(
            Wire::exchange(base, many).await.unwrap().status,
            431,
            "{path}"
        );
    }
}

/// Each of 40 connections sends a byte a second; good callers are answered meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_trickles_in_is_cut_off_after_ten_seconds() {
    let server = Server::start();
    let owner = server.member("owner@lighthouse.test", "owner");
    let mut slow = Vec::new();
    for base in [server.gateway(), server.management()] {
        for number in 0..20 {
            let base = base.to_owned();
            slow.push(tokio::spawn(
                async move { trickle(&base, number == 0).await },
            ));
        }
    }
    for _ in 0..16 {
        owner.get("/v1/session").await.expect(200);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    for connection in slow {
        let (lasted, said) = connection.await.unwrap();
        let seconds = lasted.as_secs_f64();
        assert!((9.0..14.0).contains(&seconds), "{seconds} s");
        assert!(
            said.is_empty() || said.starts_with("HTTP/1.1 408 "),
            "{said}"
        );
    }
}

/// How long the other side put up with it, and what it said at the end.
async fn trickle(base: &str, silent: bool) -> (Duration, String) {
    let begun = Instant::now();
    let mut wire = Wire::open(base).await;
    let mut bytes = "GET /projects HTTP/1.1\r\nHost: localhost\r\nX-Slow: very".bytes();
    loop {
        if !silent && wire.send([bytes.next().unwrap()]).await.is_err() {
            return (begun.elapsed(), String::new());
        }
        if let Ok(said) = tokio::time::timeout(Duration::from_secs(1), wire.rest()).await {
            return (begun.elapsed(), String::from_utf8(said).unwrap());
        }
    }
}
