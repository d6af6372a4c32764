//! What holds for a whole world of clients, whatever they do.

use super::*;

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
    let equals: Vec<_> = (1..=10).map(|key| of(key) as f64).collect();
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
