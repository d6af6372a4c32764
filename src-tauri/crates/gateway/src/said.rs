//! What an answer of the upstream's says of its limit, in the names that Phare's framework gives it.

use gardien_domain::limit::Said;
use http::header::{HeaderMap, HeaderName};
use http::{Response, StatusCode};

use crate::headers::values;
use crate::told::{LIMIT, REMAINING};

/// Nobody's limit is higher; what says so is no limit of calls a minute.
const HIGHEST: u32 = 1_000_000;

/// What it says; `None` where it says nothing, or nothing that can be true.
pub(crate) fn said<B>(answer: &Response<B>) -> Option<Said> {
    let headers = answer.headers();
    let (limit, remaining) = (number(headers, LIMIT)?, number(headers, REMAINING)?);
    let can_be = (1..=HIGHEST).contains(&limit) && remaining <= limit;
    can_be.then_some(Said {
        limit,
        remaining,
        is_refused: answer.status() == StatusCode::TOO_MANY_REQUESTS,
    })
}

/// The one value of a header.
fn number(headers: &HeaderMap, name: HeaderName) -> Option<u32> {
    let mut values = values(headers, name);
    let value = values.next().filter(|_| values.next().is_none())?;
    value.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &str)]) -> Option<(u32, u32)> {
        let mut answer = Response::builder();
        for (name, value) in fields {
            answer = answer.header(*name, *value);
        }
        let said = said(&answer.body(()).unwrap())?;
        Some((said.limit, said.remaining))
    }

    #[test]
    fn what_cannot_be_true_is_not_read() {
        let both = |limit, remaining| {
            read(&[
                ("x-ratelimit-limit", limit),
                ("X-RateLimit-Remaining", remaining),
            ])
        };
        assert_eq!(both("100", "88"), Some((100, 88)));
        assert_eq!(both(" 100 ", "0"), Some((100, 0)));
        for (limit, remaining) in [
            ("100", "101"),
            ("0", "0"),
            ("100", "-1"),
            ("", ""),
            ("100", "many"),
            ("100, 100", "88"),
            ("1e2", "88"),
            ("100", "88.5"),
            ("4294967295", "0"),
            ("99999999999999999999", "0"),
        ] {
            assert_eq!(both(limit, remaining), None, "{limit} {remaining}");
        }
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[("x-ratelimit-limit", "100")]), None);
        assert_eq!(read(&[("x-ratelimit-remaining", "7")]), None);
        let twice = ("x-ratelimit-remaining", "7");
        assert_eq!(read(&[("x-ratelimit-limit", "100"), twice, twice]), None);
    }

    #[test]
    fn a_refused_call_is_not_among_those_that_are_counted() {
        let answer = Response::builder()
            .status(429)
            .header(LIMIT, "100")
            .header(REMAINING, "0");
        let said = said(&answer.body(()).unwrap()).unwrap();
        assert!(said.is_refused);
    }
}
