//! Who calls: `Authorization: Bearer <secret>`, once, and nothing else.

use gardien_domain::SecretDigest;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::headers::values;

const SCHEME: &[u8] = b"Bearer ";

/// The digest of the secret that a request presents; `None` unless there is exactly one in the right form.
pub(crate) fn presented(headers: &HeaderMap) -> Option<SecretDigest> {
    let mut values = values(headers, AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, mut secret) = value.as_bytes().split_at_checked(SCHEME.len())?;
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return None;
    }
    while let [b' ', rest @ ..] | [rest @ .., b' '] = secret {
        secret = rest;
    }
    SecretDigest::parse(secret).ok()
}

#[cfg(test)]
mod tests {
    use gardien_domain::Secret;

    use super::*;

    const SECRET: &str = "pha_org_gdn_0123456789ABCDEFGHIJKLMNOPQRSTUV39NYFo";

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn rule_5_bearer_in_any_case_exactly_once() {
        let digest = Secret::parse(SECRET).unwrap().digest();
        for scheme in ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer "] {
            assert_eq!(
                presented(&headers(&[&format!("{scheme} {SECRET}")])),
                Some(digest)
            );
        }
        let right = format!("Bearer {SECRET}");
        for wrong in [
            vec![],
            vec![SECRET],
            vec!["Bearer"],
            vec!["Bearer "],
            vec!["Basic Og=="],
            vec![right.as_str(), right.as_str()],
            vec![right.as_str(), "Basic Og=="],
        ] {
            assert_eq!(presented(&headers(&wrong)), None, "{wrong:?}");
        }
        for wrong in [
            format!("Token {SECRET}"),
            format!("Bearer\t{SECRET}"),
            format!("Bearer {SECRET}x"),
            format!("Bearer {SECRET} {SECRET}"),
            format!("Bearer {SECRET},Bearer {SECRET}"),
            format!("Bearer \"{SECRET}\""),
        ] {
            assert_eq!(presented(&headers(&[&wrong])), None, "{wrong}");
        }
    }
}
