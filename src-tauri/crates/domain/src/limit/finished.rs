//! Calls that have finished and still count.

use std::collections::VecDeque;

use super::WINDOW_MS;

/// Calls by when they finished, oldest first. How many came before each is known without a walk.
#[derive(Debug, Clone, Default)]
pub(super) struct Finished {
    /// `(finished at, calls up to these from the first on)`
    ends: VecDeque<(u64, u64)>,
    all: u64,
    expired: u64,
}

impl Finished {
    /// Calls that still count.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.all - self.expired).unwrap_or(u32::MAX)
    }

    /// Calls that were ever counted.
    pub(super) fn ever(&self) -> u64 {
        self.all
    }

    /// Those of them that count no more.
    pub(super) fn expired(&self) -> u64 {
        self.expired
    }

    /// Counts calls. Answers with the time that they count from: merges what came in the same millisecond, and never
    /// lets an older time follow a newer one.
    pub(super) fn record(&mut self, calls: u32, at: u64) -> u64 {
        self.all += u64::from(calls);
        match self.ends.back_mut() {
            Some((last, upto)) if *last >= at => {
                *upto = self.all;
                *last
            }
            _ => {
                self.ends.push_back((at, self.all));
                at
            }
        }
    }

    pub(super) fn expire(&mut self, now: u64) {
        while let Some((at, upto)) = self.ends.front().copied()
            && at + WINDOW_MS <= now
        {
            self.ends.pop_front();
            self.expired = upto;
        }
    }

    /// When the oldest finished.
    pub(super) fn first(&self) -> Option<u64> {
        self.ends.front().map(|(at, _)| *at)
    }

    /// Milliseconds until so many of them count no more; a minute if there are not so many.
    pub(super) fn gone_in(&self, calls: u32, now: u64) -> u64 {
        if calls == 0 {
            return 0;
        }
        let wanted = self.expired + u64::from(calls);
        let place = self.ends.partition_point(|(_, upto)| *upto < wanted);
        self.ends
            .get(place)
            .map_or(WINDOW_MS, |(at, _)| (at + WINDOW_MS).saturating_sub(now))
    }

    /// How many of them count no more by then.
    pub(super) fn gone_by(&self, then: u64) -> u64 {
        let gone = self.ends.partition_point(|(at, _)| at + WINDOW_MS <= then);
        let last = gone.checked_sub(1).and_then(|last| self.ends.get(last));
        last.map_or(0, |(_, upto)| upto - self.expired)
    }

    /// `(finished at, calls)`, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u32)> {
        self.ends.iter().scan(self.expired, |before, (at, upto)| {
            let calls = u32::try_from(upto - *before).unwrap_or(u32::MAX);
            *before = *upto;
            Some((*at, calls))
        })
    }
}
