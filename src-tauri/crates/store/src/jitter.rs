//! When many processes ask one database again and again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Up to a quarter less than this, by chance: what a change, or the end of an outage, lets many begin at the same moment does
/// not stay together.
#[must_use]
pub fn sooner(pause: Duration) -> Duration {
    let chance = u32::try_from(RandomState::new().hash_one(()) % 256).unwrap_or_default();
    pause - pause * chance / 1_024
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn pauses_are_shorter_by_up_to_a_quarter_and_not_the_same() {
        let pause = Duration::from_millis(500);
        let drawn: BTreeSet<Duration> = (0..100).map(|_| sooner(pause)).collect();
        assert!(drawn.len() > 10, "{drawn:?}");
        let (first, last) = (drawn.first().unwrap(), drawn.last().unwrap());
        assert!(
            *first > pause * 3 / 4 && *last <= pause && *last - *first > pause / 8,
            "{drawn:?}"
        );
    }
}
