//! A world of clients around the schedule, in time that is only counted.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::Config;
use uuid::Uuid;

use super::*;
use crate::limit::WINDOW_MS;
use crate::organization::AtLimit;

mod foretold;

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

fn paced(limit: u32) -> Schedule<usize> {
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
fn fairness(of: &[usize]) -> f64 {
    let sum: f64 = of.iter().map(|one| *one as f64).sum();
    let squares: f64 = of.iter().map(|one| (*one as f64).powi(2)).sum();
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

#[test]
fn whoever_comes_too_early_waits_and_whoever_cannot_go_in_time_is_refused_when_it_comes() {
    let told = World::new(paced(100), (0..80).map(|_| at(1, 1_000)).collect()).run();
    let waits: Vec<_> = told.went.iter().map(|(_, waited)| *waited).collect();
    assert!(waits[..40].iter().all(|waited| *waited == 0));
    assert_eq!(
        waits[40..],
        (1..=25).map(|second| second * 1_000).collect::<Vec<_>>()
    );
    assert_eq!(told.refused, vec![(1, 0); 15]);
}

#[test]
fn a_refusal_says_when_it_would_be_its_turn() {
    let mut schedule = paced(100);
    for number in 0..65 {
        assert!(!matches!(
            schedule.come(key(1), PATIENCE, 0, || number),
            Coming::Refused(_)
        ));
    }
    let Coming::Refused(full) = schedule.come(key(1), PATIENCE, 500, || 65) else {
        panic!()
    };
    assert_eq!(
        full,
        Full {
            bound: Bound::Organization,
            retry_after_ms: 25_500
        }
    );
    let Coming::Waits(_) = schedule.come(key(1), PATIENCE, 1_000, || 66) else {
        panic!()
    };
}

#[test]
fn nobodys_burst_delays_another_by_more_than_a_turn() {
    let mut calls: Vec<_> = (0..65).map(|_| at(1, 0)).collect();
    calls.extend((0..3).map(|_| at(2, 500)));
    let told = World::new(paced(100), calls).run();
    let of_second: Vec<_> = told
        .went
        .iter()
        .filter(|(key, _)| *key == 2)
        .map(|(_, waited)| *waited)
        .collect();
    assert_eq!(of_second, [1_500, 3_500, 5_500]);
    // The tail that it pushed out of its time is told so at once.
    assert_eq!(told.refused, vec![(1, 500); 3]);
}

#[test]
fn the_pace_is_that_of_what_is_kept_for_nobody() {
    let pace = |schedule: &Schedule<usize>| {
        let pace = schedule.pace()?;
        Some((pace.burst(), pace.per_minute()))
    };
    let mut schedule = paced(100);
    assert_eq!(pace(&schedule), Some((40, 60)));
    let share = Share {
        reserved: 50,
        ..Share::default()
    };
    schedule.set_share(key(1).unwrap(), share, 0);
    assert_eq!(pace(&schedule), Some((20, 30)));
    let rejecting = Organization {
        at_limit: AtLimit::Reject,
        ..organization(100)
    };
    schedule.set_limit(&rejecting, 0);
    assert_eq!(pace(&schedule), None);
}

#[test]
fn it_is_told_for_how_long_the_first_of_a_key_has_waited() {
    let mut schedule = paced(100);
    let waited = |schedule: &mut Schedule<usize>, now| {
        let parts = schedule.parts(now);
        let own = parts.iter().find(|part| Some(part.key) == key(1)).unwrap();
        (own.waiting, own.waited_ms)
    };
    for now in [0; 41].into_iter().chain([500]) {
        match schedule.come(key(1), PATIENCE, now, || 0) {
            Coming::Goes(turn) => schedule.finish(turn, now),
            Coming::Waits(_) => {}
            Coming::Refused(full) => panic!("{full:?}"),
        }
    }
    assert_eq!(waited(&mut schedule, 900), (2, 900));
    assert_eq!(schedule.due(9, 1_000).go.len(), 1);
    assert_eq!(waited(&mut schedule, 1_000), (1, 500));
    assert_eq!(schedule.due(9, 2_000).go.len(), 1);
    assert_eq!(waited(&mut schedule, 2_000), (0, 0));
}

#[test]
fn a_key_with_a_reservation_goes_at_once_whatever_the_others_do() {
    let mut schedule = paced(100);
    schedule.set_share(
        key(2).unwrap(),
        Share {
            reserved: 10,
            ..Share::default()
        },
        0,
    );
    let mut calls: Vec<_> = (0..3_000_u64).map(|number| at(1, number * 100)).collect();
    calls.extend((0..30_u64).map(|number| at(2, 3 + number * 7_000)));
    let told = World::new(schedule, calls).run();
    assert!(
        told.went
            .iter()
            .filter(|(key, _)| *key == 2)
            .all(|(_, waited)| *waited == 0)
    );
    assert_eq!(told.went.iter().filter(|(key, _)| *key == 2).count(), 30);
}

#[test]
fn a_key_has_at_most_its_share_and_is_told_that_it_is_its_own() {
    let mut schedule = paced(100);
    schedule.set_share(
        key(1).unwrap(),
        Share {
            at_most: Some(5),
            ..Share::default()
        },
        0,
    );
    for _ in 0..5 {
        let Coming::Goes(turn) = schedule.come(key(1), PATIENCE, 0, || 0) else {
            panic!()
        };
        schedule.finish(turn, 0);
    }
    let Coming::Refused(full) = schedule.come(key(1), PATIENCE, 10_000, || 0) else {
        panic!()
    };
    assert_eq!(
        full,
        Full {
            bound: Bound::Key,
            retry_after_ms: 50_000
        }
    );
    assert!(matches!(
        schedule.come(key(1), PATIENCE, 40_000, || 0),
        Coming::Waits(_)
    ));
    // Nobody else waits for it.
    assert!(matches!(
        schedule.come(key(2), 0, 40_000, || 0),
        Coming::Goes(_)
    ));
    assert_eq!(schedule.due(u32::MAX, 59_999).go.len(), 0);
    assert_eq!(schedule.due(u32::MAX, 60_000).go.len(), 1);
}

#[test]
fn a_day_of_twenty_keys() {
    const HOUR: u64 = 3_600_000;
    let mut schedule = paced(100);
    schedule.set_share(
        key(20).unwrap(),
        Share {
            reserved: 10,
            ..Share::default()
        },
        0,
    );
    let mut calls = Vec::new();
    for number in 1..=10_u8 {
        // Equals that always want more than there is.
        calls.extend((0..24 * 720).map(|step| at(number, u64::from(number) + step * 5_000)));
    }
    for number in 11..=19_u8 {
        // Now and then a burst.
        let hour = u64::from(number);
        calls.extend((0..60).map(|_| at(number, hour * HOUR)));
    }
    calls.extend((0..24 * 360).map(|step| at(20, 77 + step * 10_000)));
    let mut told = World::new(schedule, calls).run();
    assert_no_minute_holds_more(&mut told.arrived, 100);
    let of = |wanted: u8| told.went.iter().filter(|(key, _)| *key == wanted).count();
    let equals: Vec<_> = (1..=10).map(of).collect();
    assert!(fairness(&equals) >= 0.99, "{equals:?}");
    assert_eq!(of(20), 24 * 360);
    assert!(
        told.went
            .iter()
            .all(|(key, waited)| *waited <= if *key == 20 { 0 } else { PATIENCE })
    );
    // What may be called is called: 54 a minute of the 90 that are shared, and what is reserved and used.
    let whole = told.went.len();
    assert!(whole >= 24 * 60 * 60, "{whole} calls");
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

proptest! {
    #![proptest_config(Config::with_cases(10_000))]

    /// Whatever comes, vanishes, fails or is killed and started again, whatever is reserved: the limit holds at the
    /// upstream, nobody waits for longer than it may, nobody is forgotten, and no slot lies idle.
    #[test]
    fn every_schedule_keeps_its_promises(
        limit in 1_u32..30,
        reserved in 0_u32..6,
        at_most in prop::option::of(1_u32..8),
        calls in calls(),
        kills in prop::collection::vec(0_usize..60, 0..3),
    ) {
        let mut schedule = paced(limit);
        schedule.set_share(key(1).unwrap(), Share { reserved: reserved.min(limit), ..Share::default() }, 0);
        schedule.set_share(key(2).unwrap(), Share { at_most, ..Share::default() }, 0);
        let mut world = World::new(schedule, calls);
        for number in 0..world.calls.len() {
            if kills.contains(&number) {
                world.kill();
            }
            world.comes(number);
        }
        world.until(world.now + 2 * WINDOW_MS);
        prop_assert!(world.waiting.is_empty() && world.under_way.is_empty());
        assert_no_minute_holds_more(&mut world.told.arrived, limit);
        prop_assert!(world.told.went.iter().chain(&world.told.refused).all(|(_, waited)| *waited <= PATIENCE));
    }

    /// Whoever calls no more often than is reserved for it goes at once.
    #[test]
    fn what_is_reserved_is_there(
        limit in 6_u32..40,
        reserved in 1_u32..6,
        calls in calls(),
        back in 0_u64..400,
    ) {
        let mut schedule = paced(limit);
        schedule.set_share(key(1).unwrap(), Share { reserved, ..Share::default() }, 0);
        let end = calls.last().map_or(0, |call| call.at);
        let apart = (WINDOW_MS + back) / u64::from(reserved) + 1;
        let others = calls.into_iter().filter(|call| call.key != 1);
        let own = (0..=end / apart).map(|number| Call { back, ..at(1, number * apart) });
        let told = World::new(schedule, others.chain(own).collect()).run();
        prop_assert!(told.went.iter().chain(&told.refused).filter(|(key, _)| *key == 1).all(|(_, waited)| *waited == 0));
        prop_assert!(told.refused.iter().all(|(key, _)| *key != 1));
    }
}

#[test]
fn what_a_restart_left_to_anybody_stands_in_no_reservation() {
    let mut window = Window::default();
    window.record_leased(10, 0);
    let mut schedule = Schedule::new(window, 100);
    let share = Share {
        at_most: Some(10),
        reserved: 10,
        ..Share::default()
    };
    schedule.set_share(key(1).unwrap(), share, 0);
    let coming = schedule.come(key(1), 0, 1, || ());
    assert!(matches!(coming, Coming::Refused(_)), "{coming:?}");
}

/// What was promised twice shuts nobody out.
#[test]
fn one_slot_is_left_for_all_whatever_is_reserved() {
    let mut schedule = Schedule::new(Window::default(), 100);
    let share = Share {
        reserved: 60,
        ..Share::default()
    };
    for number in [1, 2] {
        schedule.set_share(key(number).unwrap(), share, 0);
    }
    let coming = schedule.come(key(3), 0, 1, || ());
    assert!(matches!(coming, Coming::Goes(_)), "{coming:?}");
}
