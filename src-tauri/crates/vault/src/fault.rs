//! What a keychain answers when it does not hand over a secret.

/// Why there is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultFault {
    /// The keychain answers and holds no such item.
    #[error("the keychain holds no such item")]
    NotFound,
    /// It is there, and wants to be unlocked first. Whether it holds the item is unknown.
    #[error("the keychain is locked")]
    Locked,
    /// No keychain answers here, or not in time.
    #[error("no keychain answers")]
    Unavailable,
}

/// What the keychain is good for right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultState {
    /// Secrets can be kept and read back.
    Available,
    /// A person has to unlock it first.
    Locked,
    /// There is none, or it does not answer.
    Unavailable,
}
