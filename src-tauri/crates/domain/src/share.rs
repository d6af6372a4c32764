//! A key's share of the calls a minute.

/// What a key may have of the organization's calls a minute, and what is kept free for it. By default neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Never more in any 60 seconds; `None` for no other bound than the organization's.
    pub at_most: Option<u32>,
    /// So many are kept free for it at any moment; 0 for none.
    pub reserved: u32,
}

impl Share {
    /// What is kept free: never more than it may have.
    #[must_use]
    pub fn kept_free(self) -> u32 {
        self.at_most
            .map_or(self.reserved, |most| most.min(self.reserved))
    }
}
