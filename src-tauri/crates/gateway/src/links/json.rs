//! JSON that passes by a piece at a time, the links in it led back. Every other byte passes as it is.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Frame;
use memchr::{memchr, memchr2};

use super::{Called, Own};
use crate::body::{Body, BoxError};

/// What an upstream puts its links into: the members of a page beside its records.
const NAMES: [&[u8]; 2] = [b"links", b"meta"];
/// Bytes of a text that may be such a name.
const LONGEST_NAME: usize = 5;
/// Bytes of a text that may be a link. Longer ones are none.
const LONGEST_LINK: usize = 8 * 1024;

/// A body whose links lead back.
#[derive(Debug)]
pub(super) struct Leading {
    body: Body,
    reader: Reader,
    /// Set once there are no more data: what is left, trailers or nothing.
    last: Option<Option<Frame<Bytes>>>,
}

impl Leading {
    pub(super) fn new(body: Body, reader: Reader) -> Self {
        Self {
            body,
            reader,
            last: None,
        }
    }
}

impl http_body::Body for Leading {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(last) = &mut self.last {
            return Poll::Ready(last.take().map(Ok));
        }
        loop {
            let mut last = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        let led = self.reader.read(&data);
                        if led.is_empty() {
                            continue;
                        }
                        return Poll::Ready(Some(Ok(Frame::data(led.into()))));
                    }
                    Err(trailers) => Some(trailers),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => None,
            };
            // JSON that ends in the middle of a text is none, and still not ours to cut.
            let held = self.reader.rest();
            let next = match held.is_empty() {
                true => last.take(),
                false => Some(Frame::data(held.into())),
            };
            self.last = Some(last);
            return Poll::Ready(next.map(Ok));
        }
    }

    fn is_end_stream(&self) -> bool {
        let over = self.last.as_ref().is_none_or(Option::is_none);
        self.body.is_end_stream() && self.reader.held.is_empty() && over
    }
}

/// Follows JSON as far as it takes to know which texts may be links.
#[derive(Debug)]
pub(super) struct Reader {
    own: Own,
    called: Called,
    /// How many objects and arrays are open.
    depth: usize,
    /// The depth of the member that holds links, while it is being read.
    within: Option<usize>,
    /// The text before this byte is a name that holds links, should a colon follow.
    named: bool,
    text: Text,
    /// What was read of a text that may be a name or a link.
    held: Vec<u8>,
    /// It is too long for either, so that it passes as it comes.
    long: bool,
}

/// Where in a text, if in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    Outside,
    Inside,
    /// After a backslash.
    Escaped,
}

impl Reader {
    pub(super) fn new(own: Own, called: Called) -> Self {
        Self {
            own,
            called,
            depth: 0,
            within: None,
            named: false,
            text: Text::Outside,
            held: Vec::new(),
            long: false,
        }
    }

    /// A body that is already there, led back.
    pub(super) fn whole(mut self, body: &[u8]) -> Vec<u8> {
        let mut led = self.read(body);
        led.append(&mut self.held);
        led
    }

    /// What can be handed on after these bytes came.
    fn read(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut led = Vec::with_capacity(bytes.len() + self.held.len());
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            let now = match self.text {
                Text::Outside => {
                    let length = memchr(b'"', rest).map_or(rest.len(), |quote| quote + 1);
                    let now = &rest[..length];
                    now.iter().for_each(|byte| self.outside(*byte));
                    led.extend_from_slice(now);
                    now
                }
                Text::Inside if first == b'"' => {
                    self.end_text(&mut led);
                    led.push(first);
                    &rest[..1]
                }
                Text::Inside if first == b'\\' => {
                    self.text = Text::Escaped;
                    self.inside(&rest[..1], &mut led)
                }
                Text::Inside => {
                    let length = memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                    self.inside(&rest[..length], &mut led)
                }
                Text::Escaped => {
                    self.text = Text::Inside;
                    self.inside(&rest[..1], &mut led)
                }
            };
            rest = &rest[now.len()..];
        }
        led
    }

    fn outside(&mut self, byte: u8) {
        match byte {
            b'"' => self.text = Text::Inside,
            b':' if self.named && self.within.is_none() => self.within = Some(self.depth),
            b',' if self.within == Some(self.depth) => self.within = None,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.within = self.within.filter(|depth| *depth != self.depth);
                self.depth = self.depth.saturating_sub(1);
            }
            _ => {}
        }
        self.named &= byte.is_ascii_whitespace();
    }

    fn inside<'a>(&mut self, bytes: &'a [u8], led: &mut Vec<u8>) -> &'a [u8] {
        if self.long {
            led.extend_from_slice(bytes);
            return bytes;
        }
        self.held.extend_from_slice(bytes);
        let longest = match self.within {
            Some(_) => LONGEST_LINK,
            None => LONGEST_NAME,
        };
        if self.held.len() > longest {
            self.long = true;
            led.append(&mut self.held);
        }
        bytes
    }

    fn end_text(&mut self, led: &mut Vec<u8>) {
        self.text = Text::Outside;
        self.named = !self.long && NAMES.contains(&self.held.as_slice());
        self.long = false;
        let link = match self.within {
            Some(_) => self.own.lead_back(&self.held, &self.called),
            None => None,
        };
        led.extend_from_slice(link.as_deref().unwrap_or(&self.held));
        self.held.clear();
    }

    /// What is still held when the body is over.
    fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}
