//! The secret of every key, found by its digest: a look-up takes no lock and waits for nobody, whatever is changed
//! meanwhile.

use std::hash::{BuildHasherDefault, Hasher};

use gardien_domain::key::PreviousSecrets;
use gardien_domain::{KeyId, KeyRule, Presented, ProductScopes, Refusal, Scope, SecretDigest};
use jiff::Timestamp;
use papaya::HashMap;

use crate::under_way::Calls;

/// What secrets may do. Changes are made by one at a time: see [`Rules`](crate::rules::Rules).
#[derive(Debug, Default)]
pub(crate) struct Secrets(HashMap<SecretDigest, Held, BuildHasherDefault<OwnBits>>);

/// What is held for a secret, beside its digest. There is one for every secret of every key: what few keys have is apart.
#[derive(Debug)]
struct Held {
    id: KeyId,
    scope: Scope,
    products: ProductScopes,
    /// In unix microseconds, in which it is stored; none is as late as that of a key without an end.
    expires_at: i64,
    more: Option<Box<More>>,
    calls: Calls,
}

const _: () = assert!(size_of::<Held>() <= 64);

/// What there is to say of a key that is revoked, or has had other secrets.
#[derive(Debug)]
struct More {
    /// That of the secret in force.
    digest: SecretDigest,
    previous: PreviousSecrets,
    revoked_at: Option<Timestamp>,
}

impl Secrets {
    /// What `then` makes of the key that a digest belongs to, which of its secrets it is, and what that has under way.
    pub(crate) fn find<T>(
        &self,
        digest: &SecretDigest,
        then: impl FnOnce(KeyRule, Presented, &Calls) -> T,
    ) -> Option<T> {
        let secrets = self.0.pin();
        let held = secrets.get(digest)?;
        let rule = held.rule(digest);
        let presented = rule.presented(digest)?;
        Some(then(rule, presented, &held.calls))
    }

    /// The key that a digest belongs to.
    pub(crate) fn rule(&self, digest: &SecretDigest) -> Option<KeyRule> {
        self.find(digest, |rule, _, _| rule)
    }

    /// Judges a secret of a key by this from here on. What it has under way goes on, unless it is `refused`.
    pub(crate) fn put(&self, digest: SecretDigest, rule: &KeyRule, refused: Option<Refusal>) {
        let secrets = self.0.pin();
        let going_on = match (&refused, secrets.get(&digest)) {
            (None, Some(held)) => held.calls.clone(),
            _ => Calls::default(),
        };
        let old = secrets.insert(digest, Held::of(rule, digest, going_on));
        // After: whoever found the old one a moment ago has begun by then, or begins with its end.
        if let (Some(refusal), Some(old)) = (refused, old) {
            old.calls.end(refusal);
        }
    }

    /// Knows a secret no longer, and ends what it has under way.
    pub(crate) fn remove(&self, digest: &SecretDigest, refusal: Refusal) {
        if let Some(old) = self.0.pin().remove(digest) {
            old.calls.end(refusal);
        }
    }

    /// The secrets of the keys that work in this scope alone.
    pub(crate) fn of(&self, scope: Scope) -> Vec<SecretDigest> {
        let secrets = self.0.pin();
        let of_scope = secrets.iter().filter(|(_, held)| held.scope == scope);
        of_scope.map(|(digest, _)| *digest).collect()
    }
}

impl Held {
    fn of(rule: &KeyRule, digest: SecretDigest, calls: Calls) -> Self {
        let KeyRule {
            id,
            scope,
            products,
            digest: in_force,
            previous,
            expires_at,
            revoked_at,
        } = *rule;
        let is_plain =
            in_force == digest && previous == PreviousSecrets::default() && revoked_at.is_none();
        Self {
            id,
            scope,
            products,
            expires_at: expires_at.map_or(i64::MAX, Timestamp::as_microsecond),
            more: (!is_plain).then(|| {
                Box::new(More {
                    digest: in_force,
                    previous,
                    revoked_at,
                })
            }),
            calls,
        }
    }

    fn rule(&self, digest: &SecretDigest) -> KeyRule {
        let more = self.more.as_deref();
        KeyRule {
            id: self.id,
            scope: self.scope,
            products: self.products,
            digest: more.map_or(*digest, |more| more.digest),
            previous: more.map(|more| more.previous).unwrap_or_default(),
            expires_at: Timestamp::from_microsecond(self.expires_at).ok(),
            revoked_at: more.and_then(|more| more.revoked_at),
        }
    }
}

/// A digest is as good as random: its own bits place it.
#[derive(Debug, Default)]
struct OwnBits(u64);

impl Hasher for OwnBits {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    // The length of an array, which is always the same.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
