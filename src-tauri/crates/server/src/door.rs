//! A listener that can be replaced by another while the service runs.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::Request;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::listen::{Given, Incoming, ListenLimits, serve};
use crate::places::Connected;
use crate::workers::Workers;

/// Why nobody listens at an address.
#[derive(Debug, thiserror::Error)]
pub enum ListenFault {
    /// Another program has the port.
    #[error("port {} is used by another program", .address.port())]
    Busy {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The system refuses it.
    #[error("nobody can listen at {address}")]
    Refused {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// At most one listener, and what still drains behind former ones.
#[derive(Debug, Default)]
pub(crate) struct Door {
    open: Mutex<Option<Open>>,
    serving: TaskTracker,
    connections: Connections,
    /// None: whoever accepts answers, too.
    workers: Option<Arc<Workers>>,
}

/// How many connections there are behind a door. Clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connections(Arc<AtomicUsize>);

impl Connections {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn another(&self) -> Connection {
        self.0.fetch_add(1, Ordering::Relaxed);
        Connection(self.clone())
    }
}

/// One of them, until it is dropped.
struct Connection(Connections);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Debug)]
struct Open {
    address: SocketAddr,
    stop: CancellationToken,
}

impl Door {
    /// One behind which these answer.
    pub(crate) fn with(workers: Workers) -> Self {
        Self {
            workers: Some(Arc::new(workers)),
            ..Self::default()
        }
    }

    pub(crate) fn connections(&self) -> Connections {
        self.connections.clone()
    }

    /// Listens at `address` (port 0: any free one) in place of the former listener, whose connections drain.
    pub(crate) async fn open<S, F, B>(
        &self,
        address: SocketAddr,
        begin: impl Fn(IpAddr, Connected) -> S + Send + 'static,
        limits: ListenLimits,
    ) -> Result<SocketAddr, ListenFault>
    where
        S: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
        F: Future<Output = Given<B>> + Send + 'static,
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut open = self.open.lock().await;
        if open.as_ref().is_some_and(|open| open.address == address) {
            return Ok(address);
        }
        let fault = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ListenFault::Busy { address },
            _ => ListenFault::Refused { address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        let stop = CancellationToken::new();
        let connections = self.connections();
        let begin = move |address, connected| {
            let (connection, answer) = (connections.another(), begin(address, connected));
            move |request| {
                // Held as long as there may be another request.
                let _held = &connection;
                answer(request)
            }
        };
        let serving = serve(listener, begin, stop.clone(), limits, self.workers.clone());
        self.serving.spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, %address, "a listener ended");
            }
        });
        if let Some(former) = open.replace(Open { address, stop }) {
            former.stop.cancel();
        }
        Ok(address)
    }

    /// Listens no more. Connections drain.
    pub(crate) async fn close(&self) {
        if let Some(open) = self.open.lock().await.take() {
            open.stop.cancel();
        }
    }

    /// Comes back when everything behind this door has ended. It must have been closed.
    pub(crate) async fn drained(&self) {
        self.serving.close();
        self.serving.wait().await;
    }
}
