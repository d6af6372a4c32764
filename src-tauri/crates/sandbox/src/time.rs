//! Times of records.

use jiff::Timestamp;
use serde_json::Value;

use crate::collection::Fields;

/// A time as Phare writes it: whole seconds, UTC.
pub(crate) fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// The time in a field, if it holds one.
pub(crate) fn at(record: &Fields, field: &str) -> Option<Timestamp> {
    record.get(field).and_then(Value::as_str)?.parse().ok()
}

/// Whether a text is a time as RFC 3339 has it. Jiff alone takes more, which clients would not.
pub(crate) fn is_date_time(text: &str) -> bool {
    let mark = |at: usize, marks: &[u8]| {
        text.as_bytes()
            .get(at)
            .is_some_and(|byte| marks.contains(byte))
    };
    let zone = text
        .get(19..)
        .unwrap_or_default()
        .trim_start_matches(|letter: char| letter == '.' || letter.is_ascii_digit());
    let offset = zone.len() == 6 && zone.as_bytes()[3] == b':';
    mark(4, b"-")
        && mark(7, b"-")
        && mark(10, b"Tt")
        && mark(13, b":")
        && mark(16, b":")
        && (zone.eq_ignore_ascii_case("z") || offset)
        && text.parse::<Timestamp>().is_ok()
}
