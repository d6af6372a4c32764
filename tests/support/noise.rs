//! Bytes that no sane client sends.

use super::dice::Dice;
use super::wire::{Heard, Wire};

/// Pieces that parsers stumble over, beside plain random bytes.
const PIECES: &[&[u8]] = &[
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b":",
    b"/",
    b"//",
    b"..",
    b"%2e",
    b"%2f",
    b"%00",
    b"\0",
    b"\x7f",
    b"\xff\xfe",
    b"GET ",
    b"POST ",
    b"HTTP/1.1",
    b"HTTP/1.0",
    b"Host: a",
    b"Content-Length: ",
    b"Content-Length: 5",
    b"Transfer-Encoding: chunked",
    b"Authorization: Bearer ",
    b"Connection: close",
    b"X-Phare-Project-Id: ",
    b"0\r\n\r\n",
    b"?",
    b"#",
    b";",
    b"\\",
    b"\"",
    b"{",
    b"18446744073709551615",
    b"-1",
    b"\xc3\xa9",
];
/// What is put into paths.
const ODDITIES: &[&str] = &[
    "/",
    "//",
    "/.",
    "/..",
    "/%2e%2e",
    "%2f",
    "%5c",
    "%00",
    "%",
    "%zz",
    ";",
    ";a=b",
    ".",
    "..",
    "\\",
    ":",
    "@",
    "~",
    "*",
    "+",
    "'",
    "|",
    "?",
    "?a=b",
    "?a=%2e%2e/",
    "#",
    " ",
    "0",
    "-1",
    "9",
    "99999999999999999999",
    "_",
    "-",
    "A",
    "\u{e9}",
    "/1",
    "/x",
];

/// Nothing but noise, up to 300 bytes.
pub fn noise(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..dice.within(1..12) {
        if dice.once_in(2) {
            let count = dice.within(1..25);
            bytes.extend(dice.bytes(count));
        } else {
            bytes.extend(*dice.pick(PIECES));
        }
    }
    bytes
}

/// A message with a few bytes of it replaced, removed, doubled or put in between.
pub fn bent(dice: &mut Dice, message: &str) -> Vec<u8> {
    let mut bytes = message.as_bytes().to_vec();
    for _ in 0..dice.within(1..5) {
        let at = usize::try_from(dice.within(0..bytes.len() as u64)).unwrap();
        match dice.within(0..4) {
            0 => bytes[at] = dice.bytes(1)[0],
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, bytes[at]),
            _ => drop(bytes.splice(at..at, dice.pick(PIECES).iter().copied())),
        }
    }
    bytes
}

/// A path that was one of the service's, mostly.
pub fn bent_path(dice: &mut Dice, path: &str) -> String {
    let mut path = path.to_owned();
    for _ in 0..dice.within(0..3) {
        let places: Vec<usize> = path
            .char_indices()
            .map(|(at, _)| at)
            .chain([path.len()])
            .collect();
        let at = *dice.pick(&places);
        if dice.once_in(4) && at < path.len() {
            path.remove(at);
        } else {
            path.insert_str(at, dice.pick::<&str>(ODDITIES));
        }
    }
    path
}

/// Sends something that may be no message at all, says that nothing follows, and hears all that is answered.
pub async fn shout(base: &str, bytes: &[u8]) -> Vec<Heard> {
    let mut wire = Wire::open(base).await;
    // The other side may have heard enough before the end.
    let _ = wire.send(bytes).await;
    wire.finish().await;
    let mut heard = Vec::new();
    while let Some(answer) = wire.answer().await {
        heard.push(answer);
    }
    heard
}

/// A connection that is opened again whenever the other side closed it.
#[derive(Debug)]
pub struct Line {
    base: String,
    wire: Option<Wire>,
}

impl Line {
    /// To this address.
    pub fn to(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            wire: None,
        }
    }

    /// One exchange.
    pub async fn ask(&mut self, message: &[u8]) -> Heard {
        let mut wire = match self.wire.take() {
            Some(wire) => wire,
            None => Wire::open(&self.base).await,
        };
        let _ = wire.send(message).await;
        let said = String::from_utf8_lossy(message);
        let answer = wire
            .answer()
            .await
            .unwrap_or_else(|| panic!("no answer to {said:?}"));
        if answer.header("connection") != Some("close") {
            self.wire = Some(wire);
        }
        answer
    }
}
