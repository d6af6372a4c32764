//! What of the keys is in force: as they are recorded, and over that what was revoked and is not recorded yet.
//!
//! Whatever tells the gateway of a key goes through here, one at a time: between looking whether a key is revoked and
//! telling so, nobody can revoke it.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gardien_domain::key::Revocation;
use gardien_domain::share::Share;
use gardien_domain::{Key, KeyId, KeyRule};
use gardien_store::{Witness, Witnessed};

use crate::Enforcement;

/// One who asked for the revocation of a key. One that is refused takes no other's away.
type Claim = u64;

/// Of each key that is revoked and not recorded so, who asked for it; the first one stands.
type Claims = HashMap<KeyId, Vec<(Claim, Revocation)>>;

/// A revocation that is in force, before it is recorded.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) key: KeyId,
    claim: Claim,
    /// Whether nobody had claimed it before.
    pub(crate) first: bool,
    /// Whether the witness has it.
    pub(crate) witnessed: bool,
}

/// The keys as they are in force.
pub(crate) struct InForce {
    enforcement: Arc<dyn Enforcement>,
    claims: Mutex<Claims>,
    next: AtomicU64,
    witness: Arc<Witness>,
}

impl InForce {
    pub(crate) fn new(enforcement: Arc<dyn Enforcement>, witness: Arc<Witness>) -> Self {
        Self {
            enforcement,
            claims: Mutex::default(),
            next: AtomicU64::default(),
            witness,
        }
    }

    /// Lets a key be in force that there is at the start. Nobody can have revoked any yet, and what the witness knows of
    /// it comes after: it must not be told of them as of what was recorded since.
    pub(crate) fn begin(&self, rule: KeyRule, share: Share) {
        self.enforcement.begin_key(rule, share);
    }

    /// Lets a key be in force as it is recorded, and answers with what it is then.
    pub(crate) fn put(&self, mut key: Key) -> Key {
        let mut claims = self.claims();
        if let Some(revocation) = key.revoked() {
            claims.remove(&key.id());
            told(self.witness.revoked(key.id(), revocation, true));
        } else if !claims.contains_key(&key.id()) {
            told(self.witness.restored(key.id()));
        }
        overlay(&claims, &mut key);
        self.enforcement.put_key(&key);
        key
    }

    /// Makes of a key as it is recorded what it is in force.
    pub(crate) fn overlay(&self, key: &mut Key) {
        overlay(&self.claims(), key);
    }

    /// Refuses a key from here on. The witness has it next, if the system takes it.
    pub(crate) fn revoke(&self, key: KeyId, revocation: Revocation) -> Claimed {
        let mut claims = self.claims();
        let claim = self.next.fetch_add(1, Ordering::Relaxed);
        let of_key = claims.entry(key).or_default();
        of_key.push((claim, revocation));
        let first = of_key.len() == 1;
        self.enforcement.revoke(key, revocation);
        let noted = self.witness.revoked(key, revocation, false);
        let witnessed = noted.is_ok();
        told(noted);
        Claimed {
            key,
            claim,
            first,
            witnessed,
        }
    }

    /// Takes a claim back, and lets the key be in force as it is recorded and otherwise claimed.
    pub(crate) fn withdraw(&self, claimed: &Claimed, recorded: Option<Key>) {
        {
            let mut claims = self.claims();
            if let Some(of_key) = claims.get_mut(&claimed.key) {
                of_key.retain(|(claim, _)| *claim != claimed.claim);
                if of_key.is_empty() {
                    claims.remove(&claimed.key);
                }
            }
        }
        match recorded {
            Some(key) => drop(self.put(key)),
            None => self.forget(claimed.key),
        }
    }

    /// Lets a key work again that was recorded so, whoever claimed its revocation before.
    pub(crate) fn restore(&self, key: &Key) {
        self.forget(key.id());
        self.put(key.clone());
    }

    /// Forgets every claim to a key.
    pub(crate) fn forget(&self, key: KeyId) {
        self.claims().remove(&key);
        told(self.witness.restored(key));
    }

    /// Whether it is revoked and not recorded so.
    pub(crate) fn is_claimed(&self, key: KeyId) -> bool {
        self.claims().contains_key(&key)
    }

    /// What the witness remembers.
    pub(crate) fn witnessed(&self) -> Vec<Witnessed> {
        self.witness.revocations()
    }

    fn claims(&self) -> MutexGuard<'_, Claims> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A revocation that is recorded stands.
fn overlay(claims: &Claims, key: &mut Key) {
    if let Some([(_, revocation), ..]) = claims.get(&key.id()).map(Vec::as_slice) {
        key.revoke(*revocation);
    }
}

/// The witness is the second place: that it cannot be written keeps nobody from the first.
fn told(written: io::Result<()>) {
    if let Err(error) = written {
        tracing::error!(%error, "the file beside the database cannot be written");
    }
}

impl fmt::Debug for InForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InForce")
            .field("enforcement", &self.enforcement)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::thread;
    use std::time::Duration;

    use gardien_domain::key::{KeyParts, PreviousSecrets};
    use gardien_domain::what_if::WhatIf;
    use gardien_domain::{
        MemberId, Organization, ProductScopes, Project, ProjectId, Scope, SecretDigest,
    };
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::LimitReading;

    /// Knows the one key that it was told of last. It takes its time to be told, for somebody to revoke meanwhile.
    #[derive(Debug, Default)]
    struct Gateway {
        known: Mutex<Option<Key>>,
        telling: AtomicBool,
        revoked: AtomicBool,
    }

    impl Gateway {
        fn is_granted(&self) -> bool {
            let known = self.known.lock().unwrap();
            known.as_ref().unwrap().revoked().is_none()
        }
    }

    impl Enforcement for Gateway {
        fn put_key(&self, key: &Key) {
            self.telling.store(true, Ordering::SeqCst);
            for _ in 0..20 {
                if self.revoked.load(Ordering::SeqCst) {
                    break;
                }
                thread::sleep(Duration::from_millis(5));
            }
            *self.known.lock().unwrap() = Some(key.clone());
        }
        fn expect_keys(&self, _: usize) {}
        fn begin_key(&self, _: KeyRule, _: Share) {}
        fn revoke(&self, _: KeyId, revocation: Revocation) {
            if let Some(key) = &mut *self.known.lock().unwrap() {
                key.revoke(revocation);
            }
            self.revoked.store(true, Ordering::SeqCst);
        }
        fn put_projects(&self, _: &[Project]) {}
        fn remove_project(&self, _: ProjectId) {}
        fn set_limit(&self, _: &Organization) {}
        fn forget_reads(&self) {}
        fn limits(&self, _: usize, _: &dyn Fn(Scope) -> bool) -> LimitReading {
            unreachable!("nobody asks")
        }
        fn what_if(&self, _: Option<KeyId>, _: Share) -> WhatIf {
            unreachable!("nobody asks")
        }
    }

    fn key() -> Key {
        Key::from_parts(KeyParts {
            id: KeyId(Uuid::from_u128(1)),
            name: "Grafana".to_owned(),
            note: String::new(),
            scope: Scope::Organization {},
            products: ProductScopes::default(),
            digest: SecretDigest([7; 32]),
            display: "pha_org_gdn_abcd…wxyz".to_owned(),
            previous: PreviousSecrets::default(),
            share: Share::default(),
            created_at: Timestamp::UNIX_EPOCH,
            created_by: MemberId(Uuid::from_u128(2)),
            expires_at: None,
            revoked: None,
        })
    }

    fn revocation() -> Revocation {
        Revocation {
            at: Timestamp::UNIX_EPOCH,
            by: MemberId(Uuid::from_u128(2)),
        }
    }

    #[test]
    fn what_is_recorded_never_comes_over_a_revocation() {
        let folder = tempfile::tempdir().unwrap();
        let witness = Witness::open(&folder.path().join("gardien.witness")).unwrap();
        let gateway = Arc::new(Gateway::default());
        let in_force = InForce::new(gateway.clone(), Arc::new(witness));
        in_force.put(key());
        gateway.telling.store(false, Ordering::SeqCst);
        thread::scope(|scope| {
            scope.spawn(|| in_force.put(key()));
            while !gateway.telling.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            in_force.revoke(key().id(), revocation());
        });
        assert!(!gateway.is_granted());
    }

    #[test]
    fn a_claim_that_is_withdrawn_leaves_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let witness = Arc::new(Witness::open(&folder.path().join("gardien.witness")).unwrap());
        let gateway = Arc::new(Gateway::default());
        let in_force = InForce::new(gateway.clone(), witness.clone());
        in_force.put(key());
        let [refused, allowed] = [(); 2].map(|()| in_force.revoke(key().id(), revocation()));
        assert!(refused.first && !allowed.first && allowed.witnessed);
        in_force.withdraw(&refused, Some(key()));
        assert!(!gateway.is_granted() && in_force.is_claimed(key().id()));
        assert_eq!(witness.revocations().len(), 1);
        in_force.withdraw(&allowed, Some(key()));
        assert!(gateway.is_granted() && !in_force.is_claimed(key().id()));
        assert_eq!(witness.revocations(), []);
    }
}
