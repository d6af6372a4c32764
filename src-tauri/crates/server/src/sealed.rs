//! The secrets of Phare's keys in the database, sealed: every server that has the sealing key can use them, and nobody else
//! who can read the database.
//!
//! XChaCha20-Poly1305 with a random nonce for each, bound to the id that it is kept under: one that is put in another's
//! place does not open.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use gardien_authority::{SecretFault, Secrets};
use gardien_domain::{MemberId, PhareSecretId};
use gardien_store::{Database, SealedSecrets, StoreError};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// Begins what is sealed in this way.
const FORMAT: u8 = 1;
const KEY: usize = 32;
const NONCE: usize = 24;
/// What a secret is sealed for, before its id.
const PURPOSE: &[u8] = b"gardien: secret of a key of Phare's\0";

/// Why what stands in a file is no sealing key. Never says what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealingKeyFault {
    /// Nothing stands there.
    #[error("there is no sealing key in it: make one with `openssl rand -base64 32`")]
    Missing,
    /// A line is something else.
    #[error("line {line} is no sealing key, which is 32 random bytes in base64")]
    Malformed {
        /// Which, from 1.
        line: usize,
    },
}

/// Why a secret cannot be sealed anew.
#[derive(Debug, thiserror::Error)]
pub enum ResealFault {
    /// The database.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// None of the keys opens it.
    #[error("none of the sealing keys opens the secret {0}: add the one that it was sealed with")]
    Shut(PhareSecretId),
    /// It could not be sealed.
    #[error("the system gives no random numbers")]
    Entropy(#[from] getrandom::Error),
}

/// The keys that open what is sealed. The first one seals.
#[derive(Clone)]
pub struct SealingKeys(Arc<Vec<XChaCha20Poly1305>>);

impl SealingKeys {
    /// From text with one key a line, each 32 bytes in base64: the one that seals, then those that it followed.
    ///
    /// # Errors
    /// [`SealingKeyFault`].
    pub fn from_text(text: &str) -> Result<Self, SealingKeyFault> {
        let lines = text.lines().map(str::trim).enumerate();
        let keys = lines
            .filter(|(_, line)| !line.is_empty())
            .map(|(at, line)| {
                let bytes = STANDARD.decode(line).map(Zeroizing::new).ok();
                let key = bytes.filter(|bytes| bytes.len() == KEY);
                let key = key.and_then(|key| XChaCha20Poly1305::new_from_slice(&key).ok());
                key.ok_or(SealingKeyFault::Malformed { line: at + 1 })
            });
        let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(SealingKeyFault::Missing);
        }
        Ok(Self(Arc::new(keys)))
    }

    fn seal(&self, id: PhareSecretId, secret: &SecretString) -> Result<Vec<u8>, getrandom::Error> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)?;
        let about = about(id);
        let payload = Payload {
            msg: secret.expose_secret().as_bytes(),
            aad: &about,
        };
        // Only what is longer than any memory cannot be sealed.
        let sealed = self
            .0
            .first()
            .map(|key| key.encrypt(&XNonce::from(nonce), payload));
        let sealed = sealed
            .and_then(Result::ok)
            .ok_or(getrandom::Error::UNEXPECTED)?;
        Ok([&[FORMAT], &nonce[..], &sealed].concat())
    }

    /// The secret, and the number of the key that opens it.
    fn open(&self, id: PhareSecretId, sealed: &[u8]) -> Option<(SecretString, usize)> {
        let (nonce, shut) = sealed
            .strip_prefix(&[FORMAT])?
            .split_first_chunk::<NONCE>()?;
        let about = about(id);
        let opened = self.0.iter().enumerate().find_map(|(number, key)| {
            let payload = Payload {
                msg: shut,
                aad: &about,
            };
            let opened = key.decrypt(&XNonce::from(*nonce), payload).ok()?;
            Some((Zeroizing::new(opened), number))
        });
        let (opened, number) = opened?;
        let text = std::str::from_utf8(&opened).ok()?;
        Some((SecretString::from(text), number))
    }

    /// Seals with the first key whatever another one seals. Answers with how many those were. Servers may run meanwhile, if
    /// they have both.
    ///
    /// # Errors
    /// [`ResealFault`]: what could be opened before it is sealed anew by then.
    pub async fn reseal(&self, store: &dyn SealedSecrets) -> Result<usize, ResealFault> {
        let mut resealed = 0;
        for (id, sealed) in store.every_sealed().await? {
            let (secret, by) = self.open(id, &sealed).ok_or(ResealFault::Shut(id))?;
            if by > 0 {
                store.put_sealed(id, &self.seal(id, &secret)?).await?;
                resealed += 1;
            }
        }
        Ok(resealed)
    }
}

fn about(id: PhareSecretId) -> Vec<u8> {
    [PURPOSE, id.0.as_bytes()].concat()
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sealing keys", self.0.len())
    }
}

/// Keeps secrets sealed in the database.
#[derive(Debug)]
pub(crate) struct Sealed {
    keys: SealingKeys,
    store: Arc<dyn Database>,
}

impl Sealed {
    pub(crate) fn with(keys: SealingKeys, store: Arc<dyn Database>) -> Self {
        Self { keys, store }
    }

    async fn put(&self, id: PhareSecretId, secret: &SecretString) -> Result<(), ResealFault> {
        let sealed = self.keys.seal(id, secret)?;
        Ok(self.store.put_sealed(id, &sealed).await?)
    }
}

#[async_trait]
impl Secrets for Sealed {
    async fn get(
        &self,
        _: Option<MemberId>,
        id: PhareSecretId,
    ) -> Result<SecretString, SecretFault> {
        let sealed = self.store.sealed(id).await.map_err(|error| {
            tracing::error!(%error, secret = %id, "a sealed secret cannot be read");
            SecretFault::Unavailable
        })?;
        let sealed = sealed.ok_or(SecretFault::NotHeld)?;
        let opened = self.keys.open(id, &sealed);
        opened.map(|(secret, _)| secret).ok_or_else(|| {
            tracing::error!(secret = %id, "no sealing key of this server opens a secret that is kept");
            SecretFault::NotHeld
        })
    }

    async fn keep(&self, _: Option<MemberId>, id: PhareSecretId, secret: SecretString) {
        if let Err(error) = self.put(id, &secret).await {
            tracing::error!(%error, secret = %id, "a secret cannot be kept: it is held until this server ends");
        }
    }

    async fn forget(&self, _: Option<MemberId>, id: PhareSecretId) {
        if let Err(error) = self.store.delete_sealed(id).await {
            tracing::error!(%error, secret = %id, "a sealed secret that nobody uses any more is still there");
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const NEW: &str = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";

    fn id(number: u128) -> PhareSecretId {
        PhareSecretId(Uuid::from_u128(number))
    }

    fn keys(lines: &[&str]) -> SealingKeys {
        SealingKeys::from_text(&lines.join("\n")).unwrap()
    }

    fn opened(keys: &SealingKeys, of: PhareSecretId, sealed: &[u8]) -> Option<(String, usize)> {
        let (secret, by) = keys.open(of, sealed)?;
        Some((secret.expose_secret().to_owned(), by))
    }

    #[test]
    fn only_its_key_opens_a_secret_and_only_under_its_id() {
        let secret = SecretString::from("pha_org_secret");
        let sealed = keys(&[OLD]).seal(id(1), &secret).unwrap();
        let is_in = |part: &[u8]| sealed.windows(part.len()).any(|window| window == part);
        assert!(!is_in(b"pha_") && !is_in(b"secret"));
        let found = Some((String::from("pha_org_secret"), 0));
        assert_eq!(opened(&keys(&[OLD]), id(1), &sealed), found);
        let found = Some((String::from("pha_org_secret"), 1));
        assert_eq!(opened(&keys(&[NEW, OLD]), id(1), &sealed), found);
        assert_eq!(opened(&keys(&[NEW]), id(1), &sealed), None);
        assert_eq!(opened(&keys(&[OLD]), id(2), &sealed), None);
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(opened(&keys(&[OLD]), id(1), &altered), None, "byte {at}");
            assert_eq!(
                opened(&keys(&[OLD]), id(1), &sealed[..at]),
                None,
                "cut at {at}"
            );
        }
        let again = keys(&[OLD]).seal(id(1), &secret).unwrap();
        assert_ne!(sealed, again, "no nonce is used twice");
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_repeated() {
        for (text, fault) in [
            ("", SealingKeyFault::Missing),
            (" \n\n", SealingKeyFault::Missing),
            ("horse", SealingKeyFault::Malformed { line: 1 }),
            ("AAEC", SealingKeyFault::Malformed { line: 1 }),
        ] {
            let refused = SealingKeys::from_text(text).unwrap_err();
            assert_eq!(refused, fault, "{text}");
            assert!(!refused.to_string().contains("horse"));
        }
        let second = SealingKeys::from_text(&format!("{OLD}\n\nAAEC\n")).unwrap_err();
        assert_eq!(second, SealingKeyFault::Malformed { line: 3 });
        assert_eq!(format!("{:?}", keys(&[OLD, NEW])), "2 sealing keys");
    }

    #[tokio::test]
    async fn what_an_earlier_key_sealed_is_sealed_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gardien.db");
        let store = gardien_store::Sqlite::open(&path).await.unwrap();
        for number in [1, 2] {
            let (key, secret) = (keys(&[OLD]), SecretString::from("pha_org_secret"));
            let sealed = key.seal(id(number), &secret).unwrap();
            store.put_sealed(id(number), &sealed).await.unwrap();
        }
        let shut = keys(&[NEW]).reseal(&store).await.unwrap_err();
        assert!(matches!(shut, ResealFault::Shut(_)), "{shut}");
        assert_eq!(keys(&[NEW, OLD]).reseal(&store).await.unwrap(), 2);
        assert_eq!(keys(&[NEW, OLD]).reseal(&store).await.unwrap(), 0);
        let sealed = store.sealed(id(2)).await.unwrap().unwrap();
        let found = Some((String::from("pha_org_secret"), 0));
        assert_eq!(opened(&keys(&[NEW]), id(2), &sealed), found);
    }
}
