//! What a call is told when it comes, beside what becomes of it if nobody comes any more.

use super::*;

/// How long it waits, if it waits for as long as it takes.
fn waits_in_the_end((mut world, last): (World, usize)) -> Option<u64> {
    world.schedule.patience = 10 * WINDOW_MS;
    let of = key(world.calls[last].key);
    match world.schedule.come(of, 10 * WINDOW_MS, world.now, || last) {
        Coming::Goes(turn) => world.goes(last, turn),
        Coming::Waits(ticket) => {
            world.waiting.insert(last, ticket);
        }
        Coming::Refused(_) => return None,
    }
    world.look();
    world.until(world.now + 10 * WINDOW_MS);
    world.told.waited.get(&last).copied()
}

fn share(at_most: Option<u32>, reserved: u32, weight: u32) -> Share {
    Share {
        at_most,
        reserved,
        weight,
    }
}

fn goes(schedule: &mut Schedule<usize>, number: u8, now: u64) {
    match schedule.come(key(number), PATIENCE, now, || 0) {
        Coming::Goes(turn) => schedule.finish(turn, now),
        coming => panic!("{coming:?}"),
    }
}

fn waits(schedule: &mut Schedule<usize>, number: u8, now: u64) {
    let coming = schedule.come(key(number), PATIENCE, now, || 0);
    assert!(matches!(coming, Coming::Waits(_)), "{coming:?}");
}

#[test]
fn whoever_waits_for_its_own_share_is_in_nobodys_way() {
    let mut schedule = paced(100);
    schedule.set_share(key(1).unwrap(), share(Some(5), 0, 1), 0);
    for _ in 0..5 {
        goes(&mut schedule, 1, 0);
    }
    for _ in 0..40 {
        goes(&mut schedule, 2, 38_000);
    }
    for _ in 0..5 {
        waits(&mut schedule, 1, 38_000);
    }
    for _ in 0..21 {
        waits(&mut schedule, 2, 38_000);
    }
    // By then those of the first may go again, and came before: four of them in time.
    let Coming::Refused(full) = schedule.come(key(2), PATIENCE, 38_000, || 0) else {
        panic!()
    };
    assert_eq!(full.retry_after_ms, 26_000);
}

#[test]
fn whoever_comes_after_all_that_its_share_holds_waits_until_they_count_no_more() {
    let mut schedule = paced(100);
    schedule.set_share(key(1).unwrap(), share(Some(1), 0, 1), 0);
    goes(&mut schedule, 1, 0);
    waits(&mut schedule, 1, 50_000);
    let Coming::Refused(full) = schedule.come(key(1), PATIENCE, 50_000, || 0) else {
        panic!()
    };
    assert_eq!((full.bound, full.retry_after_ms), (Bound::Key, 70_000));
}

#[test]
fn what_is_kept_free_for_a_key_is_not_for_the_bucket_to_give() {
    let mut schedule = Schedule::new(Window::default(), 10);
    for call in 0..10 {
        goes(&mut schedule, 2, call * 6_000);
    }
    schedule.set_limit(&organization(10), 55_000);
    // The first of the ten leaves room at 60 s, and what it leaves is kept for the key; the next one at 66 s.
    schedule.set_share(key(1).unwrap(), share(None, 2, 1), 55_000);
    let told = |schedule: &mut Schedule<usize>| match schedule.come(key(1), 0, 55_000, || 0) {
        Coming::Refused(full) => full.retry_after_ms,
        coming => panic!("{coming:?}"),
    };
    assert_eq!(told(&mut schedule), 5_000);
    waits(&mut schedule, 1, 55_000);
    assert_eq!(told(&mut schedule), 11_000);
    waits(&mut schedule, 1, 55_000);
    assert_eq!(schedule.due(9, 60_000).go.len(), 1);
    assert_eq!(schedule.due(9, 66_000).go.len(), 1);
}

#[test]
fn a_slot_that_expires_into_a_reservation_is_free_for_its_key_alone() {
    let mut schedule = Schedule::new(Window::default(), 3);
    schedule.set_share(key(1).unwrap(), share(None, 1, 1), 0);
    for (number, now) in [(1, 0), (2, 10_000), (2, 20_000)] {
        goes(&mut schedule, number, now);
    }
    let Coming::Refused(full) = schedule.come(key(2), 0, 30_000, || 0) else {
        panic!()
    };
    assert_eq!(full.retry_after_ms, 40_000);
    let Coming::Refused(full) = schedule.come(key(1), 0, 30_000, || 0) else {
        panic!()
    };
    assert_eq!(full.retry_after_ms, 30_000);
}

#[test]
fn what_expires_into_a_reservation_is_not_there_for_a_second_one() {
    let mut schedule = paced(5);
    goes(&mut schedule, 2, 0);
    goes(&mut schedule, 2, 0);
    schedule.set_share(key(1).unwrap(), share(None, 4, 1), 2_000);
    for now in [2_000, 3_000, 6_000] {
        goes(&mut schedule, 1, now);
    }
    // It takes the one slot that is kept for nobody, at 60 s and for a minute.
    waits(&mut schedule, 2, 35_000);
    let Coming::Refused(full) = schedule.come(key(2), PATIENCE, 42_000, || 0) else {
        panic!()
    };
    assert_eq!(full.retry_after_ms, 78_000);
}

#[test]
fn a_hold_does_not_fill_the_bucket_beyond_its_brim() {
    let mut schedule = paced(100);
    schedule.hold(20_000);
    for _ in 0..45 {
        waits(&mut schedule, 1, 0);
    }
    let Coming::Refused(full) = schedule.come(key(1), PATIENCE, 0, || 0) else {
        panic!()
    };
    assert_eq!(full.retry_after_ms, 26_000);
}

/// What comes at once, and what is kept for whom from which call on.
#[derive(Debug, Clone)]
struct Case {
    limit: u32,
    shares: Vec<(usize, u8, Share)>,
    hold: Option<(usize, u64)>,
    calls: Vec<Call>,
}

impl Case {
    fn world(&self, paced_by: AtLimit) -> (World, usize) {
        let mut schedule = Schedule::new(Window::default(), self.limit);
        let organization = Organization {
            at_limit: paced_by,
            ..organization(self.limit)
        };
        schedule.set_limit(&organization, 0);
        let mut world = World::new(schedule, self.calls.clone());
        let last = world.calls.len() - 1;
        for number in 0..=last {
            world.until(world.calls[number].at);
            for (from, of, share) in &self.shares {
                if *from == number {
                    let key = key(*of).unwrap();
                    world.schedule.set_share(key, *share, world.now);
                }
            }
            if let Some((from, lasts)) = self.hold
                && from == number
            {
                world.schedule.hold(world.now + lasts);
            }
            world.look();
            if number < last {
                world.comes(number);
            }
        }
        (world, last)
    }
}

fn case() -> impl Strategy<Value = Case> {
    let share = (
        prop::option::of(1_u32..9),
        0_u32..5,
        prop_oneof![Just(1), 2_u32..=10],
    );
    let share = share.prop_map(|(at_most, reserved, weight)| Share {
        at_most,
        reserved,
        weight,
    });
    let hold = prop::option::weighted(0.2, (0_usize..60, 1_u64..30_000));
    let shares = prop::collection::vec((0_usize..60, 1_u8..4, share), 0..4);
    (1_u32..40, shares, hold, 1_u8..6, calls()).prop_map(|(limit, shares, hold, keys, calls)| {
        let calls: Vec<_> = calls.into_iter().map(|call| at_once(call, keys)).collect();
        let mut sum = 0;
        let mut kept = std::collections::BTreeMap::new();
        let shares = shares.into_iter().filter(|(_, of, share)| {
            let other = kept.get(of).copied().unwrap_or(0);
            let fits = sum - other + share.reserved < limit;
            if fits {
                sum = sum - other + share.reserved;
                kept.insert(*of, share.reserved);
            }
            fits
        });
        Case {
            limit,
            shares: shares.collect(),
            hold,
            calls,
        }
    })
}

/// Nothing is in flight: when that ends, nobody can know.
fn at_once(call: Call, keys: u8) -> Call {
    Call {
        key: call.key % keys,
        way: 0,
        back: 0,
        stays: u64::MAX / 2,
        lost: false,
        ..call
    }
}

proptest! {
    #![proptest_config(Config::with_cases(2_000))]

    /// Whoever waits goes in time if nobody comes any more; whoever is refused could not have, and is told when it would
    /// have gone.
    #[test]
    fn what_a_call_is_told_when_it_comes_is_so(case in case()) {
        let (mut world, last) = case.world(AtLimit::Pace);
        match world.schedule.come(key(world.calls[last].key), PATIENCE, world.now, || last) {
            Coming::Goes(_) => {}
            Coming::Waits(_) => {
                let waited = waits_in_the_end(case.world(AtLimit::Pace));
                prop_assert!(waited.is_some_and(|waited| waited <= PATIENCE), "{waited:?}");
            }
            Coming::Refused(full) => {
                let waited = waits_in_the_end(case.world(AtLimit::Pace));
                prop_assert_eq!(waited, Some(full.retry_after_ms));
                prop_assert!(full.retry_after_ms > PATIENCE);
            }
        }
    }

    /// Where nobody waits, whoever comes again when it was told goes, and not a millisecond before.
    #[test]
    fn whoever_comes_again_when_it_was_told_goes(case in case()) {
        let (mut world, last) = case.world(AtLimit::Reject);
        let key = key(world.calls[last].key);
        if let Coming::Refused(full) = world.schedule.come(key, 0, world.now, || last) {
            let then = world.now + full.retry_after_ms;
            let coming = world.schedule.come(key, 0, then - 1, || last);
            prop_assert!(matches!(coming, Coming::Refused(_)), "{:?} {:?}", full, coming);
            let coming = world.schedule.come(key, 0, then, || last);
            prop_assert!(matches!(coming, Coming::Goes(_)), "{:?} {:?}", full, coming);
        }
    }
}
