use gardien_domain::AtLimit;

use super::*;

mod killed;
mod shared;

type Meter = super::Meter<()>;

fn rejecting(limit: u32) -> Organization {
    Organization {
        calls_per_minute: limit,
        at_limit: AtLimit::Reject,
        ..Organization::named(String::new())
    }
}

fn enter(meter: &mut Meter, now: u64) -> Entry {
    meter.enter(None, 0, now, || ())
}

fn grant(meter: &mut Meter, now: u64) -> Option<Turn> {
    match enter(meter, now) {
        Entry::Granted { turn, .. } => Some(turn),
        _ => None,
    }
}

#[test]
fn nothing_is_granted_before_the_ledger_says_so() {
    let mut meter = Meter::restore(100, &SavedCalls::default(), 0, 60_000);
    assert!(matches!(enter(&mut meter, 60_000), Entry::Dry));
    let renewal = meter.renewal(0, 60_000);
    assert_eq!(renewal.saved.leased, 10);
    meter.renewed(renewal.extra);
    for _ in 0..10 {
        let slot = grant(&mut meter, 60_000).unwrap();
        meter.finish(slot, 60_000);
    }
    assert!(matches!(enter(&mut meter, 60_000), Entry::Dry));
}

#[test]
fn a_clean_stop_saves_exactly_what_was_called() {
    let mut meter = Meter::restore(100, &SavedCalls::default(), 1_000_000, 60_000);
    let renewal = meter.renewal(1_000_000, 60_000);
    meter.renewed(renewal.extra);
    for _ in 0..7 {
        let slot = grant(&mut meter, 60_000).unwrap();
        meter.finish(slot, 60_000);
    }
    let saved = meter.close(1_000_500, 60_500);
    assert_eq!(saved.leased, 0);
    assert_eq!(saved.finished, [(1_000_000, 7)]);
    let mut again = Meter::restore(100, &saved, 1_000_600, 60_000);
    assert_eq!(again.state(60_000).remaining, 93);
}

#[test]
fn a_call_in_flight_counts_after_the_end() {
    let mut meter = Meter::restore(100, &SavedCalls::default(), 0, 60_000);
    let renewal = meter.renewal(0, 60_000);
    meter.renewed(renewal.extra);
    let slot = grant(&mut meter, 60_000).unwrap();
    assert_eq!(meter.close(0, 60_000).leased, 1);
    meter.finish(slot, 60_001);
}

#[test]
fn times_of_the_future_count_as_now_and_old_ones_not() {
    let saved = SavedCalls {
        finished: vec![(1, 50), (999_000, 3), (5_000_000, 4)],
        by_key: Vec::new(),
        leased: 0,
    };
    let mut meter = Meter::restore(100, &saved, 1_000_000, 60_000);
    assert_eq!(meter.state(60_000).used, 7);
    assert_eq!(meter.state(119_000).used, 4);
    assert_eq!(meter.state(120_000).used, 0);
}

#[test]
fn a_damaged_ledger_blocks_and_does_not_overflow() {
    let saved = SavedCalls {
        finished: vec![(1_000, u32::MAX), (1_001, u32::MAX)],
        by_key: Vec::new(),
        leased: u32::MAX,
    };
    let mut meter = Meter::restore(100, &saved, 1_002, 60_000);
    assert!(matches!(enter(&mut meter, 60_000), Entry::Full { .. }));
    assert_eq!(meter.state(120_000).used, 0);
}

#[test]
fn a_broken_ledger_does_not_stop_calls_nor_loosen_the_limit() {
    let mut meter = Meter::restore(30, &SavedCalls::default(), 0, 60_000);
    meter.ledger_failed();
    let granted = (0..40).filter_map(|_| grant(&mut meter, 60_000)).count();
    assert_eq!(granted, 30);
}

#[test]
fn what_goes_while_the_ledger_is_written_again_is_leased_by_what_it_says() {
    let mut meter = Meter::restore(100, &SavedCalls::default(), 0, 60_000);
    meter.ledger_failed();
    let renewal = meter.renewal(0, 60_000);
    let open: Vec<_> = (0..30).filter_map(|_| grant(&mut meter, 60_000)).collect();
    assert_eq!(open.len(), 30, "no caller pays for the ledger");
    assert!(meter.renewed(renewal.extra), "it says too much");
    let mut killed = Meter::restore(100, &renewal.saved, 0, 60_000);
    assert!(killed.state(60_000).remaining <= 70);
    // And what follows is leased anew, as ever.
    let renewal = meter.renewal(0, 60_000);
    assert_eq!(renewal.saved.leased, 40);
    assert!(!meter.renewed(renewal.extra));
    for slot in open {
        meter.finish(slot, 60_000);
    }
    let granted = (0..40).filter_map(|_| grant(&mut meter, 60_000)).count();
    assert_eq!(granted, 10);
}

#[test]
fn a_limit_takes_effect_at_once() {
    let mut meter = Meter::restore(10, &SavedCalls::default(), 0, 60_000);
    meter.ledger_failed();
    for _ in 0..10 {
        let slot = grant(&mut meter, 60_000).unwrap();
        meter.finish(slot, 60_000);
    }
    meter.set_limit(&rejecting(11), 60_000);
    assert!(grant(&mut meter, 60_000).is_some());
    meter.set_limit(&rejecting(3), 60_000);
    assert_eq!(meter.state(60_000).remaining, 0);
}

#[test]
fn what_has_expired_is_let_go_of_though_nobody_calls() {
    let mut meter = Meter::restore(100, &SavedCalls::default(), 0, 60_000);
    let renewal = meter.renewal(0, 60_000);
    meter.renewed(renewal.extra);
    for at in [60_000, 60_050] {
        let slot = grant(&mut meter, at).unwrap();
        meter.finish(slot, at);
    }
    assert!(!meter.settle(120_050), "there were calls");
    assert_eq!(meter.schedule.window().held(), 2);
    assert!(meter.rest(0, 60_050).is_none());
    for (then, held) in [(120_049, 1), (120_000, 1), (120_050, 0)] {
        assert!(meter.settle(then));
        assert_eq!(meter.schedule.window().held(), held, "{then}");
    }
}

fn full(meter: &mut Meter, now: u64) -> u64 {
    match enter(meter, now) {
        Entry::Full(full) => full.retry_after_ms,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_granted_while_the_upstream_takes_no_calls() {
    let mut meter = Meter::restore(100, &SavedCalls::default(), 0, 60_000);
    meter.ledger_failed();
    let slot = grant(&mut meter, 60_000).unwrap();
    assert_eq!(meter.hold(3_000, 1_000_000, 61_000), 3_000);
    meter.finish(slot, 61_000);
    assert_eq!(full(&mut meter, 61_000), 3_000);
    assert_eq!(
        meter.state(62_500),
        LimitState {
            limit: 100,
            used: 100,
            remaining: 0,
            waiting: 0,
            pace: None,
            reset_seconds: 2,
            hold: Some(Hold {
                since: 1_000_000,
                until: 1_003_000
            }),
            direct: None,
        }
    );
    // What was granted before may have been cancelled since, and more may be allowed: it is the upstream's word.
    meter.set_limit(&rejecting(1_000), 60_000);
    assert_eq!(full(&mut meter, 63_999), 1);
    assert!(grant(&mut meter, 64_000).is_some());
    assert_eq!(
        (meter.state(64_000).used, meter.state(64_000).hold),
        (2, None)
    );
}

#[test]
fn a_hold_is_prolonged_and_never_shortened_nor_endless() {
    let mut meter = Meter::restore(100, &SavedCalls::default(), 0, 60_000);
    assert_eq!(meter.hold(10_000, 1_000_000, 60_000), 10_000);
    assert_eq!(meter.hold(2_000, 1_001_000, 61_000), 9_000);
    assert_eq!(meter.hold(10_000, 1_002_000, 62_000), 10_000);
    let hold = Hold {
        since: 1_000_000,
        until: 1_012_000,
    };
    assert_eq!(meter.state(62_000).hold, Some(hold));
    assert_eq!(meter.hold(u64::MAX, 1_003_000, 63_000), LONGEST_HOLD_MS);
}

#[test]
fn a_refusal_during_a_hold_says_when_a_slot_is_free_if_that_is_later() {
    let mut meter = Meter::restore(1, &SavedCalls::default(), 0, 60_000);
    meter.ledger_failed();
    let slot = grant(&mut meter, 60_000).unwrap();
    meter.finish(slot, 60_000);
    meter.hold(3_000, 0, 61_000);
    assert_eq!(full(&mut meter, 61_000), 59_000);
    assert_eq!(meter.state(61_000).reset_seconds, 59);
}

#[test]
fn a_hold_ends_with_the_upstream_that_asked_for_it() {
    let mut meter = Meter::restore(10, &SavedCalls::default(), 0, 60_000);
    meter.hold(60_000, 1_000_000, 60_000);
    assert_eq!(meter.state(60_001).remaining, 0);
    meter.release(1);
    assert!(meter.believes(Some(1)) && !meter.believes(Some(0)) && !meter.believes(None));
    assert_eq!(meter.state(60_001).remaining, 10);
}

#[test]
fn a_restart_goes_on_with_a_hold() {
    for (wait, left) in [(20_000, 20_000), (60_000, 60_000), (200_000, 60_000)] {
        let mut meter = Meter::restore(100, &SavedCalls::default(), 1_000_000, 60_000);
        let renewal = meter.renewal(1_000_000, 60_000);
        meter.renewed(renewal.extra);
        let slot = grant(&mut meter, 60_000).unwrap();
        meter.finish(slot, 60_000);
        meter.hold(wait, 1_001_000, 61_000);
        let saved = meter.close(1_001_000, 61_000);
        let mut again = Meter::restore(100, &saved, 1_001_000, 60_000);
        again.ledger_failed();
        assert_eq!(again.state(60_000).remaining, 0);
        assert!(grant(&mut again, 60_000 + left - 1).is_none(), "{wait}");
        assert!(grant(&mut again, 60_000 + left).is_some(), "{wait}");
    }
}
