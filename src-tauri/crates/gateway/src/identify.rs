//! Who calls: `Authorization: Bearer <secret>`, once, and nothing else.

use std::collections::HashMap;

use gardien_domain::key::Revocation;
use gardien_domain::{
    KeyId, KeyRule, Presented, ProjectDirectory, ProjectId, Refusal, Secret, SecretDigest, alive,
};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;

use crate::under_way::Calls;

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

/// Every key, found by the digest of its secret or of one that a rotation replaced.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    keys: HashMap<KeyId, KeyRule>,
    secrets: HashMap<SecretDigest, (KeyId, Calls)>,
}

impl Keys {
    /// Takes a key as it is now. Digests it no longer has find nothing from here on, and what secrets that it refuses have
    /// under way ends.
    pub(crate) fn put(&mut self, key: KeyRule, projects: &ProjectDirectory, now: Timestamp) {
        let old = self.keys.insert(key.id, key);
        let mut before: HashMap<_, _> = old
            .iter()
            .flat_map(KeyRule::digests)
            .filter_map(|digest| self.secrets.remove_entry(&digest))
            .collect();
        for digest in key.digests() {
            let (_, calls) = before.remove(&digest).unwrap_or((key.id, Calls::default()));
            self.secrets.insert(digest, (key.id, calls));
        }
        for (_, mut calls) in before.into_values() {
            calls.end(Refusal::SecretReplaced { since: now });
        }
        for digest in key.digests() {
            let refused = key
                .presented(&digest)
                .and_then(|secret| alive(&key, secret, projects, now).err());
            if let Some(refusal) = refused {
                self.end(&digest, refusal);
            }
        }
    }

    /// Refuses a key from here on, and ends what it has under way; one that was revoked before stays as it is.
    pub(crate) fn revoke(&mut self, id: KeyId, revocation: Revocation) {
        if let Some(key) = self.keys.get_mut(&id) {
            key.revoke(revocation.at);
            let since = key.revoked_at.unwrap_or(revocation.at);
            for digest in key.digests() {
                self.end(&digest, Refusal::KeyRevoked { since });
            }
        }
    }

    /// Ends what the keys of a project that is gone have under way.
    pub(crate) fn end_in(&mut self, project: ProjectId) {
        for (id, calls) in self.secrets.values_mut() {
            let key = self.keys.get(id);
            if key.is_some_and(|key| key.scope.project() == Some(project)) {
                calls.end(Refusal::ProjectDeleted);
            }
        }
    }

    pub(crate) fn get(&self, id: KeyId) -> Option<&KeyRule> {
        self.keys.get(&id)
    }

    /// The key that a digest belongs to, which of its secrets it is, and what that has under way.
    pub(crate) fn find(&self, digest: &SecretDigest) -> Option<(&KeyRule, Presented, &Calls)> {
        let (id, calls) = self.secrets.get(digest)?;
        let key = self.keys.get(id)?;
        Some((key, key.presented(digest)?, calls))
    }

    fn end(&mut self, digest: &SecretDigest, refusal: Refusal) {
        if let Some((_, calls)) = self.secrets.get_mut(digest) {
            calls.end(refusal);
        }
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
