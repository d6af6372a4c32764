//! Which program calls and from where, as far as that shows. Nothing is decided by it: anybody can claim any name.

use std::fmt;
use std::net::IpAddr;

use gardien_domain::KeyId;
use http::header::{HeaderMap, USER_AGENT};

use crate::headers::values;

/// The other end of a connection, as whoever accepted it knows it. No header becomes its address, not `X-Forwarded-For`
/// either: anybody can write one.
pub struct Peer {
    pub(crate) address: Option<IpAddr>,
    on_granted: Option<Box<dyn Fn(KeyId) + Send + Sync>>,
}

impl Peer {
    /// One of which nothing is known.
    pub(crate) const NOBODY: Self = Self {
        address: None,
        on_granted: None,
    };

    /// One at this address, of which `on_granted` hears whose a call is that may be made, before anything of its body is
    /// awaited. It must not block.
    pub fn at(address: IpAddr, on_granted: impl Fn(KeyId) + Send + Sync + 'static) -> Self {
        Self {
            address: Some(address),
            on_granted: Some(Box::new(on_granted)),
        }
    }

    pub(crate) fn is_granted(&self, key: KeyId) {
        if let Some(hear) = &self.on_granted {
            hear(key);
        }
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Letters of a name that is kept.
const LONGEST: usize = 64;
/// As many letters and digits in a row, both among them, are no word but a secret.
const SECRET_RUN: usize = 20;
/// What secrets of Phare's, of keys and of sessions have in them.
const MARKS: [&str; 2] = ["pha_", "gdn_"];

/// The first product that `User-Agent` names, without its version, such as `terraform-provider-phare`. Not looked at yet:
/// see [`shown`].
pub(crate) fn product(headers: &HeaderMap) -> Option<&str> {
    let agent = values(headers, USER_AGENT).next()?.to_str().ok()?;
    agent.split_ascii_whitespace().next()?.split('/').next()
}

/// A product's name if it can be shown and stored.
pub(crate) fn shown(name: &str) -> Option<&str> {
    let fits = (1..=LONGEST).contains(&name.len());
    let plain = fits && name.bytes().all(|byte| byte.is_ascii_graphic());
    (plain && !looks_secret(name)).then_some(name)
}

/// A key that was pasted into the wrong setting must not come to be shown and stored.
fn looks_secret(name: &str) -> bool {
    let is_run = |run: &str| {
        run.len() >= SECRET_RUN
            && run.bytes().any(|byte| byte.is_ascii_digit())
            && run.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    let lower = name.to_ascii_lowercase();
    MARKS.iter().any(|mark| lower.contains(mark))
        || name
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .any(is_run)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(agent: &[u8]) -> Option<String> {
        let mut headers = HeaderMap::new();
        let agent = http::HeaderValue::from_bytes(agent).unwrap();
        headers.insert(USER_AGENT, agent);
        product(&headers).and_then(shown).map(str::to_owned)
    }

    #[test]
    fn the_first_product_names_the_program() {
        for (agent, name) in [
            (
                "terraform-provider-phare/0.0.12 (+https://phare.io) go",
                "terraform-provider-phare",
            ),
            ("Go-http-client/1.1", "Go-http-client"),
            ("curl/8.5.0", "curl"),
            ("python-requests/2.31.0", "python-requests"),
            ("Mozilla/5.0 (X11; Linux x86_64)", "Mozilla"),
            ("  backup  ", "backup"),
        ] {
            assert_eq!(named(agent.as_bytes()).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_cannot_be_shown_is_no_name() {
        assert_eq!(product(&HeaderMap::new()), None);
        let long = "x".repeat(65);
        for agent in [
            "",
            " ",
            "/1.0",
            "pha_org_gdn_0123456789ABCDEFGHIJKLMNOPQRSTUV39NYFo",
            "my-PHA_org_1",
            "x=gdn_session_abc",
            "0123456789abcdefghijklmnop/1",
            &long,
        ] {
            assert_eq!(named(agent.as_bytes()), None, "{agent}");
        }
        assert_eq!(named("programme-d\u{2019}\u{e9}t\u{e9}/1".as_bytes()), None);
        assert!(named("x".repeat(64).as_bytes()).is_some());
    }
}
