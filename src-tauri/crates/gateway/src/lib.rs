//! The gateway: who calls, what for, may they, where, how often; then forward and record.
//!
//! The files follow a request: `head`, `identify`, `authorize` (among `secrets`, which `rules` change), `cache` (of what a `question` is answered, by
//! `keeping` it), `upload` (at its `data_rate`), `throttle` (on `meter`, with `shares`), `forward` (on
//! `headers`, `upstream` (over the network `http_upstream`, by a `line` of its `pool`), `said` and `retry_after`), `hand_back` (on `restrict` and
//! `links`), `record`; `told` says what is left of the limit, `outcome` counts what became of it. Every refusal is a [`CallRefusal`]. A decision reads memory only; what ends a
//! key ends what is `under_way`. The gateway holds no socket: it is given requests and hands back answers.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod authorize;
mod body;
mod cache;
mod client;
mod clock;
mod data_rate;
#[expect(
    clippy::disallowed_methods,
    reason = "patience is measured on the runtime's time"
)]
mod forward;
mod gateway;
mod hand_back;
mod head;
mod headers;
mod http_upstream;
mod identify;
mod keeping;
mod leave;
mod ledger;
mod line;
mod links;
mod meter;
mod minute;
mod outcome;
mod pool;
mod question;
mod record;
mod refusal;
mod restrict;
mod retry_after;
mod rules;
mod said;
mod secrets;
mod shares;
mod throttle;
mod timing;
mod told;
mod under_way;
#[expect(
    clippy::disallowed_methods,
    reason = "patience is measured on the runtime's time"
)]
mod upload;
mod upstream;

pub use body::{Body, BoxError, read_all};
pub use client::Peer;
pub use clock::WallClock;
pub use data_rate::{MinDataRate, Progress};
pub use gardien_domain::limit::DirectUse;
pub use gateway::{Gateway, GatewayError};
pub use http_upstream::{HttpUpstream, KeyedUpstream, UpstreamError};
pub use ledger::{Asking, GatewayCalls, Leased, Ledger, OwnCalls, SavedCalls};
pub use meter::{Hold, LimitState};
pub use record::Calling;
pub use refusal::CallRefusal;
pub use throttle::Limited;
pub use timing::Timing;
pub use under_way::Ended;
pub use upstream::{LocalUpstream, Reply, Transport, TransportFault};
