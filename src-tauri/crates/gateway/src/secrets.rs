//! The secret of every key, found by its digest: a look-up takes no lock and waits for nobody, whatever is changed
//! meanwhile.

use std::hash::{BuildHasherDefault, Hash, Hasher};

use gardien_domain::key::PreviousSecrets;
use gardien_domain::{
    KeyId, KeyRule, Presented, ProductScope, ProductScopes, ProjectId, Refusal, Scope, SecretDigest,
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
    terms: Terms,
    more: OnceBox<More>,
}

// With its digest, what a processor reads at once.
const _: () = assert!(size_of::<(SecretDigest, Held)>() == 64);

/// Where a key works, what it may do and until when, as far as that fits: of few keys it does not. From the lowest bit: its two
/// products, its project or 0, its end in milliseconds after [`BEGIN`] or 0.
#[derive(Debug, Clone, Copy)]
struct Terms(u64);

/// A product has one of so many.
const SCOPES: u64 = ProductScope::ALL.len() as u64;
const PRODUCTS: u32 = 4;
const PROJECT: u32 = 21;
const END: u32 = u64::BITS - PRODUCTS - PROJECT;
/// The end of 2025, in unix milliseconds.
const BEGIN: i64 = 1_767_225_600_000;

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
            terms: Terms::of(rule),
            more: OnceBox::new(),
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
        let more = self.more();
        more.map_or_else(|| self.terms.scope(), |rule| rule.scope)
    }

    fn rule(&self, digest: &SecretDigest) -> KeyRule {
        self.more().copied().unwrap_or_else(|| KeyRule {
            id: self.id,
            scope: self.terms.scope(),
            products: self.terms.products(),
            digest: *digest,
            previous: PreviousSecrets::default(),
            expires_at: self.terms.expires_at(),
            revoked_at: None,
        })
    }
}

impl Terms {
    /// What does not fit is left out.
    fn of(rule: &KeyRule) -> Self {
        let little = |number: i64, bits: u32| {
            let number = u64::try_from(number).unwrap_or_default();
            if number >> bits == 0 { number } else { 0 }
        };
        let ProductScopes { platform, uptime } = rule.products;
        let products = platform as u64 * SCOPES + uptime as u64;
        let project = rule.scope.project().map_or(0, |ProjectId(id)| id);
        let end = rule.expires_at.map_or(0, Timestamp::as_millisecond) - BEGIN;
        let above = little(end, END) << PROJECT | little(project, PROJECT);
        Self(above << PRODUCTS | products)
    }

    fn scope(self) -> Scope {
        match self.0 >> PRODUCTS & ((1 << PROJECT) - 1) {
            0 => Scope::Organization {},
            id => Scope::Project {
                project_id: ProjectId(id.cast_signed()),
            },
        }
    }

    fn products(self) -> ProductScopes {
        let products = self.0 & ((1 << PRODUCTS) - 1);
        let scope = |number| {
            let number = usize::try_from(number).unwrap_or_default();
            let scope = ProductScope::ALL.get(number);
            scope.copied().unwrap_or_default()
        };
        ProductScopes {
            platform: scope(products / SCOPES),
            uptime: scope(products % SCOPES),
        }
    }

    fn expires_at(self) -> Option<Timestamp> {
        match self.0 >> (PRODUCTS + PROJECT) {
            0 => None,
            end => Timestamp::from_millisecond(BEGIN + end.cast_signed()).ok(),
        }
    }
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
