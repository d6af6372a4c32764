use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::limit::Window;

fn id(number: u128) -> GatewayId {
    GatewayId(Uuid::from_u128(number))
}

fn key(number: u128) -> KeyId {
    KeyId(Uuid::from_u128(number))
}

/// A row that says when calls had finished, by a clock that showed a million as it was written, and how many are leased.
fn row(number: u128, written: u64, finished: &[(u64, u32)], leased: u32) -> GatewayCalls {
    GatewayCalls {
        gateway: id(number),
        number: written,
        age: 0,
        own: OwnCalls {
            at: 1_000_000,
            calls: SavedCalls {
                finished: finished.to_vec(),
                by_key: Vec::new(),
                leased,
            },
            under_way: Vec::new(),
        },
    }
}

/// Holds so many slots, those among them that it wants.
fn own(held: u32) -> OwnCalls {
    row(0, 0, &[], held).own
}

fn asking(wanted: u32, limit: u32) -> Asking {
    Asking {
        wanted,
        limit,
        ..Asking::default()
    }
}

#[test]
fn no_more_is_leased_than_all_leave_free() {
    let others = [row(1, 1, &[(990_000, 50)], 20), row(2, 1, &[], 20)];
    assert_eq!(asking(5, 100).extra(&own(5), &[]), 5);
    assert_eq!(asking(5, 90).extra(&own(5), &others), 0);
    assert_eq!(asking(5, 90).extra(&own(15), &others), 0);
    // Of what is left each that has calls has a part, and the last goes to whoever comes first.
    assert_eq!(asking(5, 99).extra(&own(5), &others), 3);
    assert_eq!(asking(5, 100).extra(&own(14), &others), 1);
    assert_eq!(asking(5, 100).extra(&own(15), &others), 0);
    assert_eq!(asking(5, u32::MAX).extra(&own(u32::MAX), &[]), 5);
}

#[test]
fn what_is_known_of_a_row_holds_for_that_row_only() {
    let known = Known {
        gateway: id(1),
        number: 7,
        held: 1,
    };
    let asking = Asking {
        known: vec![known],
        ..asking(10, 10)
    };
    for (number, extra) in [(7, 9), (8, 5)] {
        let others = [row(1, number, &[(990_000, 5)], 0)];
        assert_eq!(asking.extra(&own(10), &others), extra);
    }
}

#[test]
fn calls_are_as_old_as_they_were_when_their_row_was_seen_first() {
    let mut gateways = OtherGateways::default();
    gateways.read(Vec::new(), 0, 100_000);
    let rows = vec![row(1, 1, &[(990_000, 2), (2_000_000, 1)], 4)];
    // Whatever clocks show: no row was there before.
    let older = |rows: &[GatewayCalls]| {
        let mut rows = rows.to_vec();
        rows[0].age = 50_000;
        rows
    };
    gateways.read(older(&rows), 9_000_000, 200_000);
    gateways.read(older(&rows), 9_000_000, 220_000);
    let held = |gateways: &OtherGateways, now| {
        let mut window = Window::default();
        window.set_others(gateways.others(now));
        assert_eq!(window.held_elsewhere(now), window.held());
        assert_eq!(gateways.known(now)[0].held, window.held());
        window.held()
    };
    assert_eq!(held(&gateways, 249_999), 7);
    assert_eq!(held(&gateways, 250_000), 5);
    assert_eq!(held(&gateways, 259_999), 5);
    assert_eq!(held(&gateways, 260_000), 4);
    // It holds what it may still make until it certainly has.
    assert_eq!(held(&gateways, 200_000 + SPENT - 1), 4);
    assert_eq!(gateways.spent(200_000 + SPENT - 1), []);
    assert_eq!(held(&gateways, 200_000 + SPENT), 0);
    assert_eq!(gateways.spent(200_000 + SPENT), [(id(1), 1)]);
    // Written again it counts again, and one that is gone does not.
    gateways.read(vec![row(1, 2, &[], 1)], 0, 400_000);
    assert_eq!(held(&gateways, 400_000), 1);
    gateways.read(Vec::new(), 0, 400_001);
    assert_eq!(gateways.known(400_001), []);
}

#[test]
fn at_the_first_reading_the_clock_that_says_less_is_believed() {
    for (age, unix_now, held) in [
        (50_000, 1_050_000, 0),
        (49_999, 1_050_000, 2),
        (50_000, 1_049_999, 2),
        (0, 9_000_000, 2),
        (9_000_000, 0, 2),
    ] {
        let mut gateways = OtherGateways::default();
        let mut row = row(1, 1, &[(990_000, 2)], 0);
        row.age = age;
        gateways.read(vec![row.clone()], unix_now, 200_000);
        assert_eq!(gateways.known(200_000)[0].held, held);
        // One that is known is not looked at anew.
        gateways.look_anew();
        gateways.read(vec![row.clone()], 9_000_000, 200_000);
        assert_eq!(gateways.known(200_000)[0].held, held);
        row.number = 2;
        row.age = 0;
        gateways.read(vec![row], 9_000_000, 200_000);
        assert_eq!(gateways.known(200_000)[0].held, 2);
    }
}

#[test]
fn a_damaged_row_blocks_and_does_not_overflow() {
    let mut gateways = OtherGateways::default();
    let rows = (1..4).map(|number| row(number, 1, &[(999_000, u32::MAX); 3], u32::MAX));
    let rows: Vec<_> = rows.collect();
    assert_eq!(asking(1, 100).extra(&own(1), &rows), 0);
    gateways.read(rows, 0, 200_000);
    let mut window = Window::default();
    window.set_others(gateways.others(200_000));
    assert_eq!(window.remaining(100, 200_000), 0);
}

#[test]
fn a_key_holds_what_it_holds_anywhere() {
    let mut window = Window::default();
    for at in [190_000, 195_000] {
        let slot = window.take(100, Some(key(1)), at).unwrap();
        window.finish(slot, at);
    }
    let mut theirs = row(1, 1, &[(990_000, 2), (993_000, 1)], 3);
    theirs.own.calls.by_key = vec![(990_000, key(1), 2), (993_000, key(2), 1)];
    theirs.own.under_way = vec![(key(1), 1), (key(3), 1)];
    let mut gateways = OtherGateways::default();
    gateways.read(vec![theirs], 0, 200_000);
    window.set_others(gateways.others(200_000));
    assert_eq!((window.held(), window.held_here()), (8, 2));
    let held = [1, 2, 3].map(|number| window.held_by(key(number)));
    assert_eq!(held, [5, 1, 1]);
    let here: Vec<_> = window.takers_here(200_000).collect();
    assert_eq!(here, [(key(1), 2)]);
    // What is under way elsewhere ends when nobody knows.
    let down = [5, 4, 2, 1, 0].map(|most| window.held_by_down_in(key(1), most, 200_000));
    assert_eq!(down, [0, 50_000, 50_000, 55_000, 60_000]);
    while window.released().is_some() {}
    // Whatever changes for a key is told of it.
    window.set_others(Others::default());
    let mut released = Vec::new();
    while let Some(key) = window.released() {
        released.push(key);
    }
    released.sort_unstable();
    assert_eq!(released, [1, 2, 3].map(key));
    assert_eq!(window.held_by(key(1)), 2);
}

proptest! {
    /// What calls of others are among one's own is the same as if all had been made here.
    #[test]
    fn calls_count_alike_wherever_they_were_made(
        calls in prop::collection::vec((0_u64..4_000, 0_u128..3, any::<bool>()), 1..60),
        most in 0_u32..30,
        later in 0_u64..70_000,
    ) {
        let (mut all, mut window) = (Window::default(), Window::default());
        let mut theirs = row(1, 1, &[], 0);
        let mut now = 1_000_000;
        for (gap, number, is_here) in calls {
            now += gap;
            let slot = all.take(u32::MAX, Some(key(number)), now).unwrap();
            all.finish(slot, now);
            if is_here {
                let slot = window.take(u32::MAX, Some(key(number)), now).unwrap();
                window.finish(slot, now);
            } else {
                theirs.own.calls.finished.push((now, 1));
                theirs.own.calls.by_key.push((now, key(number), 1));
            }
        }
        theirs.own.at = now;
        let mut gateways = OtherGateways::default();
        gateways.read(vec![theirs], 0, now);
        window.set_others(gateways.others(now));
        for now in [now, now + later] {
            prop_assert_eq!(window.remaining(20, now), all.remaining(20, now));
            prop_assert_eq!(window.held(), all.held());
            prop_assert_eq!(window.reset_after_ms(now), all.reset_after_ms(now));
            prop_assert_eq!(window.held_down_in(most, now), all.held_down_in(most, now));
            let (mut ended, mut all_ended) = (window.clone(), all.clone());
            ended.end_all(now);
            all_ended.end_all(now);
            prop_assert_eq!(ended.held(), all_ended.held());
            for key in (0..3).map(key) {
                prop_assert_eq!(window.held_by(key), all.held_by(key));
                let down = window.held_by_down_in(key, most / 3, now);
                prop_assert_eq!(down, all.held_by_down_in(key, most / 3, now));
            }
        }
    }
}
