//! What is told without being asked for.
//!
//! One shape, wherever it comes from: it can become a stream of server-sent events as it is. Such a stream must leave
//! out what its member does not see: here [`Event`] tells everything, because only the Owner's own window listens.

use gardien_domain::KeyId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::{LastUse, LimitsView};

/// What has changed at the authority or the gateway. One shape, wherever it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    Keys {
        /// Made or changed: to be asked for.
        ids: Vec<KeyId>,
    },
    Uses {
        uses: Vec<KeyUse>,
    },
    Limits {
        limits: LimitsView,
    },
    // Keys show the names of their projects.
    Projects,
    PhareKeys,
    // Its members and what they may do as well.
    Organization,
    // Those that share a team's database.
    Gateways,
}

/// The last use of one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct KeyUse {
    pub id: KeyId,
    #[serde(flatten)]
    #[ts(flatten)]
    pub used: LastUse,
}

/// A program that called through the gateway lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Caller {
    pub id: KeyId,
    pub name: String,
    /// Display form of the key's secret.
    pub display: String,
    /// As it names itself; null when it does not.
    pub client: Option<String>,
    #[ts(type = "string")]
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Timestamp,
    /// Calls in the last minute.
    pub calls: u32,
}
