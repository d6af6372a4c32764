//! An answer as it is written on its connection.

use bytes::Bytes;
use gardien_authority::Clock;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING};
use http::{Response, StatusCode};
use jiff::fmt::rfc2822::DateTimePrinter;

/// Bytes of all that is put on an answer here, with its first line.
const OURS: usize = 192;

/// The wall's clock as answers say it: it is worded once a second.
pub(super) struct Date {
    clock: Clock,
    second: i64,
    worded: String,
}

impl Date {
    pub(super) fn by(clock: Clock) -> Self {
        Self {
            clock,
            second: 0,
            worded: String::new(),
        }
    }

    fn now(&mut self) -> &str {
        let now = (self.clock)();
        if self.worded.is_empty() || self.second != now.as_second() {
            self.second = now.as_second();
            let worded = DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
            self.worded = worded.unwrap_or_default();
        }
        &self.worded
    }
}

/// An answer of HTTP/1.1 that has this body, to a request that was not for its head alone. `is_last`: nothing follows it on its
/// connection.
pub(super) fn written<B>(
    answer: &Response<B>,
    body: &Bytes,
    is_last: bool,
    date: &mut Date,
) -> Vec<u8> {
    let (status, headers) = (answer.status(), answer.headers());
    let sizes = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4);
    let mut bytes = Vec::with_capacity(sizes.sum::<usize>() + OURS + body.len());
    let reason = status.canonical_reason().unwrap_or_default();
    for part in ["HTTP/1.1 ", status.as_str(), " ", reason, "\r\n"] {
        bytes.extend_from_slice(part.as_bytes());
    }
    let mut is_dated = false;
    for (name, value) in headers {
        // What is of this connection is said below.
        if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(name) {
            continue;
        }
        is_dated |= *name == DATE;
        put(&mut bytes, name.as_str(), value.as_bytes());
    }
    // RFC 9110, 8.6 and 15.4.5.
    if ![StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status) {
        let mut digits = itoa::Buffer::new();
        let length = digits.format(body.len());
        put(&mut bytes, CONTENT_LENGTH.as_str(), length.as_bytes());
    }
    if !is_dated {
        put(&mut bytes, DATE.as_str(), date.now().as_bytes());
    }
    if is_last {
        put(&mut bytes, CONNECTION.as_str(), b"close");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

fn put(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        bytes.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use jiff::Timestamp;

    use super::*;

    #[test]
    fn the_date_goes_with_the_clock() {
        let seconds = Arc::new(AtomicI64::new(1_795_804_200));
        let told = seconds.clone();
        let clock = move || Timestamp::from_second(told.load(Ordering::Relaxed)).unwrap();
        let mut date = Date::by(Arc::new(clock));
        for (passes, said) in [
            (0, "Fri, 27 Nov 2026 18:30:00 GMT"),
            (0, "Fri, 27 Nov 2026 18:30:00 GMT"),
            (1, "Fri, 27 Nov 2026 18:30:01 GMT"),
            (-3_601, "Fri, 27 Nov 2026 17:30:00 GMT"),
        ] {
            seconds.fetch_add(passes, Ordering::Relaxed);
            assert_eq!(date.now(), said);
        }
    }
}
