//! The way from a server to its database, which can be cut, delayed and stalled.

use std::future::pending;
use std::net::TcpListener;
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::watch;

use super::background::Background;

/// What becomes of what comes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Open,
    /// Each piece takes so much longer.
    Slow(Duration),
    /// Nothing comes by, and nobody is told.
    Stalled,
    /// Connections are closed, and new ones too.
    Cut,
}

/// A running relay. Dropping it ends it.
#[derive(Debug)]
pub struct Relay {
    port: u16,
    way: watch::Sender<Way>,
    lost: watch::Sender<()>,
    _running: Background,
}

impl Relay {
    /// One that leads to this host and port.
    pub fn to(host: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (way, seen) = watch::channel(Way::Open);
        let (lost, losing) = watch::channel(());
        let host = host.to_owned();
        let running = Background::run(async move || {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, host.clone(), seen.clone(), losing.clone()));
            }
        });
        Self {
            port,
            way,
            lost,
            _running: running,
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn is(&self, way: Way) {
        self.way.send_replace(way);
    }

    /// The connections that there are lead nowhere from here on, and nobody is told. New ones go through.
    pub fn lose(&self) {
        self.lost.send_replace(());
    }
}

async fn pass(
    client: TcpStream,
    host: String,
    way: watch::Receiver<Way>,
    mut lost: watch::Receiver<()>,
) {
    lost.mark_unchanged();
    let mut cut = way.clone();
    let passing = async {
        let server = lookup_host(host).await.unwrap().next().unwrap();
        let Ok(server) = TcpStream::connect(server).await else {
            return;
        };
        for end in [&client, &server] {
            end.set_nodelay(true).unwrap();
        }
        let ((from_client, to_client), (from_server, to_server)) =
            (client.into_split(), server.into_split());
        // Whichever ends first ends both.
        tokio::select! {
            () = copy(from_client, to_server, way.clone()) => {}
            () = copy(from_server, to_client, way) => {}
        }
    };
    // While it is kept, both ends stay open.
    let mut passing = pin!(passing);
    let going = async {
        tokio::select! {
            () = &mut passing => {}
            Ok(()) = lost.changed() => pending::<()>().await,
        }
    };
    tokio::select! {
        () = going => {}
        _ = cut.wait_for(|way| *way == Way::Cut) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut way: watch::Receiver<Way>) {
    let mut piece = vec![0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let now = *way.borrow();
        if let Way::Slow(longer) = now {
            tokio::time::sleep(longer).await;
        }
        if way.wait_for(|way| *way != Way::Stalled).await.is_err() {
            return;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
