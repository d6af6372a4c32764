//! API keys as the authority keeps them. The secret itself is never here, only its digest.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::net::IpAddr;

use jiff::Timestamp;

use crate::member::MemberId;
use crate::secret::SecretDigest;
use crate::words::{id, words};

mod life;
mod previous;
mod rule;

pub use life::{Key, KeyEdit, KeyFault, KeyParts, RESTORE_SECONDS};
pub use previous::{PreviousSecret, PreviousSecrets};
pub use rule::{KeyRule, Presented};

id! {
    /// Identifies a key. UUID version 7, so that ids sort by creation.
    KeyId(uuid::Uuid as "string")
}

/// Something of each key. Ids are made here and nowhere else: nobody can choose them so that they collide, and a hash that is
/// hard to foresee would only cost time.
pub type ByKey<T> = HashMap<KeyId, T, BuildHasherDefault<LastBits>>;

/// Places an id by its last bits, which are random.
#[derive(Debug, Clone, Copy, Default)]
pub struct LastBits(u64);

impl Hasher for LastBits {
    fn write(&mut self, bytes: &[u8]) {
        // So that the first bits, which tables look at as well, depend on all of them.
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        if let Some(last) = bytes.last_chunk() {
            self.0 = u64::from_be_bytes(*last).wrapping_mul(ODD);
        }
    }

    // The length of an id, which is always the same.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

words! {
    /// What a key is right now. Derived from its times, never stored.
    KeyStatus {
        /// Works.
        Active = "active",
        /// Works, and so does a secret that it had before, until its grace ends.
        Rotating = "rotating",
        /// Past its expiry.
        Expired = "expired",
        /// Taken back.
        Revoked = "revoked",
    }
}

/// When and by whom a key was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// When it took effect.
    pub at: Timestamp,
    /// Who did it.
    pub by: MemberId,
}

/// When a key was last used, and for what. Counted in memory and written in batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    /// When.
    pub at: Timestamp,
    /// Phare's operation id.
    pub operation: String,
    /// What made the call, as it names itself.
    pub client: Option<String>,
    /// Where it came from: the other end of the connection.
    pub address: Option<IpAddr>,
}

/// What was noted of a key's use since it was last written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedUse {
    /// Which key.
    pub key: KeyId,
    /// Its last use, whichever secret it was made with.
    pub last: LastUse,
    /// The last one with each secret that a rotation replaced; at most two.
    pub previous: Vec<PreviousUse>,
}

/// When a secret that was replaced was last used. It names that secret, because a rotation may come between the use and
/// the writing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviousUse {
    /// Its digest.
    pub digest: SecretDigest,
    /// When.
    pub at: Timestamp,
}
