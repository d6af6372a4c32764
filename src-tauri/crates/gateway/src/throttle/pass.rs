//! Permission to make one call, and what it comes to.

use std::sync::Arc;
use std::time::Duration;

use gardien_domain::KeyId;
use gardien_domain::limit::{Mark, Said};
use gardien_domain::schedule::Turn;

use super::Throttle;

/// Permission to make one call. Dropped before the call goes out, it costs nothing; after, the call counts as made from
/// that moment on.
#[derive(Debug)]
pub(crate) struct Pass(Box<Permission>);

/// On the heap: whoever waits keeps no room for it yet.
#[derive(Debug)]
struct Permission {
    throttle: Arc<Throttle>,
    key: Option<KeyId>,
    /// `None` while the call rests.
    turn: Option<Turn>,
    mark: Mark,
    waited: Duration,
    is_out: bool,
    /// Which upstream it goes to; `None`: one that may count it for another organization.
    upstream: Option<u64>,
    /// What its answer said of the limit, once there is one.
    answered: Option<Option<Said>>,
}

impl Pass {
    /// How long it was waited for.
    pub(crate) fn waited(&self) -> Duration {
        self.0.waited
    }

    pub(super) fn new(
        throttle: &Arc<Throttle>,
        (turn, mark): (Turn, Mark),
        waited: Duration,
    ) -> Self {
        Self(Box::new(Permission {
            waited,
            throttle: throttle.clone(),
            key: turn.key(),
            turn: Some(turn),
            mark,
            is_out: false,
            upstream: None,
            answered: None,
        }))
    }

    /// The call goes to this upstream. What it says of the limit is believed while that one stands behind the gateway;
    /// `None`: never, for it may be said of another organization's.
    pub(crate) fn to(mut self, upstream: Option<u64>) -> Self {
        self.0.upstream = upstream;
        self
    }

    /// The call goes out now: from here on it may reach the upstream.
    pub(crate) fn goes_out(&mut self) {
        self.0.is_out = true;
    }

    /// The call was answered, and this was said of the limit.
    pub(crate) fn is_answered(&mut self, said: Option<Said>) {
        self.0.answered = Some(said);
    }

    /// The upstream wants no more calls for so long. Answers with the milliseconds that it is left alone for, or should be
    /// where it is not the one that calls go to.
    pub(crate) fn hold(&self, wait_ms: u64) -> u64 {
        let clock = &self.0.throttle.clock;
        let mut meter = self.0.throttle.meter();
        if !meter.believes(self.0.upstream) {
            return wait_ms;
        }
        let held = meter.hold(wait_ms, clock.unix_ms(), clock.now());
        drop(meter);
        // Written down at once, lease or no lease.
        self.0.throttle.low.notify_one();
        held
    }

    /// Permission to make the same call once more, if the limit has room.
    pub(crate) async fn another(&self) -> Option<Self> {
        let pass = self.0.throttle.again(self.0.key).await?;
        Some(pass.to(self.0.upstream))
    }

    /// The call was not made, and may be in a while. Whoever would be refused meanwhile has its slot; but where calls wait
    /// for their turn it keeps its own, for all of them would come to nothing one after the other, and stand behind it.
    pub(crate) fn rests(&mut self) {
        if !self.0.throttle.meter().is_paced() {
            self.cancel();
        }
    }

    /// The call goes out after it rested, if the limit has room.
    pub(crate) async fn goes_on(&mut self) -> bool {
        if self.0.turn.is_none() {
            let Some(another) = self.another().await else {
                return false;
            };
            *self = another;
            self.goes_out();
        }
        true
    }

    /// The call certainly never reached the upstream.
    pub(crate) fn cancel(&mut self) {
        if let Some(turn) = self.0.turn.take() {
            self.0.throttle.meter().cancel(turn);
            self.0.throttle.turns.notify_one();
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if !self.0.is_out {
            self.cancel();
        }
        let Some(turn) = self.0.turn.take() else {
            return;
        };
        let clock = &self.0.throttle.clock;
        let now = clock.now();
        let said = self.0.answered.flatten();
        let said = said.map(|said| (said, clock.unix_ms()));
        let mut meter = self.0.throttle.meter();
        meter.finish(turn, now);
        if self.0.answered.is_none() {
            meter.gave_up(now);
        }
        let less = said
            .filter(|_| meter.believes(self.0.upstream))
            .is_some_and(|(said, unix_now)| meter.heard(said, self.0.mark, unix_now, now));
        drop(meter);
        if less {
            self.0.throttle.turns.notify_one();
        }
    }
}
