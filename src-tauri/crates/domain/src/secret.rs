//! The string that a client sends, and what is kept of it.
//!
//! `pha_org_gdn_` or `pha_prj_gdn_`, 32 characters of base62 (190 bits), 6 of base62 CRC-32 over all before.
//! Never change a prefix: clients tell the scopes apart by it and leaked secrets are found by it.

use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::words::words;

words! {
    /// Which of the two prefixes a secret carries.
    SecretKind { Organization = "organization", Project = "project" }
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
pub(crate) const PREFIX: usize = 12;
pub(crate) const RANDOM: usize = 32;
pub(crate) const CHECK: usize = 6;

/// Length of every secret in bytes (all ASCII).
pub const SECRET_LEN: usize = PREFIX + RANDOM + CHECK;

impl SecretKind {
    /// The text that a secret of this kind starts with.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Organization => "pha_org_gdn_",
            Self::Project => "pha_prj_gdn_",
        }
    }
}

/// A secret in clear. Wiped when dropped; prints as its display form; not serializable.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret {
    text: String,
}

/// SHA-256 of a secret: what is kept at rest. 190 bits of entropy need no slow hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretDigest(pub [u8; 32]);

/// Why a text is not a secret. Says nothing of the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a Gardien secret")]
pub struct NotASecret;

impl Secret {
    /// Makes a secret from `entropy`, which must fill the buffer it is given from the system's CSPRNG.
    ///
    /// # Errors
    /// Whatever `entropy` answers when it fails.
    pub fn generate<E>(
        kind: SecretKind,
        entropy: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut text = String::with_capacity(SECRET_LEN);
        text.push_str(kind.prefix());
        push_base62(&mut text, RANDOM, entropy)?;
        let check = checksum(text.as_bytes());
        text.push_str(str::from_utf8(&check).unwrap_or_default());
        Ok(Self { text })
    }

    /// Reads a secret from outside: form and checksum must be right.
    ///
    /// # Errors
    /// [`NotASecret`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        if !has_form(text.as_bytes()) {
            return Err(NotASecret);
        }
        let text = text.to_owned();
        Ok(Self { text })
    }

    /// What is stored and looked up instead of the secret.
    #[must_use]
    pub fn digest(&self) -> SecretDigest {
        SecretDigest::of(self.text.as_bytes())
    }

    /// Prefix, first four, ellipsis, last four of the random part: enough to match a leaked string to its row.
    #[must_use]
    pub fn display(&self) -> String {
        let random = &self.text[PREFIX..PREFIX + RANDOM];
        format!(
            "{}{}…{}",
            &self.text[..PREFIX],
            &random[..4],
            &random[RANDOM - 4..]
        )
    }

    /// The secret itself. For the answer to a creation, the clipboard and the keychain; nowhere else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl SecretDigest {
    /// The digest of a secret from outside, of which no copy is made.
    ///
    /// # Errors
    /// [`NotASecret`] as [`Secret::parse`].
    pub fn parse(text: &[u8]) -> Result<Self, NotASecret> {
        has_form(text).then(|| Self::of(text)).ok_or(NotASecret)
    }

    fn of(text: &[u8]) -> Self {
        Self(Sha256::digest(text).into())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.display())
    }
}

impl std::fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretDigest(..)")
    }
}

/// Appends `count` uniformly drawn base62 characters. Bytes of 248 and above are thrown away: 256 is no
/// multiple of 62, and taking them would favour the first letters.
///
/// # Errors
/// Whatever `entropy` answers when it fails.
pub fn push_base62<E>(
    text: &mut String,
    count: usize,
    mut entropy: impl FnMut(&mut [u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut pool = [0_u8; 64];
    let mut left = count;
    while left > 0 {
        entropy(&mut pool)?;
        for byte in pool.iter().filter(|byte| **byte < 248).take(left) {
            text.push(char::from(BASE62[usize::from(byte % 62)]));
            left -= 1;
        }
    }
    pool.zeroize();
    Ok(())
}

fn has_form(text: &[u8]) -> bool {
    let Some((body, check)) = text.split_at_checked(PREFIX + RANDOM) else {
        return false;
    };
    let mut kinds = SecretKind::ALL.iter();
    kinds.any(|kind| body.starts_with(kind.prefix().as_bytes()))
        // All are looked at, which is faster than to stop at the first.
        && body[PREFIX..].iter().fold(true, |all, byte| all & byte.is_ascii_alphanumeric())
        && checksum(body) == *check
}

fn checksum(body: &[u8]) -> [u8; CHECK] {
    let mut value = crc32fast::hash(body);
    let mut digits = [b'0'; CHECK];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(value % 62) as usize];
        value /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    fn seeded(seed: u64) -> impl FnMut(&mut [u8]) -> Result<(), Infallible> {
        let mut state = seed;
        move |buffer| {
            for byte in buffer {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                *byte = (state >> 33) as u8;
            }
            Ok(())
        }
    }

    fn secret(kind: SecretKind, seed: u64) -> Secret {
        Secret::generate(kind, seeded(seed)).unwrap()
    }

    #[test]
    fn form_is_prefix_random_checksum() {
        // The CRC-32 of the body was computed with an independent implementation (zlib).
        let secret = Secret::parse("pha_org_gdn_0123456789ABCDEFGHIJKLMNOPQRSTUVCRC").map(|_| ());
        assert_eq!(secret, Err(NotASecret));
        assert!(
            Secret::parse(&format!(
                "{}{}",
                "pha_org_gdn_0123456789ABCDEFGHIJKLMNOPQRSTUV", ZLIB_CHECK
            ))
            .is_ok()
        );
    }

    const ZLIB_CHECK: &str = "39NYFo";

    #[test]
    fn entropy_failure_is_passed_on() {
        assert_eq!(
            Secret::generate(SecretKind::Project, |_| Err("dry")).map(|_| ()),
            Err("dry")
        );
    }

    #[test]
    fn every_letter_is_equally_likely() {
        let mut text = String::new();
        push_base62(&mut text, 62_000, seeded(7)).unwrap();
        for letter in BASE62 {
            let count = text.bytes().filter(|byte| byte == letter).count();
            assert!((800..1200).contains(&count), "{letter} came {count} times");
        }
    }

    proptest! {
        #[test]
        fn generated_secrets_parse_and_digest_alike(seed: u64, organization: bool) {
            let kind = if organization { SecretKind::Organization } else { SecretKind::Project };
            let made = secret(kind, seed);
            prop_assert_eq!(made.expose().len(), SECRET_LEN);
            prop_assert!(made.expose().starts_with(kind.prefix()));
            let read = Secret::parse(made.expose()).unwrap();
            prop_assert_eq!(read.digest(), made.digest());
        }

        #[test]
        fn one_changed_character_is_never_a_secret(seed: u64, at in 0..SECRET_LEN, with in 0_usize..62) {
            let made = secret(SecretKind::Project, seed);
            let mut bytes = made.expose().as_bytes().to_vec();
            prop_assume!(bytes[at] != BASE62[with]);
            bytes[at] = BASE62[with];
            prop_assert!(Secret::parse(std::str::from_utf8(&bytes).unwrap()).is_err());
        }

        #[test]
        fn any_text_is_refused_without_panic(text in "\\PC*") {
            let _ = Secret::parse(&text);
        }

        #[test]
        fn it_is_read_the_same_without_a_copy(seed: u64, at in 0..SECRET_LEN, with in 0_usize..62) {
            let made = secret(SecretKind::Organization, seed);
            let mut bytes = made.expose().as_bytes().to_vec();
            prop_assert_eq!(SecretDigest::parse(&bytes), Ok(made.digest()));
            bytes[at] = BASE62[with];
            let copied = Secret::parse(str::from_utf8(&bytes).unwrap());
            prop_assert_eq!(SecretDigest::parse(&bytes).is_ok(), copied.is_ok());
        }

        #[test]
        fn debug_never_prints_the_secret(seed: u64) {
            let made = secret(SecretKind::Organization, seed);
            let printed = format!("{made:?} {:?} {:#?}", made.digest(), Some(&made));
            prop_assert!(!printed.contains(&made.expose()[16..40]));
            prop_assert_eq!(made.display().chars().count(), 12 + 4 + 1 + 4);
        }
    }
}
