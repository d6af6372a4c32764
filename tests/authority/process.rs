//! The program itself: how it starts, what it refuses to start with, how it ends.

use std::fs;
use std::net::TcpListener;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::sync::mpsc;

use crate::support::server::Server;
use crate::support::upstream::{PHARE_KEY, Upstream};
use crate::support::world::World;

pub const ANY_PORT: [&str; 5] = [
    "serve",
    "--gateway",
    "127.0.0.1:0",
    "--management",
    "127.0.0.1:0",
];

#[tokio::test]
async fn two_servers_never_share_a_folder() {
    let world = World::new().await;
    let (status, said) = world.server.run(&ANY_PORT, &[]);
    assert!(!status.success());
    assert!(
        said.contains("in use") || said.contains("already"),
        "{said}"
    );
    world.owner.get("/v1/session").await.expect(200);
}

#[tokio::test]
async fn what_it_cannot_start_with_is_said() {
    let mut server = Server::start();
    server.terminate();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, port) = (
        busy.local_addr().unwrap().to_string(),
        busy.local_addr().unwrap().port().to_string(),
    );
    let url = ["--phare", "http://127.0.0.1:9"];
    for (arguments, variables, word) in [
        (
            vec![
                "serve",
                "--gateway",
                &address,
                "--management",
                "127.0.0.1:0",
            ],
            vec![],
            port.as_str(),
        ),
        (
            vec![
                "serve",
                "--gateway",
                "127.0.0.1:0",
                "--management",
                &address,
            ],
            vec![],
            port.as_str(),
        ),
        ([&ANY_PORT[..], &url].concat(), vec![], "PHARE_API_KEY"),
        (
            [&ANY_PORT[..], &url].concat(),
            vec![("PHARE_API_KEY", " ")],
            "PHARE_API_KEY",
        ),
        (
            [&ANY_PORT[..], &url].concat(),
            vec![
                ("PHARE_API_KEY", PHARE_KEY),
                ("https_proxy", "ftp://proxy.test:3128"),
            ],
            "HTTPS_PROXY",
        ),
        (
            [&ANY_PORT[..], &url].concat(),
            vec![("PHARE_API_KEY", "pha_or\u{200b}g_0123456789abcdef")],
            "U+200B ZERO WIDTH SPACE at position 7",
        ),
        (
            [&ANY_PORT[..], &["--phare", "nonsense"]].concat(),
            vec![("PHARE_API_KEY", PHARE_KEY)],
            "http",
        ),
        (
            [&ANY_PORT[..], &["--phare", "http://user@host"]].concat(),
            vec![("PHARE_API_KEY", PHARE_KEY)],
            "address",
        ),
        (
            [
                &ANY_PORT[..],
                &url,
                &["--phare-key-file", "/nowhere/at/all"],
            ]
            .concat(),
            vec![],
            "/nowhere/at/all",
        ),
    ] {
        let (status, said) = server.run(&arguments, &variables);
        assert!(
            !status.success() && said.contains(word),
            "{arguments:?}: {said}"
        );
    }
    server.restart();
    server.member("owner@lighthouse.test", "owner");
}

#[tokio::test]
async fn phares_key_may_come_from_a_file() {
    let upstream = Upstream::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    // As an editor on Windows saves what was copied out of a document.
    let text = format!("\u{feff}“{PHARE_KEY}”\u{a0}\r\n");
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(&file, bytes).unwrap();
    let arguments = [
        "--phare",
        &upstream.url(),
        "--phare-key-file",
        file.to_str().unwrap(),
    ];
    let server = Server::start_with(&arguments, &[]);
    server.remember(PHARE_KEY);
    let expected = format!("Bearer {PHARE_KEY}");
    assert_eq!(
        upstream.everything()[0].header("authorization"),
        Some(expected.as_str())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_runs_when_it_is_told_to_end_is_finished() {
    let (arrived, mut arrivals) = mpsc::channel(1);
    let slow = move || {
        let arrived = arrived.clone();
        async move {
            arrived.send(()).await.unwrap();
            tokio::time::sleep(Duration::from_secs(2)).await;
            "{\"slow\":true}"
        }
    };
    let upstream = Upstream::with(Router::new().route("/users", get(slow)));
    let mut world = World::before(&upstream).await;
    let key = world.organization_key().await;
    let holder = world.holder(&key);
    let call = tokio::spawn(async move { holder.get("/users").await });
    arrivals.recv().await.unwrap();
    // Insists on an end in order.
    world.server.terminate();
    assert_eq!(call.await.unwrap().expect(200)["slow"], true);
    // It counts after a restart, as every call does.
    world.restart();
    let used = world.owner.get("/v1/limits").await.expect(200)["used"]
        .as_u64()
        .unwrap();
    assert!(used >= 2, "{used}");
}
