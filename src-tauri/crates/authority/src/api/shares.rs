//! What a key may have of the calls a minute.

use gardien_domain::share::Share;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::present;

/// What to change of a key's share. What is absent stays; null takes it away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(optional_fields)]
pub struct SharePatch {
    /// Calls a minute that it may make, at least 1.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(value_type = Option<u32>, minimum = 1)]
    pub at_most: Option<Option<u32>>,
    /// Calls a minute that are kept free for it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    pub reserved: Option<Option<u32>>,
    /// 1 to 10.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10)]
    pub weight: Option<Option<u32>>,
}

impl SharePatch {
    /// The share that comes of this one.
    #[must_use]
    pub fn of(self, share: Share) -> Share {
        let none = Share::default();
        Share {
            at_most: self.at_most.unwrap_or(share.at_most),
            reserved: self
                .reserved
                .map_or(share.reserved, Option::unwrap_or_default),
            weight: self
                .weight
                .map_or(share.weight, |weight| weight.unwrap_or(none.weight)),
        }
    }
}

/// The whole of a share, whatever there was before.
impl From<Share> for SharePatch {
    fn from(share: Share) -> Self {
        Self {
            at_most: Some(share.at_most),
            reserved: Some(Some(share.reserved)),
            weight: Some(Some(share.weight)),
        }
    }
}
