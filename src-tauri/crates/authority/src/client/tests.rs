use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

#[test]
fn a_session_is_sent_encrypted_or_not_off_this_machine() {
    for fine in [
        "https://gardien.example",
        " https://gardien.example/team/ ",
        "http://127.0.0.1:7421",
        "http://localhost:7421",
        "http://[::1]:7421",
    ] {
        assert!(server_address(fine).is_ok(), "{fine}");
    }
    for wrong in [
        "",
        "gardien.example",
        "http://gardien.example",
        "http://127.0.0.1.gardien.example",
        "http://localhost.gardien.example",
        "ftp://gardien.example",
        "https://ada:secret@gardien.example",
        "https://gardien.example/?token=x",
        "file:///etc/passwd",
    ] {
        assert!(server_address(wrong).is_err(), "{wrong}");
    }
}
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\ncontent-type: application/json\r\n\r\n{\"data\":[]}";

/// A server whose first connection is dead once it has answered on it. Counts the requests that it answers.
async fn dying() -> (Client, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answered = Arc::<AtomicU32>::default();
    let count = answered.clone();
    tokio::spawn(async move {
        for first in iter::once(true).chain(iter::repeat(false)) {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 4096];
            while stream.read(&mut asked).await.unwrap() > 0 {
                count.fetch_add(1, Ordering::SeqCst);
                stream.write_all(ANSWER).await.unwrap();
                if first {
                    assert!(stream.read(&mut asked).await.unwrap() > 0);
                    break;
                }
            }
        }
    });
    let client = Client::remote(&url, "token".into(), &Proxies::default()).unwrap();
    client.projects().await.unwrap();
    (client, answered)
}

#[tokio::test]
async fn what_changes_nothing_is_asked_for_again_when_the_connection_was_dead() {
    let (client, answered) = dying().await;
    client.projects().await.unwrap();
    assert_eq!(answered.load(Ordering::SeqCst), 2);

    let (client, answered) = dying().await;
    let refused = client.create_project("Shop").await.unwrap_err();
    assert!(matches!(refused, ClientFault::Unreachable { .. }));
    assert_eq!(answered.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_does_not_answer_behind_a_proxy_names_it_without_its_password() {
    for scheme in ["http", "socks5"] {
        let value = format!("{scheme}://ada:hunter2@127.0.0.1:1");
        let named = |name: &str| (name == "ALL_PROXY").then(|| value.clone());
        let proxies = Proxies::of_environment(named).unwrap();
        let client = Client::remote("https://gardien.example", "t".into(), &proxies).unwrap();
        let fault = client.session().await.unwrap_err();
        assert!(
            fault.to_string().ends_with("through the proxy 127.0.0.1:1"),
            "{fault}"
        );
        let said = format!("{client:?} {fault:?}");
        assert!(
            !said.contains("hunter2") && !said.contains("aHVudGVyMg"),
            "{said}"
        );
        assert!(!said.contains("YWRhOmh1bnRlcjI"), "{said}");
        // This machine is not asked for through it.
        let client = Client::remote("https://localhost:1", "t".into(), &proxies).unwrap();
        let fault = client.session().await.unwrap_err();
        assert_eq!(fault.to_string(), "the server does not answer");
    }
}
