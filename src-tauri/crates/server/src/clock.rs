//! The system's clock.

use std::sync::Arc;

use gardien_authority::Clock;
use jiff::Timestamp;

/// The system's clock.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the clock that everything else is given"
)]
pub fn system_clock() -> Clock {
    Arc::new(Timestamp::now)
}
