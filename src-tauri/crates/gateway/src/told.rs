//! The limit as the headers of an answer tell it: in the names that Phare uses, and in the fields of
//! draft-ietf-httpapi-ratelimit-headers-11.

use std::cell::RefCell;

use bytes::BytesMut;
use gardien_domain::limit::WINDOW_MS;
use gardien_domain::schedule::{Bound, Full, Own};
use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::meter::LimitState;

pub(crate) const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
pub(crate) const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
pub(crate) const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

const WINDOW: u64 = WINDOW_MS / 1_000;
/// Bytes of the longest values together.
const LONGEST: usize = 128;

/// What an answer tells of the limit.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) limits: LimitState,
    /// The share of the key that called, if it has one.
    pub(crate) own: Option<Own>,
    /// What the call was refused for.
    pub(crate) refused: Option<Full>,
}

impl Told {
    /// Puts it on an answer at a time in unix milliseconds.
    pub(crate) fn put(&self, headers: &mut HeaderMap, unix_ms: u64) {
        let reset = unix_ms.div_ceil(1000) + self.limits.reset_seconds;
        let [limit, policy] = of_organization(self.limits.limit);
        // One piece of memory for all other values: every answer has them.
        let mut texts = Texts(BytesMut::with_capacity(LONGEST));
        headers.insert(LIMIT, limit);
        headers.insert(REMAINING, texts.number(self.limits.remaining).end());
        headers.insert(RESET, texts.number(reset).end());
        headers.insert(POLICY, self.policies(policy, &mut texts));
        headers.insert(LEFT, self.left(&mut texts));
    }

    fn policies(&self, organization: HeaderValue, texts: &mut Texts) -> HeaderValue {
        let Some(own) = self.own else {
            return organization;
        };
        let texts = texts.policy(Bound::Organization, self.limits.limit);
        texts.text(", ").policy(Bound::Key, own.at_most).end()
    }

    /// What is left under the policy that refused the call, or of which the least is left.
    fn left(&self, texts: &mut Texts) -> HeaderValue {
        let least = || {
            let own = self.own.map(|own| {
                let reset = own.reset_ms.div_ceil(1000);
                (Bound::Key, own.remaining, reset)
            });
            let limits = self.limits;
            let organization = (Bound::Organization, limits.remaining, limits.reset_seconds);
            own.filter(|own| own.1 <= organization.1)
                .unwrap_or(organization)
        };
        let (bound, left, seconds) = self.refused.map_or_else(least, |full| {
            (full.bound, 0, whole_seconds(full.retry_after_ms))
        });
        let texts = texts.name(bound).text(";r=").number(left);
        texts.text(";t=").number(seconds).end()
    }
}

thread_local! {
    /// The limit that was told last, as below. Each thread has its own: they would wait for each other to count clones.
    static LAST: RefCell<Option<(u32, [HeaderValue; 2])>> = const { RefCell::new(None) };
}

/// The limit and the policy of the organization, which seldom change: they are made once.
fn of_organization(limit: u32) -> [HeaderValue; 2] {
    LAST.with_borrow_mut(|last| match last {
        Some((last, values)) if *last == limit => values.clone(),
        _ => {
            let mut texts = Texts(BytesMut::with_capacity(LONGEST));
            let number = texts.number(limit).end();
            let values = [number, texts.policy(Bound::Organization, limit).end()];
            *last = Some((limit, values.clone()));
            values
        }
    })
}

/// Values of headers, one after the other in the same memory.
struct Texts(BytesMut);

impl Texts {
    fn policy(&mut self, bound: Bound, limit: u32) -> &mut Self {
        let texts = self.name(bound).text(";q=").number(limit);
        texts.text(";w=").number(WINDOW)
    }

    fn name(&mut self, bound: Bound) -> &mut Self {
        let name = name(bound);
        self.text("\"").text(name).text("\"")
    }

    fn number(&mut self, number: impl itoa::Integer) -> &mut Self {
        self.text(itoa::Buffer::new().format(number))
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn end(&mut self) -> HeaderValue {
        // Nothing here cannot stand in a header.
        HeaderValue::from_maybe_shared(self.0.split().freeze())
            .unwrap_or(HeaderValue::from_static(""))
    }
}

fn name(bound: Bound) -> &'static str {
    match bound {
        Bound::Organization => "organization",
        Bound::Key => "key",
    }
}

/// Rounded up: a client that waits this long finds a free call.
pub(crate) fn whole_seconds(milliseconds: u64) -> u64 {
    milliseconds.div_ceil(1000).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::CallRefusal;

    const LIMITS: LimitState = LimitState {
        limit: 100,
        used: 88,
        remaining: 12,
        waiting: 0,
        pace: None,
        reset_seconds: 31,
        hold: None,
        direct: None,
    };

    fn own(remaining: u32) -> Own {
        Own {
            at_most: 30,
            remaining,
            reset_ms: 4_001,
        }
    }

    fn told(own: Option<Own>, refused: Option<Full>) -> [String; 2] {
        let mut headers = HeaderMap::new();
        let told = Told {
            limits: LIMITS,
            own,
            refused,
        };
        told.put(&mut headers, 1_500);
        assert_eq!(headers["x-ratelimit-reset"], "33");
        ["ratelimit-policy", "ratelimit"].map(|name| headers[name].to_str().unwrap().to_owned())
    }

    #[test]
    fn the_policy_of_which_the_least_is_left_is_told() {
        let whole = "\"organization\";q=100;w=60";
        let both = "\"organization\";q=100;w=60, \"key\";q=30;w=60";
        let of_all = "\"organization\";r=12;t=31";
        assert_eq!(told(None, None), [whole, of_all]);
        assert_eq!(told(Some(own(13)), None), [both, of_all]);
        assert_eq!(told(Some(own(12)), None), [both, "\"key\";r=12;t=5"]);
    }

    #[test]
    fn a_refusal_names_the_policy_that_it_is_for() {
        for (bound, left) in [
            (Bound::Organization, "\"organization\";r=0;t=2"),
            (Bound::Key, "\"key\";r=0;t=2"),
        ] {
            let retry_after_ms = 1_001;
            let full = Full {
                bound,
                retry_after_ms,
            };
            assert_eq!(told(Some(own(3)), Some(full))[1], left);
        }
    }

    #[test]
    fn no_time_is_short_by_rounding() {
        for (milliseconds, seconds) in [
            (1, "1"),
            (999, "1"),
            (1_000, "1"),
            (1_001, "2"),
            (59_999, "60"),
        ] {
            for bound in [Bound::Organization, Bound::Key] {
                let full = Full {
                    bound,
                    retry_after_ms: milliseconds,
                };
                let refused = CallRefusal::from(full);
                assert!(
                    refused.message().contains(&format!("in {seconds} second")),
                    "{}",
                    refused.message()
                );
                let response = refused.into_response();
                assert_eq!(response.headers()["retry-after"], seconds);
            }
        }
    }
}
