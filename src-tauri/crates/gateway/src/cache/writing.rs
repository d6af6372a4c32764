//! What writes take away from memory.

use gardien_domain::ProjectId;
use gardien_domain::phare_key::Need;
use gardien_domain::product::Product;

use super::{Cache, State};
use crate::clock::Clock;

/// A write that was given up may still be made for so long, in milliseconds.
pub(super) const DOUBT_MS: u64 = 60_000;

impl Cache {
    /// A write that asks `need` goes out: all that it may make old is taken away now, and again when it ends.
    pub(crate) fn write<'a>(&'a self, need: &Need, clock: &'a Clock) -> Writing<'a> {
        let writing = Writing {
            cache: self,
            clock,
            is_answered: false,
            // What belongs to the platform may hold in every project.
            project: need.project.filter(|_| need.product == Product::Uptime),
        };
        writing.takes_away();
        writing
    }
}

impl State {
    /// Whether a write that was given up may still be made where a read looks.
    pub(super) fn is_in_doubt(&mut self, read: Option<ProjectId>, now: u64) -> bool {
        self.given_up.retain(|(_, until)| *until > now);
        self.given_up
            .iter()
            .any(|(written, _)| concerns(*written, read))
    }
}

/// Whether what is written in one project, or in any, may show in what is read in one, or in none.
fn concerns(written: Option<ProjectId>, read: Option<ProjectId>) -> bool {
    written.is_none() || read.is_none() || written == read
}

/// A write under way.
#[derive(Debug)]
pub(crate) struct Writing<'a> {
    cache: &'a Cache,
    clock: &'a Clock,
    is_answered: bool,
    /// The one project that it concerns; `None`: any.
    project: Option<ProjectId>,
}

impl Writing<'_> {
    /// It was made, or never will be.
    pub(crate) fn answered(mut self) {
        self.is_answered = true;
    }

    fn takes_away(&self) {
        let written = self.project;
        let mut state = self.cache.state();
        state.retain(|question| !concerns(written, question.project));
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            let now = self.clock.now();
            let mut state = self.cache.state();
            // One for each project: the latest says until when.
            state
                .given_up
                .retain(|(project, until)| *until > now && *project != self.project);
            state.given_up.push((self.project, now + DOUBT_MS));
        }
        // Last: nothing is asked in between that would be kept.
        self.takes_away();
    }
}
