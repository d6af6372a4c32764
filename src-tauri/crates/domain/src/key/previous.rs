//! The secrets that rotations replaced: what was promised of each holds, whatever comes after.

use jiff::Timestamp;

use super::KeyFault;
use crate::secret::SecretDigest;

/// A secret that a rotation replaced, valid a little longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviousSecret {
    /// Its digest.
    pub digest: SecretDigest,
    /// Until when it still works.
    pub valid_until: Timestamp,
}

/// The secrets that a key had before, whether they still work or not: the last two, unless an older one was promised longer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PreviousSecrets {
    /// The one before the last rotation.
    pub last: Option<PreviousSecret>,
    /// One from before that.
    pub earlier: Option<PreviousSecret>,
}

impl PreviousSecrets {
    /// Each, the last one first.
    pub fn iter(self) -> impl Iterator<Item = PreviousSecret> {
        [self.last, self.earlier].into_iter().flatten()
    }

    /// The one with this digest.
    #[must_use]
    pub fn find(self, digest: &SecretDigest) -> Option<PreviousSecret> {
        self.iter().find(|secret| secret.digest == *digest)
    }

    /// Until when one of them works; `None` when none does at `now`.
    #[must_use]
    pub fn valid_until(self, now: Timestamp) -> Option<Timestamp> {
        let ends = self.iter().map(|secret| secret.valid_until);
        ends.max().filter(|end| *end > now)
    }

    /// Takes in the one that is replaced now, for one that does not work any more.
    ///
    /// # Errors
    /// [`KeyFault::TooManySecrets`] while all that there is room for work.
    pub(super) fn replaced(self, secret: PreviousSecret, now: Timestamp) -> Result<Self, KeyFault> {
        let works = |secret: &PreviousSecret| secret.valid_until > now;
        let earlier = match (self.last.filter(works), self.earlier.filter(works)) {
            (Some(last), Some(earlier)) => {
                let until = last.valid_until.min(earlier.valid_until);
                return Err(KeyFault::TooManySecrets { until });
            }
            (None, Some(earlier)) => Some(earlier),
            (_, None) => self.last,
        };
        let last = Some(secret);
        Ok(Self { last, earlier })
    }

    /// None works beyond this.
    #[must_use]
    pub(super) fn ended_by(self, end: Timestamp) -> Self {
        let ended = |secret: PreviousSecret| PreviousSecret {
            valid_until: secret.valid_until.min(end),
            ..secret
        };
        Self {
            last: self.last.map(ended),
            earlier: self.earlier.map(ended),
        }
    }
}
