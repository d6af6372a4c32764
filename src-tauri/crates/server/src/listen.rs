//! Serves HTTP/1.1 on a listener: bounded in connections, heads and time, and drained on a signal. A connection has
//! one request at a time, so its place is all that a request takes. What is plain is answered by `plain`, all else by the HTTP
//! library.

mod connection;
#[expect(
    clippy::disallowed_methods,
    reason = "silence is measured on the runtime's time"
)]
mod current;
mod plain;
mod written;

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gardien_gateway::MinDataRate;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{Either, Empty, Full};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::connection::Admission;
pub(crate) use self::current::Current;
use crate::framing::HeadLimits;
use crate::open_files;
use crate::places::{Connected, Places};
use crate::workers::Workers;

/// The most connections that a listener has.
const MOST: usize = 1024;
/// Connections beyond the cap that are still told so; more are dropped unheard.
const TURNED_AWAY: usize = 64;
/// Pause after an accept that failed for lack of file descriptors or memory.
const PAUSE: Duration = Duration::from_millis(100);

/// Words the answers that the listener gives itself, from status, stable code and text for people, so that
/// they look like its service's.
pub type Wording = Arc<dyn Fn(StatusCode, &str, &str) -> Response<Full<Bytes>> + Send + Sync>;

/// The bounds of a listener.
#[derive(Clone)]
pub struct ListenLimits {
    /// Connections at a time. Nobody has more than half of them.
    pub connections: usize,
    /// Size of a head, and the time it may take to come.
    pub head: HeadLimits,
    /// How slowly a client may take an answer.
    pub min_data_rate: MinDataRate,
    /// A connection without a request is closed after this.
    pub idle: Duration,
    /// After the stop signal, what runs may go on for this long.
    pub drain: Duration,
    /// Words the listener's own answers.
    pub wording: Wording,
}

impl ListenLimits {
    /// Bounds that leave room for a busy organization and none for an attack.
    #[must_use]
    pub fn worded(wording: Wording) -> Self {
        Self {
            connections: connections(open_files::most()),
            head: HeadLimits {
                bytes: 32 * 1024,
                time: Duration::from_secs(10),
            },
            min_data_rate: MinDataRate::default(),
            idle: Duration::from_secs(60),
            drain: Duration::from_secs(10),
            wording,
        }
    }
}

impl fmt::Debug for ListenLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenLimits")
            .field("connections", &self.connections)
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

/// Another listener has as many; and what both call, and what is kept in files, must find room too.
fn connections(open_files: u64) -> usize {
    usize::try_from(open_files / 4).map_or(MOST, |quarter| quarter.min(MOST))
}

/// The body of a request; most have none.
pub type Incoming = Either<Empty<Bytes>, hyper::body::Incoming>;

/// When this comes back, an answer is cut off, and its connection with it, whether anybody takes it or not.
pub type Until = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a service gives for a request.
pub struct Given<B> {
    /// The answer.
    pub answer: Response<B>,
    /// What it lasts until at most, if anything.
    pub until: Option<Until>,
}

impl<B> From<Response<B>> for Given<B> {
    fn from(answer: Response<B>) -> Self {
        let until = None;
        Self { answer, until }
    }
}

impl<B> fmt::Debug for Given<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given").finish_non_exhaustive()
    }
}

/// Serves every connection of `listener`, each with the service that `begin` gives for it, until `stop`, then lets what runs
/// finish: by these workers, or where there are none, on the runtime that this is called on.
///
/// # Errors
/// When the listener itself is unusable. A failed accept is survived.
pub async fn serve<S, F, B>(
    listener: TcpListener,
    begin: impl Fn(IpAddr, Connected) -> S,
    stop: CancellationToken,
    limits: ListenLimits,
    workers: Option<Arc<Workers>>,
) -> io::Result<()>
where
    S: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Given<B>> + Send + 'static,
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    listener.local_addr()?;
    let places = Places::new(limits.connections);
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY));
    let limits = Arc::new(limits);
    let running = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(PAUSE).await;
                continue;
            }
        };
        let address = address.ip().to_canonical();
        let admission = match places.enter(address) {
            Some(place) => {
                let place = Arc::new(place);
                let service = begin(address, place.connected());
                Admission::Place { place, service }
            }
            None => match turned_away.clone().try_acquire_owned() {
                Ok(permit) => Admission::Full(permit),
                Err(_) => continue,
            },
        };
        let (limits, stop) = (limits.clone(), stop.clone());
        let answer = move |stream| connection::serve(stream, admission, limits, stop);
        let Some(workers) = &workers else {
            running.spawn(answer(stream));
            continue;
        };
        let lasting = running.token();
        let taken = workers.take(stream, move |stream| async move {
            answer(stream).await;
            drop(lasting);
        });
        if let Err(error) = taken {
            tracing::error!(%error, "nobody can answer a connection");
        }
    }
    drop(listener);
    running.close();
    running.wait().await;
    Ok(())
}

#[cfg(test)]
mod tests;
