//! What is kept free for keys, as long as they may call at all.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use gardien_domain::KeyId;
use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::authorize::Known;
use crate::clock::Clock;
use crate::throttle::Throttle;

/// So soon is free for all what was kept for a key that ended by its clock.
const LOOK: Duration = Duration::from_secs(2);

/// Lets the limit know what these keys have now.
pub(crate) fn settle(known: &Known, keys: &[KeyId], throttle: &Throttle, now: Timestamp) {
    for key in keys {
        throttle.set_share(*key, known.share(*key, now));
    }
}

/// Does so for all keys now and then, until `stop`.
pub(crate) async fn keep_settling(
    known: Arc<RwLock<Known>>,
    throttle: Arc<Throttle>,
    clock: Clock,
    stop: CancellationToken,
) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(look.tick()).await.is_some() {
        let known = known.read().unwrap_or_else(PoisonError::into_inner);
        settle(&known, &known.with_shares(), &throttle, clock.wall());
    }
}
