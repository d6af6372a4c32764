//! Randomness that can be repeated: the seed is printed, and a failure shows it.

use std::ops::Range;

/// A generator of numbers that look random (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The one that gives the same throws for the same seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// One from `GARDIEN_TEST_SEED`, else from a fixed seed; says which for the log of a failure.
    #[expect(
        clippy::print_stderr,
        reason = "the test harness shows it with a failure"
    )]
    pub fn announced(what: &str) -> Self {
        let seed = std::env::var("GARDIEN_TEST_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
            .unwrap_or(20_260_310);
        eprintln!("{what}: GARDIEN_TEST_SEED={seed}");
        Self(seed)
    }

    /// Another one, that depends on this.
    pub fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// Any number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of the range.
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start)
    }

    /// True once in so many throws.
    pub fn once_in(&mut self, throws: u64) -> bool {
        self.next().is_multiple_of(throws)
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let at = self.next() % choices.len() as u64;
        &choices[usize::try_from(at).unwrap()]
    }

    /// So many bytes.
    pub fn bytes(&mut self, count: u64) -> Vec<u8> {
        (0..count).map(|_| (self.next() >> 56) as u8).collect()
    }
}
