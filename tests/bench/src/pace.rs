//! Calls at a steady pace: each at its time, whatever became of those before it. What a call waits for an answer to the
//! one before counts as its own, as it does for who wants to make it.
//!
//! `h2load --rps` can send one and the same secret only, lets all connections call in the same millisecond, and does not
//! count what a call waits before it is sent.

use std::error::Error;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

/// Longer than an answer of any contestant.
const MOST: usize = 16 * 1024;
const PATIENCE: Duration = Duration::from_secs(300);

#[derive(Debug, Args)]
pub(crate) struct Pace {
    /// Whom it calls.
    #[arg(long)]
    address: SocketAddr,
    /// The path that it asks for.
    #[arg(long)]
    path: String,
    /// The secrets that it calls with in turn, one a line.
    #[arg(long, value_name = "FILE")]
    secrets: PathBuf,
    /// How many of these it leaves out before its first call.
    #[arg(long)]
    begin: usize,
    /// Calls a second.
    #[arg(long)]
    rate: f64,
    /// Connections that they are spread over.
    #[arg(long)]
    connections: u32,
    /// For so long.
    #[arg(long)]
    seconds: f64,
}

impl Pace {
    pub(crate) fn run(self) -> Result<(), Box<dyn Error>> {
        let secrets: Arc<[String]> = fs::read_to_string(&self.secrets)?
            .lines()
            .map(str::to_owned)
            .collect();
        let start = Instant::now() + Duration::from_millis(20);
        let this = Arc::new(self);
        let callers: Vec<_> = (0..this.connections)
            .map(|number| {
                let (this, secrets) = (this.clone(), secrets.clone());
                thread::spawn(move || this.call(number, start, &secrets))
            })
            .collect();
        let mut waits = Vec::new();
        for caller in callers {
            waits.extend(caller.join().map_err(|_| "a caller panicked")??);
        }
        waits.sort_unstable();
        let mut said = format!(
            "requests {}\nseconds {:.6}\nrefused 0\nfailed 0\n",
            waits.len(),
            start.elapsed().as_secs_f64()
        );
        for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
            let place = ((waits.len() as f64 * share) as usize).min(waits.len().saturating_sub(1));
            let wait = waits.get(place).ok_or("no call was made")?;
            said.push_str(&format!("{name} {}\n", wait.as_micros()));
        }
        Ok(io::stdout().write_all(said.as_bytes())?)
    }

    /// The waits of one connection.
    fn call(&self, number: u32, start: Instant, secrets: &[String]) -> io::Result<Vec<Duration>> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut waits = Vec::new();
        let mut buffer = [0; MOST];
        for call in (number as usize..).step_by(self.connections as usize) {
            let after = call as f64 / self.rate;
            if after >= self.seconds {
                break;
            }
            let due = start + Duration::from_secs_f64(after);
            let request = format!(
                "GET {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
                self.path,
                self.address,
                secrets[(self.begin + call) % secrets.len()]
            );
            // How late a sleeper wakes up is the system's, not the contestant's.
            let from = match due.checked_duration_since(Instant::now()) {
                Some(early) => {
                    thread::sleep(early);
                    Instant::now()
                }
                None => due,
            };
            stream.write_all(request.as_bytes())?;
            read_answer(&mut stream, &mut buffer)?;
            waits.push(from.elapsed());
        }
        Ok(waits)
    }
}

/// Reads an answer to its end. It has to be a good one, of a length that it states.
fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    let mut read = 0;
    loop {
        match stream.read(&mut buffer[read..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => read += more,
        }
        if length(&buffer[..read])?.is_some_and(|length| read >= length) {
            return Ok(());
        }
    }
}

/// How long an answer will be with its body; `None` while its head is not complete.
fn length(read: &[u8]) -> io::Result<Option<usize>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let parsed = head.parse(read).map_err(io::Error::other)?;
    let httparse::Status::Complete(begin) = parsed else {
        return Ok(None);
    };
    if head.code != Some(200) {
        return Err(io::Error::other(format!("answered {:?}", head.code)));
    }
    let field = |header: &&httparse::Header<'_>| header.name.eq_ignore_ascii_case("content-length");
    let value = head.headers.iter().find(field).map(|header| header.value);
    let body = value.and_then(|value| str::from_utf8(value).ok()?.parse::<usize>().ok());
    body.map(|body| Some(begin + body))
        .ok_or_else(|| io::Error::other("an answer without its length"))
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn an_answer_is_as_long_as_it_says() -> std::io::Result<()> {
        assert_eq!(length(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n")?, None);
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";
        assert_eq!(length(head)?, Some(head.len() + 2));
        assert!(length(b"HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n").is_err());
        assert!(length(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        Ok(())
    }
}
