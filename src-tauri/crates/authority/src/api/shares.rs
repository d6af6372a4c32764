//! What a key may have of the calls a minute, and what another share would have meant.

use gardien_domain::KeyId;
use gardien_domain::share::Share;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::{IntoParams, ToSchema};

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

/// Which share to try: the whole of it, as for a key to be made.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema, IntoParams,
)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
#[ts(optional_fields)]
pub struct WhatIfQuery {
    /// Whose it would be; absent: that of a key that is not made yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1)]
    pub at_most: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved: Option<u32>,
    /// 1 to 10; 1 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 10)]
    pub weight: Option<u32>,
}

impl WhatIfQuery {
    pub(crate) fn share(self) -> Share {
        let none = Share::default();
        Share {
            at_most: self.at_most,
            reserved: self.reserved.unwrap_or(none.reserved),
            weight: self.weight.unwrap_or(none.weight),
        }
    }
}

/// What a share would have meant in the last hour. Calls count when they come, those that were refused too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct WhatIfView {
    /// Minutes that are known of: 60, or fewer after a start.
    pub known_minutes: u32,
    /// The key's worst minute, or its busiest if it would have lost nothing; null if it did not call.
    pub key: Option<CouldMake>,
    /// The key that it would have cost the most in a minute beyond what that key lost anyway; null if it costs nobody
    /// anything.
    pub other: Option<OtherCouldMake>,
}

/// What a key could have made of the calls that it wanted in one minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct CouldMake {
    pub wanted: u32,
    pub made: u32,
    /// When the minute began.
    #[ts(type = "string")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// The same of another key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct OtherCouldMake {
    pub id: KeyId,
    pub name: String,
    #[serde(flatten)]
    #[ts(flatten)]
    pub could: CouldMake,
}
