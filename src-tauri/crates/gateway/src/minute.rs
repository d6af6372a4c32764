//! How many calls there were in the last minute, to within a step of a few seconds.

use jiff::Timestamp;

/// Steps of a minute.
const STEPS: usize = 12;
const STEP_SECONDS: i64 = 60 / STEPS as i64;

/// Counts by steps, the oldest of which the newest takes the place of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Minute {
    steps: [u32; STEPS],
    /// The number of the newest step.
    newest: i64,
}

impl Minute {
    pub(crate) fn add(&mut self, calls: u32, at: Timestamp) {
        let step = step(at);
        self.advance(step);
        if self.newest - step < STEPS as i64 {
            self.steps[place(step)] += calls;
        }
    }

    pub(crate) fn calls(&self, now: Timestamp) -> u32 {
        let mut minute = self.clone();
        minute.advance(step(now));
        minute.steps.iter().sum()
    }

    fn advance(&mut self, to: i64) {
        for passed in (to - STEPS as i64).max(self.newest) + 1..=to {
            self.steps[place(passed)] = 0;
        }
        self.newest = self.newest.max(to);
    }
}

fn step(at: Timestamp) -> i64 {
    at.as_second().div_euclid(STEP_SECONDS)
}

fn place(step: i64) -> usize {
    usize::try_from(step.rem_euclid(STEPS as i64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn calls_count_for_a_minute_and_no_longer() {
        let mut minute = Minute::default();
        minute.add(3, at(1_000_000));
        minute.add(2, at(1_000_030));
        // Late, but within the minute.
        minute.add(1, at(1_000_010));
        assert_eq!(minute.calls(at(1_000_031)), 6);
        assert_eq!(minute.calls(at(1_000_059)), 6);
        assert_eq!(minute.calls(at(1_000_065)), 3);
        assert_eq!(minute.calls(at(1_000_090)), 0);
        assert_eq!(minute.calls(at(9_000_000)), 0);
        minute.add(7, at(1_000_120));
        // Too late to count.
        minute.add(1, at(1_000_000));
        assert_eq!(minute.calls(at(1_000_120)), 7);
    }
}
