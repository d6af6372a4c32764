use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn key(number: u8) -> Option<KeyId> {
    (number > 0).then(|| KeyId(Uuid::from_u128(number.into())))
}

fn until<W>(until: u64, who: W) -> Waiting<W> {
    Waiting {
        since: 0,
        until,
        who,
    }
}

fn shared(weight: u32) -> Terms {
    Terms {
        standing: Standing::Shared,
        weight,
    }
}

#[test]
fn a_key_goes_as_often_as_it_weighs() {
    let mut turns = Turns::default();
    for (number, weight) in [(1, 1), (2, 3)] {
        for _ in 0..8 {
            turns.join(key(number), shared(weight), until(0, number));
        }
    }
    let mut serve = || {
        let next = turns.next()?;
        turns.serve(next, true)
    };
    let served: Vec<_> = std::iter::from_fn(&mut serve).take(12).collect();
    assert_eq!(served, [1, 2, 2, 2, 1, 2, 2, 2, 1, 2, 2, 1]);
}

#[test]
fn whoever_is_all_that_it_may_be_keeps_nobody_back() {
    let mut turns = Turns::default();
    let at_most = |standing| Terms {
        standing,
        weight: 1,
    };
    turns.join(key(1), at_most(Standing::AtMost), until(9, 1));
    assert_eq!(turns.next(), None);
    turns.join(key(2), shared(1), until(9, 2));
    assert_eq!(turns.next(), Some(key(2)));
    turns.set(key(1), at_most(Standing::Reserved));
    assert_eq!(turns.next(), Some(key(1)));
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Join { key: u8, weight: u32, until: u64 },
    Leave(usize),
    Serve,
    DropLast,
    Late(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let join = (0_u8..6, 1_u32..=10, 0_u64..100);
    prop_oneof![
        6 => join.prop_map(|(key, weight, until)| Step::Join { key, weight, until }),
        1 => any::<usize>().prop_map(Step::Leave),
        3 => Just(Step::Serve),
        1 => Just(Step::DropLast),
        1 => (0_u64..30).prop_map(Step::Late),
    ]
}

proptest! {
    /// What is said of who goes before, who goes last and whose time is over is what happens when all are served.
    #[test]
    fn what_is_said_is_what_happens(steps in prop::collection::vec(step(), 1..80)) {
        let mut turns = Turns::default();
        // `(who, key, ticket, until)`
        let mut there: Vec<(usize, u8, Ticket, u64)> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Join { key: of, weight, until } => {
                    let ticket = turns.join(key(of), shared(weight), self::until(until, number));
                    there.push((number, of, ticket, until));
                }
                Step::Leave(which) if !there.is_empty() => {
                    let (who, of, ticket, _) = there.remove(which % there.len());
                    prop_assert_eq!(turns.leave(key(of), ticket), Some(who));
                    prop_assert_eq!(turns.leave(key(of), ticket), None);
                }
                Step::Serve => {
                    let next = turns.next();
                    prop_assert_eq!(next.is_some(), !there.is_empty());
                    let served = next.and_then(|key| turns.serve(key, true));
                    let first = there.iter().position(|(_, of, ..)| Some(key(*of)) == next);
                    prop_assert_eq!(served, first.map(|first| there.remove(first).0));
                }
                Step::DropLast => {
                    if let Some((key, ..)) = turns.last() {
                        let who = turns.drop_last(key);
                        there.retain(|(other, ..)| Some(*other) != who);
                    }
                }
                Step::Leave(_) => {}
                Step::Late(now) => {
                    let mut late: Vec<_> = turns.overdue(now).into_iter().map(|(_, who)| who).collect();
                    late.sort_unstable();
                    let (over, on) = there.iter().partition(|(.., until)| *until <= now);
                    there = on;
                    let over: Vec<(usize, u8, Ticket, u64)> = over;
                    prop_assert_eq!(late, over.iter().map(|(who, ..)| *who).collect::<Vec<_>>());
                }
            }
            prop_assert_eq!(turns.len(), there.len());
            prop_assert_eq!(turns.first_until(), there.iter().map(|(.., until)| *until).min());
        }
        let mut foretold: Vec<_> = there
            .iter()
            .map(|(who, of, ..)| {
                let own = there.iter().filter(|(other, key, ..)| key == of && other < who);
                (turns.before(key(*of), own.count()), *who)
            })
            .collect();
        foretold.sort_unstable();
        let last = turns.last().map(|(_, _, last)| last.who);
        let next = || turns.next().and_then(|key| turns.serve(key, true));
        let served: Vec<_> = std::iter::from_fn(next).enumerate().collect();
        prop_assert_eq!(&foretold, &served);
        prop_assert_eq!(last, served.last().map(|(_, who)| *who));
        // Nothing is left of them.
        prop_assert!(turns.lanes.is_empty() && turns.order.is_empty());
        prop_assert!(turns.lasts.is_empty() && turns.ahead.is_empty() && turns.ends.is_empty());
    }
}
