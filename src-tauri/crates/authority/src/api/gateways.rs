//! The gateways that share a database.

use gardien_domain::lease::GatewayId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// A gateway, as it was last heard of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct GatewayView {
    /// Of the process: one that is started again has another.
    pub id: GatewayId,
    /// What people call it.
    pub name: String,
    /// Where it listens.
    pub address: String,
    /// Of the program.
    pub version: String,
    /// All changes up to this one were in force there.
    #[ts(type = "number")]
    pub revision: u64,
    /// How many changes it lacks.
    #[ts(type = "number")]
    pub lag: u64,
    pub lease: GatewayLease,
    /// When it was last heard of, by its own clock.
    #[ts(type = "string")]
    #[schema(value_type = String, format = DateTime)]
    pub seen_at: Timestamp,
}

/// Whether a gateway may grant calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GatewayLease {
    /// It may, as far as is known.
    Held,
    /// It grants nothing until it is heard of again: it gave its lease back, or let it run out.
    Ended,
}

/// Gateways, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GatewayPage {
    pub data: Vec<GatewayView>,
    pub next_cursor: Option<String>,
}
