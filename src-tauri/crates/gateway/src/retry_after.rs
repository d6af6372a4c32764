//! How long an upstream that answers 429 asks to be left alone.

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};
use jiff::Timestamp;

use crate::told;

/// Waited when the answer does not say, or not in a form that can be read: the span the limit is stated for.
const UNSAID: u64 = 60;

/// Milliseconds until the upstream may be called again, as its answer has it. `now` stands in for the answer's own date
/// if it has none, so that only the upstream's clock counts.
pub(crate) fn wait_ms(answer: &HeaderMap, now: Timestamp) -> u64 {
    let now = date(answer, &DATE).unwrap_or(now).as_second();
    let until = |moment: i64| u64::try_from(moment.checked_sub(now)?).ok();
    let seconds = text(answer, &RETRY_AFTER)
        .and_then(|seconds| seconds.parse().ok())
        .or_else(|| date(answer, &RETRY_AFTER).map(|at| until(at.as_second()).unwrap_or(0)))
        .or_else(|| until(text(answer, &told::RESET)?.parse().ok()?))
        .unwrap_or(UNSAID);
    // Phare rounds down: it says 0 in the last second of its minute.
    seconds.saturating_add(1).saturating_mul(1_000)
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(text(headers, name)?).ok()?;
    date.try_into().ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_rounded_up() {
        let now = "2026-11-06T08:49:37Z".parse().unwrap();
        for (fields, seconds) in [
            (&[("retry-after", "2")][..], 3),
            (&[("retry-after", "0")], 1),
            (&[("retry-after", " 40 ")], 41),
            (&[("retry-after", "Fri, 06 Nov 2026 08:50:07 GMT")], 30 + 1),
            (&[("retry-after", "Fri, 06 Nov 2026 08:49:07 GMT")], 1),
            // The two old forms, which HTTP still has everyone read.
            (&[("retry-after", "Friday, 06-Nov-26 08:50:07 GMT")], 30 + 1),
            (&[("retry-after", "Fri Nov  6 08:50:07 2026")], 30 + 1),
            // Its clock is ten minutes behind ours.
            (
                &[
                    ("retry-after", "Fri, 06 Nov 2026 08:40:07 GMT"),
                    ("date", "Fri, 06 Nov 2026 08:39:37 GMT"),
                ],
                30 + 1,
            ),
            (&[("x-ratelimit-reset", "1793954987")], 10 + 1),
            (
                &[("retry-after", "5"), ("x-ratelimit-reset", "1793954987")],
                5 + 1,
            ),
            // Gone by, or no time at all: it says nothing.
            (&[("x-ratelimit-reset", "1793954900")], 61),
            (&[("x-ratelimit-reset", "17")], 61),
            (&[("retry-after", "soon")], 61),
            (&[("retry-after", "-1")], 61),
            (&[("retry-after", "1.5")], 61),
            (&[("retry-after", "")], 61),
            (&[], 61),
        ] {
            let headers = fields
                .iter()
                .map(|&(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect();
            assert_eq!(wait_ms(&headers, now), seconds * 1_000, "{fields:?}");
        }
        let longest = [(RETRY_AFTER, u64::MAX.into())].into_iter().collect();
        assert_eq!(wait_ms(&longest, now), u64::MAX);
    }
}
