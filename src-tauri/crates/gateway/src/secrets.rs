//! The secret of every key, found by its digest: a look-up takes no lock and waits for nobody, whatever is changed
//! meanwhile.

use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::num::NonZeroU32;

use gardien_domain::key::PreviousSecrets;
use gardien_domain::{
    KeyId, KeyRule, Presented, ProductScopes, ProjectId, Refusal, Scope, SecretDigest,
};
use jiff::Timestamp;
use once_cell::race::OnceBox;
use papaya::{Equivalent, HashMap};

use crate::under_way::Calls;

/// What secrets may do. Changes are made by one at a time: see [`Rules`](crate::rules::Rules).
#[derive(Debug, Default)]
pub(crate) struct Secrets(HashMap<SecretDigest, Held, BuildHasherDefault<OwnBits>>);

/// What is held for a secret, beside its digest. There is one for every secret of every key: what few keys have is apart.
#[derive(Debug)]
struct Held {
    id: KeyId,
    /// In unix microseconds, in which it is stored, or [`NEVER`].
    expires_at: i64,
    more: OnceBox<More>,
    /// The one that it works in.
    project: Option<NonZeroU32>,
    products: ProductScopes,
}

/// Later than any time that there is.
const NEVER: i64 = i64::MAX;

const _: () = assert!(size_of::<Held>() <= 40);

/// Of a secret that calls, or of which there is more to say.
#[derive(Debug, Default)]
struct More {
    calls: Calls,
    rule: Option<Box<KeyRule>>,
}

/// How a digest begins, in what is as good as all of it: no two of them begin so among as many keys as there can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Start([u8; 12]);

impl Secrets {
    /// Makes room for so many: it would be made several times over else.
    pub(crate) fn reserve(&self, secrets: usize) {
        self.0.pin().reserve(secrets);
    }

    /// What `then` makes of the key that a digest belongs to, which of its secrets it is, and what that has under way.
    pub(crate) fn find<T>(
        &self,
        digest: &SecretDigest,
        then: impl FnOnce(&KeyRule, Presented, &Calls) -> T,
    ) -> Option<T> {
        let secrets = self.0.pin();
        let held = secrets.get(digest)?;
        let rule = held.rule(digest);
        let presented = rule.presented(digest)?;
        Some(then(&rule, presented, held.calls()))
    }

    /// The key that a digest belongs to.
    pub(crate) fn rule(&self, digest: &SecretDigest) -> Option<KeyRule> {
        let secrets = self.0.pin();
        secrets.get(digest).map(|held| held.rule(digest))
    }

    /// The key that a digest belongs to which begins so.
    pub(crate) fn starting(&self, start: &Start) -> Option<KeyRule> {
        let secrets = self.0.pin();
        let (digest, held) = secrets.get_key_value(start)?;
        Some(held.rule(digest))
    }

    /// Judges a secret of a key by this from here on. What it has under way goes on, unless it is `refused`.
    pub(crate) fn put(&self, digest: SecretDigest, rule: &KeyRule, refused: Option<Refusal>) {
        let secrets = self.0.pin();
        let going_on = match (&refused, secrets.get(&digest)) {
            (None, Some(held)) => Some(held.calls().clone()),
            _ => None,
        };
        let old = secrets.insert(digest, Held::of(rule, digest, going_on));
        // After: whoever found the old one a moment ago has begun by then, or begins with its end.
        if let (Some(refusal), Some(old)) = (refused, old) {
            old.calls().end(refusal);
        }
    }

    /// Knows a secret no longer, and ends what it has under way.
    pub(crate) fn remove(&self, digest: &SecretDigest, refusal: Refusal) {
        if let Some(old) = self.0.pin().remove(digest) {
            old.calls().end(refusal);
        }
    }

    /// The secrets of the keys that work in this scope alone.
    pub(crate) fn of(&self, scope: Scope) -> Vec<SecretDigest> {
        let secrets = self.0.pin();
        let of_scope = secrets.iter().filter(|(_, held)| held.scope() == scope);
        of_scope.map(|(digest, _)| *digest).collect()
    }
}

impl Held {
    fn of(rule: &KeyRule, digest: SecretDigest, going_on: Option<Calls>) -> Self {
        let held = Self {
            id: rule.id,
            expires_at: rule.expires_at.map_or(NEVER, Timestamp::as_microsecond),
            more: OnceBox::new(),
            project: rule.scope.project().and_then(in_little),
            products: rule.products,
        };
        let rule = (held.rule(&digest) != *rule).then(|| Box::new(*rule));
        if rule.is_none() && going_on.is_none() {
            return held;
        }
        let calls = going_on.unwrap_or_default();
        let more = OnceBox::with_value(Box::new(More { calls, rule }));
        Self { more, ..held }
    }

    fn calls(&self) -> &Calls {
        &self.more.get_or_init(Box::default).calls
    }

    fn more(&self) -> Option<&KeyRule> {
        self.more.get()?.rule.as_deref()
    }

    fn scope(&self) -> Scope {
        match (self.more(), self.project) {
            (Some(rule), _) => rule.scope,
            (None, None) => Scope::Organization {},
            (None, Some(id)) => Scope::Project {
                project_id: ProjectId(id.get().into()),
            },
        }
    }

    fn rule(&self, digest: &SecretDigest) -> KeyRule {
        // Not asked of what is out of its range: that makes an error each time.
        let ends = Some(self.expires_at).filter(|end| *end != NEVER);
        self.more().copied().unwrap_or_else(|| KeyRule {
            id: self.id,
            scope: self.scope(),
            products: self.products,
            digest: *digest,
            previous: PreviousSecrets::default(),
            expires_at: ends.and_then(|end| Timestamp::from_microsecond(end).ok()),
            revoked_at: None,
        })
    }
}

fn in_little(ProjectId(id): ProjectId) -> Option<NonZeroU32> {
    NonZeroU32::new(u32::try_from(id).ok()?)
}

impl Start {
    pub(crate) fn of(digest: &SecretDigest) -> Self {
        Self(std::array::from_fn(|place| digest.0[place]))
    }
}

impl Equivalent<SecretDigest> for Start {
    fn equivalent(&self, digest: &SecretDigest) -> bool {
        digest.0.starts_with(&self.0)
    }
}

/// A digest is as good as random: its own bits place it.
#[derive(Debug, Default)]
pub(crate) struct OwnBits(u64);

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
