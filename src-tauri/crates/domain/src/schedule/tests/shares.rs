//! What a key may have, what is kept free for it, and turns by weight.

use super::*;

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

proptest! {
    #![proptest_config(Config::with_cases(64))]

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
                    match schedule.come(key(number), PATIENCE, now, || number) {
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
        let jain = fairness(&each);
        prop_assert!(jain >= 0.99, "{jain}");
    }
}
