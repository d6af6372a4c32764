//! A connection without an HTTP library: what is sent are exactly these bytes.

use std::io;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

/// An open connection.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
    /// The other side did not close, but break off.
    broken: bool,
}

/// An answer as it came.
#[derive(Debug, PartialEq, Eq)]
pub struct Heard {
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    pub body: Vec<u8>,
    /// The body came to the end that its head announced; without one, to the end of the connection, in order.
    pub whole: bool,
}

impl Wire {
    /// Connects to an address such as `http://127.0.0.1:7420`.
    pub async fn open(base: &str) -> Self {
        let address = base.strip_prefix("http://").unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            read: Vec::new(),
            broken: false,
        }
    }

    /// One exchange on a connection of its own; nothing when it was closed without an answer.
    pub async fn exchange(base: &str, bytes: impl AsRef<[u8]>) -> Option<Heard> {
        let mut wire = Self::open(base).await;
        // An answer may come, and the connection be closed, before all was sent.
        let _ = wire.send(bytes).await;
        wire.answer().await
    }

    /// Sends bytes.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        timeout(PATIENCE, self.stream.write_all(bytes.as_ref()))
            .await
            .expect("nobody reads")
    }

    /// Says that nothing more will be sent.
    pub async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// The next answer; nothing when the connection is closed before a head has come.
    pub async fn answer(&mut self) -> Option<Heard> {
        let end = loop {
            if let Some(at) = find(&self.read, b"\r\n\r\n") {
                break at + 4;
            }
            if !self.more().await {
                return None;
            }
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).unwrap();
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        let (body, whole) = match (
            status,
            field(&head, "transfer-encoding"),
            field(&head, "content-length"),
        ) {
            (204 | 304, _, _) => (Vec::new(), true),
            (_, Some(_), _) => self.chunks().await,
            (_, None, Some(length)) => self.exactly(length.parse().unwrap()).await,
            (_, None, None) => (self.rest().await, !self.broken),
        };
        Some(Heard {
            status,
            head,
            body,
            whole,
        })
    }

    /// Everything until the other side closes.
    pub async fn rest(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.read)
    }

    /// Some more bytes as they come; nothing once the other side has closed.
    pub async fn some(&mut self) -> Vec<u8> {
        if self.read.is_empty() {
            self.more().await;
        }
        std::mem::take(&mut self.read)
    }

    /// Whether this comes, which stays to be read.
    pub async fn peek(&mut self, wanted: &str) -> bool {
        while find(&self.read, wanted.as_bytes()).is_none() {
            if !self.more().await {
                return false;
            }
        }
        true
    }

    async fn exactly(&mut self, length: usize) -> (Vec<u8>, bool) {
        while self.read.len() < length {
            if !self.more().await {
                return (std::mem::take(&mut self.read), false);
            }
        }
        (self.read.drain(..length).collect(), true)
    }

    async fn chunks(&mut self) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        loop {
            let line = loop {
                if let Some(at) = find(&self.read, b"\r\n") {
                    break self.read.drain(..at + 2).collect::<Vec<u8>>();
                }
                if !self.more().await {
                    return (body, false);
                }
            };
            let size = std::str::from_utf8(&line).unwrap().trim();
            let size = usize::from_str_radix(size, 16).unwrap();
            let (chunk, whole) = self.exactly(size + 2).await;
            body.extend_from_slice(&chunk[..chunk.len().min(size)]);
            if !whole || size == 0 {
                return (body, whole);
            }
        }
    }

    /// False once nothing more will come.
    async fn more(&mut self) -> bool {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.read))
            .await
            .expect("neither answer nor end");
        self.broken = read.is_err();
        read.is_ok_and(|count| count > 0)
    }
}

impl Heard {
    /// The value of a header, or nothing.
    pub fn header(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The stable code of a refusal.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut values = lines
        .filter(|(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim());
    values.next()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}
