//! Times of records.

use jiff::Timestamp;
use serde_json::Value;

use crate::fields::Fields;

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
    let form = text
        .to_ascii_uppercase()
        .replace(|letter: char| letter.is_ascii_digit(), "0");
    let zone = form
        .strip_prefix("0000-00-00T00:00:00")
        .map(|rest| rest.trim_start_matches(['.', '0']));
    matches!(zone, Some("Z" | "+00:00" | "-00:00")) && text.parse::<Timestamp>().is_ok()
}
