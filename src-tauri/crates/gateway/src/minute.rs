//! How many calls there were in the last minute, to within a step of a few seconds.

use jiff::Timestamp;

/// Steps of a minute.
const STEPS: i32 = 12;
const STEP_SECONDS: i64 = 60 / STEPS as i64;

/// Counts by steps, the oldest of which the newest takes the place of.
#[derive(Debug, Default)]
pub(crate) struct Minute {
    /// As many calls as a byte holds.
    few: [u8; STEPS as usize],
    /// Those beyond that, once there were any.
    more: Option<Box<[u32; STEPS as usize]>>,
    /// The number of the newest step.
    newest: i32,
}

impl Minute {
    pub(crate) fn add(&mut self, calls: u32, at: Timestamp) {
        let step = step(at);
        for passed in (step - STEPS).max(self.newest) + 1..=step {
            self.set(passed, 0);
        }
        self.newest = self.newest.max(step);
        if self.newest - step < STEPS {
            self.set(step, self.at(step).saturating_add(calls));
        }
    }

    pub(crate) fn calls(&self, now: Timestamp) -> u32 {
        let oldest = step(now).max(self.newest) - STEPS + 1;
        (oldest..=self.newest).map(|step| self.at(step)).sum()
    }

    fn at(&self, step: i32) -> u32 {
        let place = place(step);
        let more = self.more.as_ref().map_or(0, |more| more[place]);
        more.saturating_add(self.few[place].into())
    }

    fn set(&mut self, step: i32, calls: u32) {
        let place = place(step);
        let few = u8::try_from(calls).unwrap_or(u8::MAX);
        let more = calls - u32::from(few);
        self.few[place] = few;
        if more > 0 || self.more.is_some() {
            self.more.get_or_insert_default()[place] = more;
        }
    }
}

fn step(at: Timestamp) -> i32 {
    i32::try_from(at.as_second().div_euclid(STEP_SECONDS)).unwrap_or_default()
}

fn place(step: i32) -> usize {
    usize::try_from(step.rem_euclid(STEPS)).unwrap_or(0)
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

    #[test]
    fn many_calls_count_as_well_as_few() {
        let mut minute = Minute::default();
        minute.add(255, at(1_000_000));
        minute.add(1, at(1_000_000));
        minute.add(100_000, at(1_000_005));
        minute.add(2, at(1_000_010));
        assert_eq!(minute.calls(at(1_000_010)), 100_258);
        assert_eq!(minute.calls(at(1_000_060)), 100_002);
        assert_eq!(minute.calls(at(1_000_065)), 2);
        // In the place of the many.
        minute.add(3, at(1_000_065));
        assert_eq!(minute.calls(at(1_000_065)), 5);
        assert_eq!(minute.calls(at(1_000_124)), 3);
    }
}
