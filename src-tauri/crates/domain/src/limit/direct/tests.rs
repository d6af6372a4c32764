use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use proptest::prelude::*;

use super::*;
use crate::limit::{Slot, WINDOW_MS};

fn said(limit: u32, remaining: u32) -> Said {
    Said {
        limit,
        remaining,
        is_refused: false,
    }
}

/// A gateway, as far as it counts.
#[derive(Debug, Default)]
struct Counting {
    window: Window,
    direct: Direct,
    limit: u32,
}

impl Counting {
    fn of(limit: u32) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    fn grant(&mut self, now: u64) -> Option<(Slot, Mark)> {
        let slot = self.window.take(self.limit, None, now).ok()?;
        Some((slot, self.direct.mark(&mut self.window, now)))
    }

    fn hear(&mut self, (slot, mark): (Slot, Mark), said: Said, now: u64) {
        self.direct
            .heard(said, mark, &mut self.window, self.limit, (now, now));
        self.window.finish(slot, now);
    }

    /// One call that is answered at once.
    fn call(&mut self, said: Said, now: u64) {
        let call = self.grant(now).unwrap();
        self.hear(call, said, now);
    }

    fn calls(&self, now: u64) -> u32 {
        self.direct.seen(now).map_or(0, |seen| seen.calls)
    }
}

#[test]
fn what_phare_counts_beyond_ours_is_somebody_elses_and_takes_our_slots() {
    let mut counting = Counting::of(100);
    counting.call(said(100, 99), 1_000);
    assert_eq!((counting.calls(1_000), counting.window.held()), (0, 1));
    counting.call(said(100, 86), 2_000);
    let seen = DirectUse {
        since: 2_000,
        last: 2_000,
        calls: 12,
    };
    assert_eq!(counting.direct.seen(2_000), Some(seen));
    assert_eq!(counting.window.remaining(100, 2_000), 86);
    // They are known, and one more is not.
    counting.call(said(100, 85), 3_000);
    counting.call(said(100, 83), 4_000);
    let seen = DirectUse {
        since: 2_000,
        last: 4_000,
        calls: 13,
    };
    assert_eq!(counting.direct.seen(4_000), Some(seen));
    assert_eq!(counting.window.remaining(100, 4_000), 83);
    // Both expire like any other.
    assert_eq!(counting.window.remaining(100, 64_000), 100);
    counting.call(said(100, 99), 64_000);
    assert_eq!(counting.calls(64_000), 13);
    assert_eq!(counting.direct.seen(4_000 + FORGOTTEN_MS), None);
}

#[test]
fn answers_that_come_out_of_order_accuse_nobody() {
    let mut counting = Counting::of(100);
    let calls: Vec<_> = (0..10).map(|_| counting.grant(1_000).unwrap()).collect();
    for (before, call) in calls.into_iter().enumerate().rev() {
        let remaining = 100 - u32::try_from(before + 1).unwrap();
        counting.hear(call, said(100, remaining), 1_100);
    }
    assert_eq!((counting.calls(1_100), counting.window.held()), (0, 10));
}

#[test]
fn calls_that_were_found_once_are_not_found_by_those_beside() {
    let mut counting = Counting::of(100);
    let calls = [(); 2].map(|()| counting.grant(1_000).unwrap());
    for (call, remaining) in calls.into_iter().zip([88, 88]) {
        counting.hear(call, said(100, remaining), 1_100);
    }
    assert_eq!((counting.calls(1_100), counting.window.held()), (10, 12));
}

/// Whoever set another figure than Phare's is not told of anybody else for that.
#[test]
fn two_figures_that_differ_are_nobodys_call() {
    let mut more = Counting::of(100);
    for made in 1..=60 {
        more.call(said(60, 60 - made), 1_000);
        assert_eq!(more.calls(1_000), 0);
        assert_eq!(more.window.remaining(100, 1_000), 60 - made, "as Phare");
    }
    assert!(more.grant(1_000).is_none());
    let mut more = Counting::of(100);
    more.call(said(60, 59), 1_000);
    more.call(said(60, 55), 2_000);
    assert_eq!(more.calls(2_000), 3);
    assert_eq!(more.window.remaining(100, 2_000), 55);

    let mut fewer = Counting::of(60);
    for made in 1..=10 {
        fewer.call(said(100, 100 - made), 1_000);
    }
    assert_eq!((fewer.calls(1_000), fewer.window.held()), (0, 10));
    // What Phare has left is more than what is asked of it.
    fewer.call(said(100, 79), 2_000);
    fewer.call(said(100, 78), 2_000);
    assert_eq!((fewer.calls(2_000), fewer.window.held()), (10, 12));
    fewer.call(said(100, 40), 2_000);
    assert_eq!((fewer.calls(2_000), fewer.window.held()), (47, 20));
}

/// It says for how long, and is left alone for that.
#[test]
fn a_refusal_that_ours_do_not_explain_is_somebody_elses_and_takes_no_slots() {
    let refused = Said {
        is_refused: true,
        ..said(3, 0)
    };
    let mut counting = Counting::of(10);
    for made in 1..=3 {
        counting.call(said(3, 3 - made), 1_000);
    }
    let mut explained = Counting::of(10);
    for _ in 0..3 {
        let (slot, _) = explained.grant(1_000).unwrap();
        explained.window.finish(slot, 1_000);
    }
    explained.call(refused, 2_000);
    assert_eq!((explained.calls(2_000), explained.window.held()), (0, 4));
    let mut not = Counting::of(10);
    not.call(said(3, 2), 1_000);
    let held = not.window.held();
    not.call(refused, 2_000);
    assert_eq!((not.calls(2_000), not.window.held()), (2, held + 1));
}

#[test]
fn nobody_is_shut_out_by_nonsense_for_longer_than_a_minute() {
    let mut counting = Counting::of(100);
    counting.call(said(u32::MAX, 0), 1_000);
    assert_eq!(counting.window.remaining(100, 60_999), 0);
    assert_eq!(counting.window.remaining(100, 61_000), 100);
}

#[test]
fn what_was_seen_at_the_upstream_before_is_nothing() {
    let mut counting = Counting::of(100);
    counting.call(said(100, 80), 1_000);
    counting.direct.release();
    assert_eq!(counting.direct.seen(1_000), None);
}

#[test]
fn calls_of_a_run_before_are_ours() {
    let mut counting = Counting::of(100);
    counting.window.record(20, 1_000);
    counting.window.record_leased(10, 2_000);
    counting.call(said(100, 100 - 31), 3_000);
    assert_eq!(counting.calls(3_000), 0);
    counting.call(said(100, 100 - 33), 4_000);
    assert_eq!(counting.calls(4_000), 1);
}

/// A Phare: its minute begins with a call, and what came too early does not count.
#[derive(Debug)]
struct Phare {
    limit: u32,
    begun: u64,
    counted: u32,
}

impl Phare {
    fn counted(&mut self, now: u64) -> u32 {
        if now >= self.begun + WINDOW_MS {
            self.counted = 0;
        }
        self.counted
    }

    /// Whether it takes the call.
    fn take(&mut self, now: u64) -> bool {
        let counted = self.counted(now);
        if counted == 0 {
            self.begun = now;
        }
        let takes = counted < self.limit;
        self.counted += u32::from(takes);
        takes
    }

    fn said(&mut self, is_refused: bool, now: u64) -> Said {
        Said {
            is_refused,
            ..said(self.limit, self.limit - self.counted(now))
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrives(usize),
    Answers(usize),
    Ends(usize),
    Goes(usize),
    Directly,
}

/// How a call goes, in milliseconds one after the other.
#[derive(Debug, Clone)]
struct Call {
    gap: u64,
    /// Past the gateway.
    directly: bool,
    arrives: u64,
    answers: u64,
    ends: u64,
    /// Its client is gone before that.
    gone_after: Option<u64>,
}

fn calls(patient: bool) -> impl Strategy<Value = Vec<Call>> {
    let gap = prop_oneof![0_u64..400, 0_u64..8_000, 0_u64..50_000];
    let gone_after = prop_oneof![4 => Just(None), 1 => (0_u64..3_000).prop_map(Some)];
    let call = (
        gap,
        0_u8..4,
        0_u64..2_000,
        0_u64..2_000,
        0_u64..2_000,
        gone_after,
    );
    let call = call.prop_map(move |(gap, who, arrives, answers, ends, gone_after)| Call {
        gap,
        directly: who == 0,
        arrives,
        answers,
        ends,
        gone_after: gone_after.filter(|_| !patient),
    });
    prop::collection::vec(call, 1..150)
}

/// What came of a run.
#[derive(Debug, Default)]
struct Outcome {
    /// Calls that Phare counted of somebody else.
    direct: u32,
    direct_last: u64,
    /// When it refused calls of ours.
    refused: Vec<u64>,
}

/// Lets the calls happen, and looks after each answer whether what is claimed is so.
fn run(counting: &mut Counting, phares: u32, calls: &[Call]) -> Outcome {
    let mut phare = Phare {
        limit: phares,
        begun: 0,
        counted: 0,
    };
    let mut outcome = Outcome::default();
    let mut events = BinaryHeap::new();
    let mut at = WINDOW_MS;
    for (index, call) in calls.iter().enumerate() {
        at += call.gap;
        let event = if call.directly {
            Event::Directly
        } else {
            Event::Goes(index)
        };
        events.push(Reverse((at, event)));
    }
    let mut open = HashMap::new();
    let (mut refused, mut answers) = (HashMap::new(), HashMap::new());
    // Whether a call had the gateway to itself, but for what had been found.
    let mut alone = HashMap::new();
    while let Some(Reverse((now, event))) = events.pop() {
        match event {
            Event::Directly => {
                if phare.take(now) {
                    outcome.direct += 1;
                    outcome.direct_last = now;
                }
            }
            Event::Goes(index) => {
                let Some(granted) = counting.grant(now) else {
                    continue;
                };
                let call = &calls[index];
                for is_alone in alone.values_mut() {
                    *is_alone = false;
                }
                let ours = counting.window.held() - counting.direct.closed.len();
                let is_alone = ours == 1 && counting.direct.late.len() == 0;
                alone.insert(index, is_alone);
                open.insert(index, granted);
                events.push(Reverse((now + call.arrives, Event::Arrives(index))));
                let answered = call.arrives + call.answers + call.ends;
                let end = call.gone_after.map_or(answered, |gone| gone.min(answered));
                events.push(Reverse((now + end, Event::Ends(index))));
            }
            Event::Arrives(index) => {
                let takes = phare.take(now);
                if !takes {
                    outcome.refused.push(now);
                }
                refused.insert(index, !takes);
                let after = now + calls[index].answers;
                events.push(Reverse((after, Event::Answers(index))));
            }
            Event::Answers(index) => {
                answers.insert(index, phare.said(refused[&index], now));
            }
            Event::Ends(index) => {
                let Some(granted) = open.remove(&index) else {
                    continue;
                };
                let Some(said) = answers.get(&index).copied() else {
                    counting.window.finish(granted.0, now);
                    counting.direct.gave_up(now);
                    continue;
                };
                counting.hear(granted, said, now);
                assert!(counting.calls(now) <= outcome.direct, "at {now}");
                let counted = said.limit - said.remaining;
                if alone[&index] {
                    let known = counting.direct.found.ever() - counting.direct.found.expired();
                    let own = u32::from(!said.is_refused && counted > 0);
                    assert!(known >= u64::from(counted - own), "{known} of {counted}");
                }
            }
        }
    }
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// However calls come, how long each is under way, and whoever does not wait for the end: nobody is accused of a call
    /// that was not made, and a call that was alone finds every one that was.
    #[test]
    fn only_calls_that_were_made_are_found(
        limit in 1_u32..40,
        phares in 1_u32..40,
        calls in calls(false),
    ) {
        run(&mut Counting::of(limit), phares, &calls);
    }

    /// While nobody else calls nothing is found, and nothing is held beside our calls.
    #[test]
    fn alone_nothing_is_found(
        limit in 1_u32..40,
        (is_patient, mut calls) in any::<bool>().prop_flat_map(|patient| (Just(patient), calls(patient))),
    ) {
        for call in &mut calls {
            call.directly = false;
        }
        let mut counting = Counting::of(limit);
        run(&mut counting, limit, &calls);
        prop_assert_eq!(counting.direct.found.ever(), 0);
        // Phare may count a call that was given up for longer than its slot is held: then that is held on.
        prop_assert!(!is_patient || counting.direct.closed.ever() == 0);
    }

    /// A minute after the last direct call, none of ours is one too many.
    #[test]
    fn phare_refuses_none_of_ours_once_nobody_else_calls(
        limit in 1_u32..40,
        calls in calls(true),
    ) {
        let outcome = run(&mut Counting::of(limit), limit, &calls);
        let late = outcome.refused.iter().find(|at| **at > outcome.direct_last + WINDOW_MS);
        prop_assert_eq!(late, None);
    }
}
