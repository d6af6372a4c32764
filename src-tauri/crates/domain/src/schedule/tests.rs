//! A world of clients around the schedule, in time that is only counted.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::Config;
use uuid::Uuid;

use super::*;
use crate::limit::WINDOW_MS;
use crate::organization::AtLimit;

mod exact;
mod foretold;
mod promises;
mod shares;
mod waiting;

const PATIENCE: u64 = 25_000;

fn key(number: u8) -> Option<KeyId> {
    (number > 0).then(|| KeyId(Uuid::from_u128(number.into())))
}

/// One call of a client.
#[derive(Debug, Clone, Copy)]
struct Call {
    key: u8,
    at: u64,
    /// From its going out until it arrives upstream, and from there until it ends.
    way: u64,
    back: u64,
    /// The client is gone after so long.
    stays: u64,
    /// It certainly never reached the upstream.
    lost: bool,
}

#[derive(Debug, Default)]
struct Told {
    arrived: Vec<u64>,
    /// `(key, waited)`
    went: Vec<(u8, u64)>,
    refused: Vec<(u8, u64)>,
    /// Of those that went, by call.
    waited: BTreeMap<usize, u64>,
}

struct World {
    schedule: Schedule<usize>,
    calls: Vec<Call>,
    waiting: BTreeMap<usize, Ticket>,
    /// `(when, call)`, those that are under way.
    under_way: BTreeMap<(u64, usize), Turn>,
    told: Told,
    now: u64,
}

impl World {
    fn new(schedule: Schedule<usize>, mut calls: Vec<Call>) -> Self {
        calls.sort_by_key(|call| call.at);
        Self {
            schedule,
            calls,
            waiting: BTreeMap::new(),
            under_way: BTreeMap::new(),
            told: Told::default(),
            now: 0,
        }
    }

    fn goes(&mut self, number: usize, turn: Turn) {
        let call = self.calls[number];
        self.waiting.remove(&number);
        self.told.went.push((call.key, self.now - call.at));
        self.told.waited.insert(number, self.now - call.at);
        let end = if call.lost {
            self.now
        } else {
            self.told.arrived.push(self.now + call.way);
            self.now + call.way + call.back
        };
        self.under_way.insert((end, number), turn);
    }

    fn refused(&mut self, number: usize) {
        let call = self.calls[number];
        self.waiting.remove(&number);
        self.told.refused.push((call.key, self.now - call.at));
    }

    fn look(&mut self) {
        let due = self.schedule.due(u32::MAX, self.now);
        for (number, turn) in due.go {
            self.goes(number, turn);
        }
        for (number, _) in due.refused {
            self.refused(number);
        }
        assert_eq!(self.schedule.waiting(), self.waiting.len());
    }

    /// Lets everything happen until this time, to the millisecond at which it may.
    fn until(&mut self, end: u64) {
        loop {
            let ends = self.under_way.first_key_value().map(|((at, _), _)| *at);
            let leaves = self
                .waiting
                .keys()
                .map(|number| self.calls[*number].at + self.calls[*number].stays)
                .min();
            let wakes = self.schedule.next_in(self.now).map(|wait| self.now + wait);
            let Some(at) = [ends, leaves, wakes]
                .into_iter()
                .flatten()
                .min()
                .filter(|at| *at <= end)
            else {
                break;
            };
            if at > self.now + 1 {
                // Nobody could have gone before.
                let early = self.schedule.due(u32::MAX, at - 1);
                assert!(early.go.is_empty(), "a slot lay idle before {at}");
                self.now = at - 1;
                for (number, _) in early.refused {
                    self.refused(number);
                }
            }
            self.now = self.now.max(at);
            while let Some(entry) = self
                .under_way
                .first_entry()
                .filter(|entry| entry.key().0 <= self.now)
            {
                let ((_, number), turn) = entry.remove_entry();
                if self.calls[number].lost {
                    self.schedule.cancel(turn);
                } else {
                    self.schedule.finish(turn, self.now);
                }
            }
            let gone: Vec<_> = self
                .waiting
                .iter()
                .filter(|(number, _)| {
                    self.calls[**number].at + self.calls[**number].stays <= self.now
                })
                .map(|(number, ticket)| (*number, *ticket))
                .collect();
            for (number, ticket) in gone {
                self.waiting.remove(&number);
                assert_eq!(
                    self.schedule.leave(key(self.calls[number].key), ticket),
                    Some(number)
                );
            }
            self.look();
        }
        self.now = end;
    }

    fn comes(&mut self, number: usize) {
        let call = self.calls[number];
        self.until(call.at);
        match self
            .schedule
            .come(key(call.key), PATIENCE, self.now, || number)
        {
            Coming::Goes(turn) => self.goes(number, turn),
            Coming::Waits(ticket) => {
                self.waiting.insert(number, ticket);
                self.look();
            }
            Coming::Refused(_) => self.refused(number),
        }
    }

    /// A process that was killed: only what was finished, and that the rest may have been made, is known.
    fn kill(&mut self) {
        let mut window = Window::default();
        let lost = u32::try_from(self.under_way.len()).unwrap();
        for (at, calls) in self.schedule.window().snapshot(self.now, 100) {
            window.record(calls, at.min(self.now));
        }
        window.record(lost, self.now);
        let shares = std::mem::take(&mut self.schedule.shares);
        self.schedule = Schedule::new(window, self.schedule.limit);
        self.schedule
            .set_limit(&organization(self.schedule.limit), self.now);
        for (key, share) in shares.iter() {
            self.schedule.set_share(*key, *share, self.now);
        }
        self.under_way.clear();
        self.waiting.clear();
        // What was still on its way went down with it.
        self.told.arrived.retain(|at| *at <= self.now);
    }

    fn run(mut self) -> Told {
        for number in 0..self.calls.len() {
            self.comes(number);
        }
        self.until(self.now + 2 * WINDOW_MS);
        assert!(self.waiting.is_empty() && self.under_way.is_empty());
        self.told
    }
}

fn organization(limit: u32) -> Organization {
    Organization {
        calls_per_minute: limit,
        ..Organization::named(String::new())
    }
}

fn paced<W>(limit: u32) -> Schedule<W> {
    let mut schedule = Schedule::new(Window::default(), limit);
    schedule.set_limit(&organization(limit), 0);
    schedule
}

fn assert_no_minute_holds_more(arrived: &mut [u64], limit: u32) {
    arrived.sort_unstable();
    for (index, start) in arrived.iter().enumerate() {
        let inside = arrived[index..]
            .iter()
            .take_while(|at| **at < start + WINDOW_MS)
            .count();
        assert!(
            inside <= limit as usize,
            "{inside} calls in the minute from {start}, limit {limit}"
        );
    }
}

/// Jain's index: 1 where all have the same.
fn fairness(of: &[f64]) -> f64 {
    let sum: f64 = of.iter().sum();
    let squares: f64 = of.iter().map(|one| one * one).sum();
    sum * sum / (of.len() as f64 * squares)
}

fn at(key: u8, at: u64) -> Call {
    Call {
        key,
        at,
        way: 0,
        back: 50,
        stays: u64::MAX / 2,
        lost: false,
    }
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = (
        0_u8..5,
        0_u64..3_000,
        0_u64..2_000,
        0_u64..3_000,
        0_u64..40_000,
        any::<u8>(),
    );
    (prop::collection::vec(call, 1..60), any::<bool>()).prop_map(|(calls, bursts)| {
        let mut now = 0;
        let each = |(key, gap, way, back, stays, dice): (u8, u64, u64, u64, u64, u8)| {
            now += if bursts && dice % 8 != 0 {
                gap / 100
            } else {
                gap
            };
            // Some vanish, some never arrive.
            let stays = if dice % 3 == 0 { stays } else { u64::MAX / 2 };
            Call {
                key,
                at: now,
                way,
                back,
                stays,
                lost: dice % 11 == 0,
            }
        };
        calls.into_iter().map(each).collect()
    })
}
