//! Whoever comes too early waits its turn, at the pace of what is kept for nobody.

use super::*;

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
