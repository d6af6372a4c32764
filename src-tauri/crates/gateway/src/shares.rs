//! What is kept free for keys, as long as they may call at all.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gardien_domain::KeyId;
use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::rules::Rules;
use crate::throttle::Throttle;

/// So soon is free for all what was kept for a key that ended by its clock.
const LOOK: Duration = Duration::from_secs(2);

/// Lets the limit know what these keys have now.
pub(crate) fn settle(rules: &Rules, keys: &[KeyId], throttle: &Throttle, now: Timestamp) {
    for key in keys {
        throttle.set_share(*key, rules.share(*key, now));
    }
}

/// Does so for all keys now and then, until `stop`.
pub(crate) async fn keep_settling(
    rules: Arc<Mutex<Rules>>,
    throttle: Arc<Throttle>,
    clock: Clock,
    stop: CancellationToken,
) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(look.tick()).await.is_some() {
        let rules = rules.lock().unwrap_or_else(PoisonError::into_inner);
        settle(&rules, &rules.with_shares(), &throttle, clock.wall());
    }
}
