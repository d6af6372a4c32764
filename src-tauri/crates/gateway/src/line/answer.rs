//! An answer as it is read from the connection: its head, and where its body ends. Whatever can be read in more than one way
//! is no answer.

use std::mem::MaybeUninit;

use bytes::{Buf as _, Bytes};
use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use http::{Response, StatusCode, Version};
use http_body::SizeHint;
use httparse::{ParserConfig, Status};

use super::LineFault;
use crate::headers::named;

/// Bytes of the longest head, of the longest line that tells the size of a chunk, and of all that may follow the last.
const LONGEST: usize = 32 * 1024;
/// Headers of an answer at most.
const HEADERS: usize = 100;
/// As many are put on an answer at most before it is handed back.
const OURS: usize = 8;

/// The head of an answer, and what it says of the connection.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) response: Response<()>,
    pub(super) framing: Framing,
    /// Another call may go over the connection.
    pub(super) is_kept: bool,
}

/// Where a body ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Framing {
    /// After so many bytes more.
    Length(u64),
    Chunked(Chunk),
    /// With its connection.
    Close,
}

/// What comes next of a body in chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunk {
    Size,
    /// So many bytes of one.
    Data(u64),
    /// The end of its line.
    DataEnd,
    /// What follows the last, of which so many bytes have passed.
    Trailer(usize),
    End,
}

/// What was taken of what was read.
pub(super) enum Taken {
    Bytes(Bytes),
    /// More has to be read.
    Nothing,
    End,
}

/// The head at the beginning of what was read and its length, if all of it is there; of an answer that only says that there
/// will be one, the length alone.
///
/// # Errors
/// [`LineFault::Unreadable`].
pub(super) fn read_head(read: &Bytes) -> Result<Option<(Option<Head>, usize)>, LineFault> {
    if read.is_empty() {
        return Ok(None);
    }
    let mut room = [const { MaybeUninit::uninit() }; HEADERS];
    let mut head = httparse::Response::new(&mut []);
    let parsed =
        ParserConfig::default().parse_response_with_uninit_headers(&mut head, read, &mut room);
    let length = match parsed.map_err(unreadable)? {
        Status::Complete(length) if length <= LONGEST => length,
        Status::Partial if read.len() < LONGEST => return Ok(None),
        _ => return Err(unreadable("its head is too large")),
    };
    let status = StatusCode::from_u16(head.code.unwrap_or_default()).map_err(unreadable)?;
    if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(Some((None, length)));
    }
    let mut headers = HeaderMap::with_capacity(head.headers.len() + OURS);
    let mut heard = Heard::default();
    for header in &*head.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(unreadable)?;
        let value = HeaderValue::from_maybe_shared(read.slice_ref(header.value));
        let value = value.map_err(unreadable)?;
        heard.hear(&name, header.value);
        // Nothing is left of it to hear then, unless it names others.
        if name != CONNECTION || named(&value).next().is_some() {
            headers.append(name, value);
        }
    }
    let is_first = head.version == Some(0);
    let framing = heard.framing(status)?;
    let is_kept =
        !(is_first || framing == Framing::Close || status.is_informational() || heard.closes);
    let mut response = Response::new(());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if is_first {
        *response.version_mut() = Version::HTTP_10;
    }
    let head = Head {
        response,
        framing,
        is_kept,
    };
    Ok(Some((Some(head), length)))
}

/// What a head tells of its body and its connection.
#[derive(Default)]
struct Heard<'a> {
    length: Option<&'a [u8]>,
    coding: Option<&'a [u8]>,
    /// One of these is told in more than one way.
    is_odd: bool,
    /// The connection is closed after the answer.
    closes: bool,
}

impl<'a> Heard<'a> {
    fn hear(&mut self, name: &HeaderName, value: &'a [u8]) {
        if *name == CONTENT_LENGTH {
            let before = self.length.replace(value);
            self.is_odd |= before.is_some_and(|before| before != value);
        } else if *name == TRANSFER_ENCODING {
            self.is_odd |= self.coding.replace(value).is_some();
        } else if *name == CONNECTION {
            let mut words = value.split(|byte| *byte == b',');
            self.closes |= words.any(|word| word.trim_ascii().eq_ignore_ascii_case(b"close"));
        }
    }

    /// Source: RFC 9112, 6.3. No call has the method HEAD.
    fn framing(&self, status: StatusCode) -> Result<Framing, LineFault> {
        let none = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
        if none.contains(&status) || status.is_informational() {
            return Ok(Framing::Length(0));
        }
        match (self.length, self.coding) {
            (None, None) => Ok(Framing::Close),
            (Some(length), None) if !self.is_odd => {
                let digits = str::from_utf8(length).ok();
                let digits = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
                let length = digits.and_then(|digits| digits.parse().ok());
                length
                    .map(Framing::Length)
                    .ok_or_else(|| unreadable("its length is none"))
            }
            (None, Some(coding)) if !self.is_odd && coding.eq_ignore_ascii_case(b"chunked") => {
                Ok(Framing::Chunked(Chunk::Size))
            }
            _ => Err(unreadable("where it ends can be read in more than one way")),
        }
    }
}

impl Framing {
    /// All of the body, if it is there and its length is told.
    pub(super) fn whole(&mut self, read: &mut Bytes) -> Option<Bytes> {
        let Self::Length(length) = self else {
            return None;
        };
        let length = usize::try_from(*length).ok()?;
        (length <= read.len()).then(|| {
            *self = Self::Length(0);
            read.split_to(length)
        })
    }

    /// What there is of the body.
    ///
    /// # Errors
    /// [`LineFault::Unreadable`].
    pub(super) fn take(&mut self, read: &mut Bytes) -> Result<Taken, LineFault> {
        match self {
            Self::Length(0) => Ok(Taken::End),
            Self::Length(left) => Ok(up_to(left, read)),
            Self::Close if read.is_empty() => Ok(Taken::Nothing),
            Self::Close => Ok(Taken::Bytes(std::mem::take(read))),
            Self::Chunked(chunk) => chunk.take(read),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunk::End))
    }

    pub(super) fn ends_with_the_connection(&self) -> bool {
        *self == Self::Close
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match self {
            Self::Length(left) => SizeHint::with_exact(*left),
            _ => SizeHint::default(),
        }
    }
}

impl Chunk {
    fn take(&mut self, read: &mut Bytes) -> Result<Taken, LineFault> {
        loop {
            match self {
                Self::Size => match httparse::parse_chunk_size(read) {
                    // None at all would be read as that of the last.
                    _ if read.first().is_some_and(|first| !first.is_ascii_hexdigit()) => {
                        return Err(unreadable("a chunk has no size"));
                    }
                    Ok(Status::Complete((length, size))) if is_line(&read[..length]) => {
                        read.advance(length);
                        *self = match size {
                            0 => Self::Trailer(0),
                            size => Self::Data(size),
                        };
                    }
                    Ok(Status::Partial) if read.len() < LONGEST => return Ok(Taken::Nothing),
                    _ => return Err(unreadable("a chunk has no size")),
                },
                Self::Data(left) => {
                    let taken = up_to(left, read);
                    if *left == 0 {
                        *self = Self::DataEnd;
                    }
                    return Ok(taken);
                }
                Self::DataEnd => {
                    if read.len() < 2 {
                        return Ok(Taken::Nothing);
                    }
                    if !read.starts_with(b"\r\n") {
                        return Err(unreadable("a chunk is longer than it says"));
                    }
                    read.advance(2);
                    *self = Self::Size;
                }
                // Nobody was asked whether it takes them.
                Self::Trailer(passed) => {
                    let Some(end) = memchr::memchr(b'\n', read) else {
                        if *passed + read.len() < LONGEST {
                            return Ok(Taken::Nothing);
                        }
                        return Err(unreadable("too much follows it"));
                    };
                    let line = read.split_to(end + 1);
                    *passed += line.len();
                    if *line == *b"\r\n" {
                        *self = Self::End;
                    } else if *passed >= LONGEST || !is_line(&line) {
                        return Err(unreadable("what follows it is too much, or no line"));
                    }
                }
                Self::End => return Ok(Taken::End),
            }
        }
    }
}

/// Whether these bytes are one line and its end.
fn is_line(bytes: &[u8]) -> bool {
    let line = bytes.strip_suffix(b"\r\n");
    line.is_some_and(|line| !line.iter().any(|byte| b"\r\n".contains(byte)))
}

/// As much as there is of what is left.
fn up_to(left: &mut u64, read: &mut Bytes) -> Taken {
    if read.is_empty() {
        return Taken::Nothing;
    }
    let most = usize::try_from(*left).map_or(read.len(), |left| left.min(read.len()));
    *left -= most as u64;
    Taken::Bytes(read.split_to(most))
}

fn unreadable(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> LineFault {
    LineFault::Unreadable(why.into())
}

#[cfg(test)]
mod tests;
