//! A key's share of the calls a minute.

/// What a key may have of the organization's calls a minute, and what is kept free for it. By default neither.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(deny_unknown_fields, default)]
pub struct Share {
    /// Never more in any 60 seconds; null for no other bound than the organization's.
    pub at_most: Option<u32>,
    /// So many are kept free for it at any moment, and go before all that wait; 0 for none.
    pub reserved: u32,
    /// Of what is left it has so many turns where another has one, 1 to 10.
    #[schema(minimum = 1, maximum = 10)]
    pub weight: u32,
}

/// The heaviest that a share may be.
pub const HEAVIEST: u32 = 10;

impl Default for Share {
    fn default() -> Self {
        Self {
            at_most: None,
            reserved: 0,
            weight: 1,
        }
    }
}

impl Share {
    /// What is kept free: never more than it may have.
    #[must_use]
    pub fn kept_free(self) -> u32 {
        self.at_most
            .map_or(self.reserved, |most| most.min(self.reserved))
    }
}
