//! Leases: until when a gateway may grant without hearing from the database again, so that what was taken away is refused by
//! every gateway once that was acknowledged.
//!
//! A gateway notes the time, writes its row in the database (a *renewal*), and reads the newest revision after that is
//! committed. Once it has applied that one, it may grant for a term from the time that it noted. Whoever has committed a
//! change looks at the rows: what renews later is told of the change before it grants, so only the leases of the rows that
//! are found can lack it. It is in force everywhere when each of those rows shows it or is held no more, or their term has
//! passed.
//!
//! Times are milliseconds on the clock of one process, and no two clocks are compared. They must not stand still while
//! their machine sleeps, and of two none may be slower by [`Terms::margin`] in a term: one in twenty, as terms are by
//! default, where clocks of machines differ by one in ten thousand.

use std::collections::BTreeMap;

use crate::words::id;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

id! {
    /// Names a gateway: a process of it, for one that is started again holds no lease of the one before.
    GatewayId(uuid::Uuid as "string")
}

/// How long the leases of a gateway run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Terms {
    /// After so long, counted from when it saw one, whoever waits for a lease takes it to have run out.
    pub term: u64,
    /// By so much earlier, counted from when it asked for it, its gateway grants no more.
    pub margin: u64,
}

impl Terms {
    /// No lease of anybody runs longer.
    pub const LONGEST: u64 = 10_000;

    /// Leases of so many milliseconds, with the usual margin.
    #[must_use]
    pub fn of(term: u64) -> Self {
        let term = term.min(Self::LONGEST);
        Self {
            term,
            margin: term / 20,
        }
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self::of(2_000)
    }
}

/// A renewal that is sent to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Renewal {
    /// Counts those of this gateway, from 1.
    pub number: u64,
    /// All changes up to this revision are in force there.
    pub applied: u64,
    sent: u64,
}

/// The lease of a gateway, as that itself keeps it. One for each process: it is made without one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lease {
    terms: Terms,
    renewals: u64,
    applied: u64,
    /// The newest revision that it was told of.
    told: u64,
    /// When it runs out.
    until: u64,
    /// The same once it has applied what it was told of.
    then_until: u64,
}

impl Lease {
    /// One that does not hold yet, of a gateway on which everything up to `applied` is in force.
    #[must_use]
    pub fn new(terms: Terms, applied: u64) -> Self {
        Self {
            terms,
            renewals: 0,
            applied,
            told: applied,
            until: 0,
            then_until: 0,
        }
    }

    /// What to send, asked for before it is. None while a change that it was told of is not applied: whoever lags behind
    /// must not be taken for one that keeps up.
    pub fn renew(&mut self, now: u64) -> Option<Renewal> {
        (self.applied >= self.told).then(|| {
            self.renewals += 1;
            Renewal {
                number: self.renewals,
                applied: self.applied,
                sent: now,
            }
        })
    }

    /// The renewal was committed, and `newest` read after it was: however late it is heard, and whether or not the row was
    /// held until then, as another renewal whose answer was lost may have come between.
    pub fn renewed(&mut self, renewal: Renewal, newest: u64) {
        let until = renewal.sent + self.terms.term.saturating_sub(self.terms.margin);
        self.then_until = self.then_until.max(until);
        self.told = self.told.max(newest);
        self.extend();
    }

    /// All changes up to this revision are in force: nothing is decided without them any more.
    pub fn applied(&mut self, revision: u64) {
        self.applied = self.applied.max(revision);
        self.extend();
    }

    /// Whether a call may be granted that has come by `now`. Asked before the rules are looked at that it is decided by, so
    /// that these are no older.
    #[must_use]
    pub fn holds(&self, now: u64) -> bool {
        now < self.until
    }

    /// When it runs out, for whoever asks often: [`Self::holds`] before that.
    #[must_use]
    pub fn until(&self) -> u64 {
        self.until
    }

    /// The newest revision that it was told of.
    #[must_use]
    pub fn told(&self) -> u64 {
        self.told
    }

    fn extend(&mut self) {
        if self.applied >= self.told {
            self.until = self.until.max(self.then_until);
        }
    }
}

/// A lease as its row in the database shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Held<G> {
    /// Whose it is.
    pub gateway: G,
    /// The number of its newest renewal.
    pub renewals: u64,
    /// Its [`Terms::term`].
    pub term: u64,
}

/// Waits until a change that was committed is in force on every gateway. Takes a term at most.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Acknowledgement<G: Ord> {
    /// The gateways that may grant without it: the renewals that they had sent, and when their leases have run out.
    lacking: BTreeMap<G, (u64, u64)>,
}

impl<G: Ord + Copy> Acknowledgement<G> {
    /// With all held rows that did not show the change, read after it was committed, and the time after they were read.
    #[must_use]
    pub fn new(held: impl IntoIterator<Item = Held<G>>, now: u64) -> Self {
        let lacking = held
            .into_iter()
            .map(|held| (held.gateway, (held.renewals, now + held.term)))
            .collect();
        Self { lacking }
    }

    /// The same rows were read again: whoever is not among them any more has the change, or no lease. Whoever came since
    /// was told of it.
    pub fn looked(&mut self, held: impl IntoIterator<Item = Held<G>>) {
        let held: Vec<G> = held.into_iter().map(|held| held.gateway).collect();
        self.lacking.retain(|gateway, _| held.contains(gateway));
    }

    /// The gateways that are waited for.
    pub fn lacking(&self) -> impl Iterator<Item = G> {
        self.lacking.keys().copied()
    }

    /// When the change is in force everywhere although nobody says so. None when they have.
    #[must_use]
    pub fn until(&self) -> Option<u64> {
        self.lacking.values().map(|(_, until)| *until).max()
    }

    /// Whether it is in force everywhere.
    #[must_use]
    pub fn is_done(&self, now: u64) -> bool {
        self.until().is_none_or(|until| now >= until)
    }

    /// The gateways whose leases ran out meanwhile, each with the renewals that it had sent: if it has sent none since, its
    /// row is to be held no more, so that nobody waits for it again.
    pub fn run_out(&self, now: u64) -> impl Iterator<Item = (G, u64)> {
        let run_out = move |until| now >= until;
        self.lacking
            .iter()
            .filter(move |(_, (_, until))| run_out(*until))
            .map(|(gateway, (renewals, _))| (*gateway, *renewals))
    }
}
