//! How long changes that take something away waited for their acknowledgement, counted since the start.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets, in milliseconds. No wait is longer than the longest lease, but for a database that hangs.
const BOUNDS: [u64; 11] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/// A histogram of waits.
#[derive(Debug, Default)]
pub struct Waits {
    /// How many were no longer than the bound and longer than the one before; the last: than any.
    counts: [AtomicU64; BOUNDS.len() + 1],
    milliseconds: AtomicU64,
    silent: AtomicU64,
}

impl Waits {
    pub(crate) fn add(&self, waited: Duration, was_silent: bool) {
        let waited = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        let place = BOUNDS.partition_point(|bound| *bound < waited);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.milliseconds.fetch_add(waited, Ordering::Relaxed);
        self.silent
            .fetch_add(u64::from(was_silent), Ordering::Relaxed);
    }

    /// How many took no longer than each bound, and last how many there were at all.
    pub fn up_to(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        let bounds = BOUNDS.into_iter().map(Duration::from_millis);
        let bounds = bounds.map(Some).chain([None]);
        let mut all = 0;
        bounds.zip(&self.counts).map(move |(bound, count)| {
            all += count.load(Ordering::Relaxed);
            (bound, all)
        })
    }

    /// All of them together.
    #[must_use]
    pub fn sum(&self) -> Duration {
        Duration::from_millis(self.milliseconds.load(Ordering::Relaxed))
    }

    /// How many had to wait until a lease had run out.
    #[must_use]
    pub fn silent(&self) -> u64 {
        self.silent.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_counts_up_to_its_bound_and_every_longer_one() {
        let waits = Waits::default();
        for milliseconds in [0, 5, 6, 2_000, 60_000] {
            waits.add(Duration::from_millis(milliseconds), milliseconds > 1_000);
        }
        let counts: Vec<u64> = waits.up_to().map(|(_, count)| count).collect();
        assert_eq!(counts, [2, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 5]);
        assert_eq!(waits.sum(), Duration::from_millis(62_011));
        assert_eq!(waits.silent(), 2);
    }
}
