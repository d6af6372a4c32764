//! One limit over several gateways.
//!
//! Each writes down what it holds of the limit, with the calls that it may make next, before it makes them: its *row*. Rows
//! are written one at a time, each by who has read all others under the same lock, so what the rows say together is never
//! more than the limit, and no clock decides who has a slot.
//!
//! How old calls are is told by the clock of the gateway that made them, as of when it wrote; when that was, by the clock of
//! whoever reads, which has not seen the row before. So calls never seem older than they are, and whatever clocks do that
//! are shown on walls costs nothing.
//!
//! A row that holds slots for calls that were not made yet is written again while it does. Who cannot write for
//! [`LEASED_MS`] makes none of them; so when a row has stood still for a little longer, and then for as long as a call can
//! take, all calls of it have been made, and a minute later none of them counts.

use std::collections::BTreeMap;

use super::{Others, SavedCalls, WINDOW_MS};
use crate::key::KeyId;
use crate::lease::GatewayId;

/// What was leased may be used for so long, in milliseconds, counted from before its row was written.
pub const LEASED_MS: u64 = 1_900;
/// After so long, counted from when its row was seen, others take it that it is not used: clocks do not run alike.
const TERM: u64 = 2_000;
/// A call reaches the upstream at the latest so long after it was granted: within the patience of a gateway, and by as much
/// later as one that was given up may.
const LONGEST_CALL: u64 = 60_000;
/// A row that has stood still for so long holds nothing.
const SPENT: u64 = TERM + LONGEST_CALL + WINDOW_MS;

/// The calls of one gateway, as it writes them down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnCalls {
    /// When, in unix milliseconds of its own clock. The times of the calls are of the same one, so that it tells how old
    /// they were.
    pub at: u64,
    /// The calls, those among them that it asks for.
    pub calls: SavedCalls,
    /// Of those that are leased, which are under way: `(key, calls)`.
    pub under_way: Vec<(KeyId, u32)>,
}

/// What a gateway asks for as it writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asking {
    /// Calls that it wants to lease beyond what it holds.
    pub wanted: u32,
    /// Calls a minute of all gateways; [`u32::MAX`] from one that is alone, whose own window keeps the limit.
    pub limit: u32,
    /// What it knows of other rows.
    pub known: Vec<Known>,
    /// The rows among them that hold nothing any more, with the number of what was written last: nobody needs them.
    pub spent: Vec<(GatewayId, u64)>,
}

/// What a gateway knows of the row of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Whose.
    pub gateway: GatewayId,
    /// Which of all that were written there.
    pub number: u64,
    /// Slots that it holds now.
    pub held: u32,
}

/// The row of a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayCalls {
    /// Whose.
    pub gateway: GatewayId,
    /// Counts what was written there.
    pub number: u64,
    /// Milliseconds since it was written, by the clock of the database.
    pub age: u64,
    /// What was written, those among them that were leased.
    pub own: OwnCalls,
}

/// What comes of asking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leased {
    /// Calls that are leased beyond what was held.
    pub extra: u32,
    /// The rows of all other gateways.
    pub others: Vec<GatewayCalls>,
}

impl Asking {
    /// How many calls may be leased, of those that are wanted and that `own` holds already. Asked while nobody else writes.
    /// Where little is left, not all of it goes to whoever comes first.
    #[must_use]
    pub fn extra(&self, own: &OwnCalls, others: &[GatewayCalls]) -> u32 {
        let held = own.calls.held().saturating_sub(self.wanted.into());
        let elsewhere = others.iter().map(|row| self.held_by(row));
        let held = elsewhere.fold(held, u64::saturating_add);
        let free = u64::from(self.limit).saturating_sub(held);
        let busy = others.iter().filter(|row| row.own.calls.leased > 0).count();
        let part = (free / (busy as u64 + 1)).max(free.min(1));
        u32::try_from(part).map_or(self.wanted, |part| part.min(self.wanted))
    }

    /// What is leased once `extra` is, of all that `own` holds with what is wanted.
    #[must_use]
    pub fn leased(&self, own: &OwnCalls, extra: u32) -> u32 {
        let refused = self.wanted.saturating_sub(extra);
        own.calls.leased.saturating_sub(refused)
    }

    fn held_by(&self, row: &GatewayCalls) -> u64 {
        let is_of = |known: &&Known| (known.gateway, known.number) == (row.gateway, row.number);
        let known = self.known.iter().find(is_of);
        known.map_or_else(|| row.own.calls.held(), |known| known.held.into())
    }
}

/// What a gateway has seen of the rows of others. Times are milliseconds on its own clock, which never runs backwards.
#[derive(Debug, Clone, Default)]
pub struct OtherGateways {
    seen: BTreeMap<GatewayId, Seen>,
    has_read: bool,
}

/// A row as it was last written.
#[derive(Debug, Clone)]
struct Seen {
    number: u64,
    /// When it was first seen.
    first: u64,
    /// By so much it was certainly older than that.
    older: u64,
    own: OwnCalls,
}

impl Seen {
    /// `(finished at, calls)` here of what counts still.
    fn at(&self, at: u64, now: u64) -> Option<u64> {
        // A time in the future, by a clock that was set back, counts as when it was written.
        let age = self.own.at.saturating_sub(at).saturating_add(self.older);
        let at = self.first.saturating_sub(age);
        (age < WINDOW_MS && at + WINDOW_MS > now).then_some(at)
    }

    fn finished(&self, now: u64) -> impl Iterator<Item = (u64, u32)> {
        let finished = self.own.calls.finished.iter();
        finished.filter_map(move |(at, calls)| Some((self.at(*at, now)?, *calls)))
    }

    fn is_open(&self, now: u64) -> bool {
        now.saturating_add(self.older) < self.first + SPENT
    }

    fn open(&self, now: u64) -> u32 {
        if self.is_open(now) {
            self.own.calls.leased
        } else {
            0
        }
    }

    fn held(&self, now: u64) -> u32 {
        self.finished(now).fold(self.open(now), |held, (_, calls)| {
            held.saturating_add(calls)
        })
    }
}

impl OtherGateways {
    /// What they hold now.
    #[must_use]
    pub fn known(&self, now: u64) -> Vec<Known> {
        let known = self.seen.iter().map(|(gateway, seen)| Known {
            gateway: *gateway,
            number: seen.number,
            held: seen.held(now),
        });
        known.collect()
    }

    /// The rows that hold nothing any more. What a living gateway keeps in one it writes there again.
    #[must_use]
    pub fn spent(&self, now: u64) -> Vec<(GatewayId, u64)> {
        let spent = self.seen.iter().filter(|(_, seen)| !seen.is_open(now));
        spent
            .map(|(gateway, seen)| (*gateway, seen.number))
            .collect()
    }

    /// What was read next is read as the first time: who has not looked for long knows no better when a row was written
    /// than the clocks do.
    pub fn look_anew(&mut self) {
        self.has_read = false;
    }

    /// All rows were read by `now`, when the wall's clock here shows `unix_now`. How old a row is that is there at the
    /// first reading, two clocks say, of the database and of the wall: the one that says less is believed.
    pub fn read(&mut self, rows: Vec<GatewayCalls>, unix_now: u64, now: u64) {
        let is_first = !std::mem::replace(&mut self.has_read, true);
        let mut before = std::mem::take(&mut self.seen);
        for row in rows {
            let known = before.remove(&row.gateway);
            let known = known.filter(|seen| seen.number == row.number);
            let seen = known.unwrap_or_else(|| Seen {
                number: row.number,
                first: now,
                older: if is_first {
                    row.age.min(unix_now.saturating_sub(row.own.at))
                } else {
                    0
                },
                own: row.own,
            });
            self.seen.insert(row.gateway, seen);
        }
    }

    /// All that they hold now.
    #[must_use]
    pub fn others(&self, now: u64) -> Others {
        let finished = self.seen.values().flat_map(|seen| seen.finished(now));
        // A damaged row must not be able to overflow the count.
        let mut room = u32::MAX / 2;
        let mut within = |calls: u32| {
            let calls = calls.min(room);
            room -= calls;
            calls
        };
        let finished: Vec<_> = finished.map(|(at, calls)| (at, within(calls))).collect();
        let open = self.seen.values().map(|seen| within(seen.open(now))).sum();
        let by_key = self.seen.values().flat_map(|seen| {
            let by_key = seen.own.calls.by_key.iter();
            by_key.filter_map(|(at, key, calls)| Some((seen.at(*at, now)?, *key, *calls)))
        });
        let mut others = Others::of(finished, by_key.collect());
        others.open = open;
        for seen in self.seen.values().filter(|seen| seen.is_open(now)) {
            for (key, calls) in &seen.own.under_way {
                others.takers.open(*key, *calls);
            }
        }
        others
    }
}

#[cfg(test)]
mod tests;
