//! A connection without an HTTP library: for the load, it costs as good as nothing.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::time::Duration;

/// Longer than an answer of any contestant.
const MOST: usize = 16 * 1024;
const PATIENCE: Duration = Duration::from_secs(300);

/// An open connection.
pub(crate) struct Wire {
    stream: TcpStream,
    read: [u8; MOST],
}

/// An answer whose length is stated.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Wire {
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            read: [0; MOST],
        })
    }

    /// Sends a request and reads its answer to its end.
    pub(crate) fn ask(&mut self, request: &str) -> io::Result<Answer<'_>> {
        self.stream.write_all(request.as_bytes())?;
        let mut read = 0;
        let (status, body) = loop {
            match self.stream.read(&mut self.read[read..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                more => read += more,
            }
            if let Some(whole) = whole(&self.read[..read])? {
                break whole;
            }
        };
        let body = &self.read[body];
        Ok(Answer { status, body })
    }
}

impl Answer<'_> {
    /// Its body, if it has one of these statuses.
    pub(crate) fn expect(&self, due: &[u16]) -> io::Result<&[u8]> {
        if due.contains(&self.status) {
            return Ok(self.body);
        }
        let body = String::from_utf8_lossy(self.body);
        Err(io::Error::other(format!(
            "answered {}: {body}",
            self.status
        )))
    }
}

/// The status of an answer, and where its body is; `None` while not all of it has been read.
fn whole(read: &[u8]) -> io::Result<Option<(u16, Range<usize>)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let parsed = head.parse(read).map_err(io::Error::other)?;
    let (httparse::Status::Complete(begin), Some(status)) = (parsed, head.code) else {
        return Ok(None);
    };
    let field = |header: &&httparse::Header<'_>| header.name.eq_ignore_ascii_case("content-length");
    let value = head.headers.iter().find(field).map(|header| header.value);
    let length = value.and_then(|value| str::from_utf8(value).ok()?.parse::<usize>().ok());
    let length = length.ok_or_else(|| io::Error::other("an answer without its length"))?;
    let end = begin + length;
    Ok((read.len() >= end).then_some((status, begin..end)))
}

#[cfg(test)]
mod tests {
    use super::{Answer, whole};

    #[test]
    fn an_answer_is_as_long_as_it_says() -> std::io::Result<()> {
        assert_eq!(whole(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n")?, None);
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";
        assert_eq!(whole(head)?, None);
        let (begin, answer) = (head.len(), [&head[..], b"{}"].concat());
        assert_eq!(whole(&answer)?, Some((200, begin..begin + 2)));
        assert!(whole(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        Ok(())
    }

    #[test]
    fn another_status_than_is_due_is_an_error() {
        let answer = Answer {
            status: 429,
            body: b"{}",
        };
        assert!(answer.expect(&[200]).is_err());
        assert!(answer.expect(&[200, 429]).is_ok_and(|body| body == b"{}"));
    }
}
