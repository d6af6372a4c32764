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
    /// So many are kept free for it at any moment, and go before all that wait; null for none.
    #[serde(with = "none_is_null")]
    #[ts(type = "number | null")]
    #[schema(value_type = Option<u32>)]
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

/// Nothing is null outside; 0 is understood too.
mod none_is_null {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(calls: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        Some(calls)
            .filter(|calls| **calls > 0)
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or_default())
    }
}
