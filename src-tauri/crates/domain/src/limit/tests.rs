use proptest::prelude::*;

use super::*;

#[test]
fn the_hundred_and_first_call_waits_for_the_first_to_leave() {
    let mut window = Window::default();
    for _ in 0..100 {
        let slot = window.take(100, None, 1_000).unwrap();
        window.finish(slot, 1_000);
    }
    assert_eq!(
        window.take(100, None, 1_500).unwrap_err(),
        Full {
            retry_after_ms: 59_500
        }
    );
    assert!(window.take(100, None, 60_999).is_err());
    assert!(window.take(100, None, 61_000).is_ok());
}

#[test]
fn a_call_in_flight_holds_its_slot_however_long_it_takes() {
    let mut window = Window::default();
    let slot = window.take(1, None, 0).unwrap();
    assert!(window.take(1, None, 500_000).is_err());
    window.finish(slot, 500_000);
    assert!(window.take(1, None, 559_999).is_err());
    assert!(window.take(1, None, 560_000).is_ok());
}

#[test]
fn a_restart_gives_no_key_its_share_anew() {
    let (own, other) = (
        KeyId(uuid::Uuid::from_u128(1)),
        KeyId(uuid::Uuid::from_u128(2)),
    );
    let mut window = Window::default();
    for at in [1_000, 2_000] {
        let slot = window.take(100, Some(own), at).unwrap();
        window.finish(slot, at);
    }
    let mut restored = Window::default();
    for (at, calls) in window.snapshot(2_000, 100) {
        restored.record(calls, at);
    }
    for (at, key, calls) in window.snapshot_of([own], 100) {
        restored.record_of(key, calls, at);
    }
    restored.record_leased(3, 5_000);
    assert_eq!((restored.held(), restored.held_by(own)), (5, 2));
    assert_eq!(
        (
            restored.held_at_most_by(own),
            restored.held_at_most_by(other)
        ),
        (5, 3)
    );
    assert_eq!(restored.held_by_down_in(own, 4, 5_000), 56_000);
    assert_eq!(restored.held_by_down_in(own, 2, 5_000), 60_000);
    assert_eq!(restored.remaining(100, 62_000), 97);
    assert_eq!(
        (restored.held_by(own), restored.held_at_most_by(own)),
        (0, 3)
    );
    assert_eq!(restored.remaining(100, 65_000), 100);
    assert_eq!(restored.held_at_most_by(own), 0);
}

#[test]
fn a_cancelled_call_costs_nothing() {
    let mut window = Window::default();
    let slot = window.take(1, None, 0).unwrap();
    window.cancel(slot);
    assert_eq!(window.remaining(1, 0), 1);
}

proptest! {
    /// However calls come, take long, are cancelled and leave, and whatever a restart leaves to nobody: each key is
    /// named with exactly the slots that it holds.
    #[test]
    fn every_slot_is_its_keys_own(
        limit in 1_u32..30,
        left_over in 0_u32..5,
        calls in prop::collection::vec((0_u64..9_000, 0_u64..20_000, 0_u8..4, any::<bool>()), 1..200),
    ) {
        let mut window = Window::default();
        window.record(left_over, 0);
        let mut now = 0;
        let mut open: Vec<(u64, u8, bool, Slot)> = Vec::new();
        // `(until when it counts, whose it is)`
        let mut counting: Vec<(u64, u8)> = Vec::new();
        for (gap, lasts, key, cancelled) in calls {
            now += gap;
            open.sort_by_key(|(end, ..)| *end);
            while open.first().is_some_and(|(end, ..)| *end <= now) {
                let (end, key, cancelled, slot) = open.remove(0);
                if cancelled {
                    window.cancel(slot);
                } else {
                    window.finish(slot, end);
                    counting.push((end + WINDOW_MS, key));
                }
            }
            // The last is Gardien itself.
            let of = (key < 3).then(|| KeyId(uuid::Uuid::from_u128(u128::from(key))));
            if let Ok(slot) = window.take(limit, of, now) {
                open.push((now + lasts, key, cancelled, slot));
            }
            let holds = |key: u8| {
                counting.iter().filter(|(until, by)| *until > now && *by == key).count()
                    + open.iter().filter(|(_, by, ..)| *by == key).count()
            };
            let mut told: Vec<_> = window.takers(now).collect();
            told.sort_unstable();
            let right: Vec<_> = (0..3)
                .filter(|key| holds(*key) > 0)
                .map(|key| (KeyId(uuid::Uuid::from_u128(u128::from(key))), holds(key) as u32))
                .collect();
            prop_assert_eq!(&told, &right);
            let nobodys = holds(3) as u32 + if now < WINDOW_MS { left_over } else { 0 };
            prop_assert_eq!(told.iter().map(|(_, calls)| calls).sum::<u32>() + nobodys, window.held());
        }
    }

    /// When so many slots are said to be held at most is when they are, of all and of each key.
    #[test]
    fn what_is_said_of_the_time_is_so(
        left_over in 0_u32..5,
        calls in prop::collection::vec((0_u64..3_000, 0_u8..3), 1..60),
        most in 0_u32..20,
    ) {
        let mut window = Window::default();
        window.record_leased(left_over, 0);
        let mut now = 0;
        for (gap, key) in calls {
            now += gap;
            let slot = window.take(u32::MAX, Some(KeyId(uuid::Uuid::from_u128(key.into()))), now).unwrap();
            window.finish(slot, now);
        }
        let first = KeyId(uuid::Uuid::from_u128(0));
        window.remaining(0, now);
        let at = |time: u64| {
            let mut later = window.clone();
            later.remaining(0, time);
            (later.held(), later.held_at_most_by(first))
        };
        let (all, own) = (window.held_down_in(most, now), window.held_by_down_in(first, most, now));
        prop_assert!(at(now + all).0 <= most && at(now + own).1 <= most);
        prop_assert!(all == 0 || at(now + all - 1).0 > most);
        prop_assert!(own == 0 || at(now + own - 1).1 > most);
    }

    /// Rule 6, against an independent statement: whatever the arrivals, delays and restarts, no 60-second
    /// span at the upstream holds more than the limit.
    #[test]
    fn rule_6_no_minute_at_the_upstream_holds_more_than_the_limit(
        limit in 1_u32..12,
        calls in prop::collection::vec((0_u64..9_000, 0_u64..4_000, 0_u64..4_000, any::<bool>()), 1..120),
    ) {
        let mut window = Window::default();
        let mut now = 0;
        let mut open: Vec<(u64, Slot)> = Vec::new();
        let mut arrivals = Vec::new();
        for (gap, until_arrival, until_finish, restart) in calls {
            now += gap;
            open.sort_by_key(|(finish, _)| *finish);
            while open.first().is_some_and(|(finish, _)| *finish <= now) {
                let (finish, slot) = open.remove(0);
                window.finish(slot, finish);
            }
            if restart && open.is_empty() {
                let mut restored = Window::default();
                for (at, calls) in window.snapshot(now, 100) {
                    restored.record(calls, at);
                }
                window = restored;
            }
            if let Ok(slot) = window.take(limit, None, now) {
                arrivals.push(now + until_arrival);
                open.push((now + until_arrival + until_finish, slot));
            }
        }
        arrivals.sort_unstable();
        for start in &arrivals {
            let inside = arrivals.iter().filter(|at| *at >= start && **at < start + WINDOW_MS).count();
            prop_assert!(inside <= limit as usize, "{inside} calls in one minute, limit {limit}");
        }
    }
}
