//! What is counted as things change, beside what a walk over everything says; and turns by weight.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn key(number: u8) -> Option<KeyId> {
    (number > 0).then(|| KeyId(Uuid::from_u128(number.into())))
}

fn paced(limit: u32) -> Schedule<u8> {
    let mut schedule = Schedule::new(Window::default(), limit);
    let organization = Organization {
        calls_per_minute: limit,
        ..Organization::named(String::new())
    };
    schedule.set_limit(&organization, 0);
    schedule
}

impl Schedule<u8> {
    fn assert_counted(&mut self, now: u64) {
        self.settle(now);
        let free = |(key, share): (&KeyId, &Share)| {
            let held = self.window.held_by(*key);
            u64::from(share.kept_free().saturating_sub(held))
        };
        assert_eq!(self.kept.sum(), self.shares.iter().map(free).sum::<u64>());
        let reserved = self
            .shares
            .values()
            .map(|share| u64::from(share.kept_free()));
        assert_eq!(self.reserved, reserved.sum::<u64>());
        // Whoever is next is so by what it holds now.
        let waits = |number: &u8| self.turns.of(key(*number)) > 0;
        let best = (0..8)
            .filter(waits)
            .map(|number| self.terms(key(number)).standing)
            .min();
        let next = self.turns.next().map(|key| self.terms(key).standing);
        assert_eq!(next, best.filter(|best| *best != Standing::AtMost));
    }
}

#[test]
fn a_key_is_told_what_is_left_of_its_own_share() {
    let mut schedule = paced(100);
    let (own, other) = (key(1).unwrap(), key(2).unwrap());
    let share = Share {
        at_most: Some(3),
        ..Share::default()
    };
    schedule.set_share(own, share, 0);
    let told = |schedule: &mut Schedule<u8>, now| {
        let own = schedule.own(own, now)?;
        Some((own.at_most, own.remaining, own.reset_ms))
    };
    assert_eq!(told(&mut schedule, 0), Some((3, 3, 0)));
    for now in [1_000, 5_000] {
        let Coming::Goes(turn) = schedule.come(Some(own), 0, now, || 0) else {
            panic!("there is room")
        };
        schedule.finish(turn, now);
    }
    assert_eq!(told(&mut schedule, 6_000), Some((3, 1, 55_000)));
    assert_eq!(told(&mut schedule, 61_000), Some((3, 2, 4_000)));
    assert_eq!(told(&mut schedule, 65_000), Some((3, 3, 0)));
    assert_eq!(schedule.own(other, 65_000), None);
}

fn share() -> impl Strategy<Value = Share> {
    (prop::option::of(0_u32..9), 0_u32..5, 1_u32..=10).prop_map(|(at_most, reserved, weight)| {
        Share {
            at_most,
            reserved,
            weight,
        }
    })
}

proptest! {
    #[test]
    fn what_is_kept_free_is_counted_as_slots_come_and_go(
        limit in 1_u32..40,
        left_over in 0_u32..5,
        steps in prop::collection::vec((0_u64..4_000, 0_u8..8, any::<u8>(), share()), 1..150),
    ) {
        let (mut schedule, mut now) = (paced(limit), 0);
        schedule.window().record_leased(left_over, 0);
        let (mut turns, mut tickets) = (Vec::new(), Vec::new());
        for (gap, number, dice, share) in steps {
            now += if dice % 2 == 0 { gap } else { gap / 100 };
            match (dice % 16, key(number)) {
                (0..2, Some(key)) => schedule.set_share(key, share, now),
                (2, _) => {
                    // Somebody else lets the window expire.
                    schedule.window().remaining(limit, now);
                }
                (3..7, _) if !turns.is_empty() => {
                    let turn = turns.swap_remove(usize::from(dice) % turns.len());
                    if dice % 3 == 0 {
                        schedule.cancel(turn);
                    } else {
                        schedule.finish(turn, now);
                    }
                }
                (7, _) if !tickets.is_empty() => {
                    let (key, ticket) = tickets.swap_remove(usize::from(dice) % tickets.len());
                    schedule.leave(key, ticket);
                }
                (8..10, _) => turns.extend(schedule.due(u32::MAX, now).go.into_iter().map(|(_, turn)| turn)),
                (_, key) => match schedule.come(key, 25_000, now, || number) {
                    Coming::Goes(turn) => turns.push(turn),
                    Coming::Waits(ticket) => tickets.push((key, ticket)),
                    Coming::Refused(_) => {}
                },
            }
            schedule.assert_counted(now);
        }
    }
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    /// Keys that always want more than there is have what is fair by their weights.
    #[test]
    fn shares_are_fair_by_weight(weights in prop::collection::vec(1_u32..=10, 2..8)) {
        const EACH: usize = 6;
        let mut schedule = paced(6_000);
        for (number, weight) in (1..).zip(&weights) {
            let share = Share { weight: *weight, ..Share::default() };
            schedule.set_share(key(number).unwrap(), share, 0);
        }
        let mut had = vec![0.0; weights.len()];
        // The burst is whose who comes first.
        for now in 0..60_000 {
            for number in (1..).take(weights.len()) {
                while schedule.turns.of(key(number)) < EACH {
                    match schedule.come(key(number), 25_000, now, || number) {
                        Coming::Goes(turn) => schedule.finish(turn, now),
                        Coming::Waits(_) => {}
                        Coming::Refused(full) => panic!("{full:?}"),
                    }
                }
            }
            for (number, turn) in schedule.due(u32::MAX, now).go {
                had[usize::from(number) - 1] += 1.0;
                schedule.finish(turn, now);
            }
        }
        let all: f64 = had.iter().sum();
        let heavy = f64::from(weights.iter().sum::<u32>());
        prop_assert!(all > 3_500.0, "{all}");
        let each: Vec<_> = weights.iter().zip(&had).map(|(weight, had)| had / f64::from(*weight)).collect();
        for of_one in &each {
            prop_assert!((of_one * heavy / all - 1.0).abs() < 0.05, "{weights:?} had {had:?}");
        }
        let squares: f64 = each.iter().map(|of_one| of_one * of_one).sum();
        let jain = each.iter().sum::<f64>().powi(2) / (each.len() as f64 * squares);
        prop_assert!(jain >= 0.99, "{jain}");
    }
}
