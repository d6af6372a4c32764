//! Who calls: `Authorization: Bearer <secret>`, once, and nothing else.

use std::collections::HashMap;

use gardien_domain::key::Revocation;
use gardien_domain::{Credential, KeyId, KeyRule, Secret, SecretDigest};
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// The digest of the secret that a request presents; `None` unless there is exactly one in the right form.
pub(crate) fn presented(headers: &HeaderMap) -> Option<SecretDigest> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, secret) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    Secret::parse(secret.trim_matches(' '))
        .ok()
        .map(|secret| secret.digest())
}

/// Every key, found by the digest of its secret or of the one before.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    keys: HashMap<KeyId, KeyRule>,
    digests: HashMap<SecretDigest, KeyId>,
}

impl Keys {
    /// Takes a key as it is now. Digests it no longer has find nothing from here on.
    pub(crate) fn put(&mut self, key: KeyRule) {
        if let Some(old) = self.keys.insert(key.id, key) {
            for digest in old.digests() {
                self.digests.remove(&digest);
            }
        }
        for digest in key.digests() {
            self.digests.insert(digest, key.id);
        }
    }

    /// Refuses a key from here on; one that was revoked before stays as it is.
    pub(crate) fn revoke(&mut self, id: KeyId, revocation: Revocation) {
        if let Some(key) = self.keys.get_mut(&id) {
            key.revoke(revocation.at);
        }
    }

    pub(crate) fn get(&self, id: KeyId) -> Option<&KeyRule> {
        self.keys.get(&id)
    }

    /// The key that a digest belongs to, and which of its secrets it is.
    pub(crate) fn find(&self, digest: &SecretDigest) -> Option<(&KeyRule, Credential)> {
        let key = self.keys.get(self.digests.get(digest)?)?;
        Some((key, key.credential(digest)?))
    }
}

#[cfg(test)]
mod tests {
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
