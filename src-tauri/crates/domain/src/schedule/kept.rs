//! What is kept free at the moment.

use crate::key::{ByKey, KeyId};

/// What is reserved and not used, of each key and of all.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    of: ByKey<u32>,
    sum: u64,
}

impl Kept {
    /// Of all keys.
    pub(super) fn sum(&self) -> u64 {
        self.sum
    }

    /// So much of what is reserved for a key is free.
    pub(super) fn set(&mut self, key: KeyId, free: u32) {
        let before = if free == 0 {
            self.of.remove(&key)
        } else {
            self.of.insert(key, free)
        };
        self.sum += u64::from(free);
        self.sum -= before.map_or(0, u64::from);
    }
}
