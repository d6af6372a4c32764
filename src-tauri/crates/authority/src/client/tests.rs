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
        let proxies = Proxies::of_environment(named);
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

#[tokio::test]
async fn a_server_is_not_asked_past_a_proxy_that_cannot_be_used() {
    let named = |name: &str| (name == "ALL_PROXY").then(|| "ftp://ada:hunter2@a".to_owned());
    let proxies = Proxies::of_environment(named);
    let fault = Client::remote("https://0.0.0.0:1", "t".into(), &proxies).unwrap_err();
    let begin = "the server does not answer: ALL_PROXY names no proxy. ";
    assert!(fault.to_string().starts_with(begin), "{fault}");
    let client = Client::remote("https://localhost:1", "t".into(), &proxies).unwrap();
    let fault = client.session().await.unwrap_err();
    assert_eq!(fault.to_string(), "the server does not answer");
}

/// What a client takes in of a session whose server says that its gateway is there.
async fn gateway_of(said: &str) -> Option<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let member = serde_json::json!({
        "id": "00000000-0000-0000-0000-000000000001", "email": "a@b", "role": "member",
        "projects": [], "created_at": "2026-01-01T00:00:00Z",
    });
    let rights = serde_json::json!({
        "manage_keys": false, "create_projects": false, "manage_projects": false,
        "manage_organization": false, "read_audit": false,
    });
    let session = serde_json::json!({
        "member": member, "organization": "Harbour", "rights": rights, "ask": [],
        "gateway": said,
    });
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        let body = session.to_string();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length:";
        let answer = format!("{head} {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    let client = Client::remote(&url, "token".into(), &Proxies::default()).unwrap();
    client.session().await.unwrap().gateway
}

#[tokio::test]
async fn no_server_puts_anything_but_an_address_into_what_people_paste() {
    let plain = "https://keys.example/phare";
    assert_eq!(gateway_of(plain).await.as_deref(), Some(plain));
    for command in ["https://keys.example/$(id)", "x\nEOF\nid", "\"; id; \""] {
        assert_eq!(gateway_of(command).await, None, "{command}");
    }
}
