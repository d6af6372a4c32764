//! What each side does by itself. That both together keep the promise is what the model shows.

use super::{Acknowledgement, Held, Lease, Renewal, Terms};

fn lease() -> Lease {
    Lease::new(Terms::default(), 7)
}

fn renew(lease: &mut Lease, now: u64) -> Renewal {
    lease.renew(now).unwrap()
}

#[test]
fn a_lease_runs_from_before_it_was_asked_for_and_ends_early() {
    let mut lease = lease();
    assert!(!lease.holds(0));
    let renewal = renew(&mut lease, 1_000);
    assert_eq!((renewal.number, renewal.applied), (1, 7));
    assert!(!lease.holds(1_000), "it was not granted yet");
    lease.renewed(renewal, 7);
    assert!(lease.holds(1_000) && lease.holds(2_899));
    assert!(!lease.holds(2_900));
}

#[test]
fn a_lease_holds_once_everything_is_applied_that_was_the_newest() {
    let mut lease = lease();
    let renewal = renew(&mut lease, 0);
    lease.renewed(renewal, 9);
    lease.applied(8);
    assert!(!lease.holds(1));
    assert_eq!(lease.renew(1), None, "it lags behind");
    lease.applied(9);
    assert!(lease.holds(1) && lease.holds(1_899) && !lease.holds(1_900));
    assert_eq!(renew(&mut lease, 1).applied, 9);
}

#[test]
fn what_is_not_applied_yet_takes_nothing_from_the_lease_before() {
    let mut lease = lease();
    let first = renew(&mut lease, 0);
    lease.renewed(first, 7);
    let second = renew(&mut lease, 500);
    lease.renewed(second, 8);
    assert!(lease.holds(1_899) && !lease.holds(1_900));
    lease.applied(8);
    assert!(lease.holds(2_399) && !lease.holds(2_400));
}

#[test]
fn an_answer_that_comes_late_takes_nothing_back_and_gives_no_more_than_it_did() {
    let mut lease = lease();
    let (first, second) = (renew(&mut lease, 0), renew(&mut lease, 500));
    lease.renewed(second, 9);
    lease.renewed(first, 8);
    lease.applied(8);
    assert!(!lease.holds(600), "the newest that it was told of is 9");
    lease.applied(9);
    assert!(lease.holds(2_399) && !lease.holds(2_400));
    lease.applied(3);
    assert_eq!(renew(&mut lease, 600).applied, 9);
}

fn held(gateway: &'static str, renewals: u64, term: u64) -> Held<&'static str> {
    Held {
        gateway,
        renewals,
        term,
    }
}

#[test]
fn nobody_is_waited_for_where_everybody_has_it() {
    let acknowledgement = Acknowledgement::<&str>::new([], 5);
    assert!(acknowledgement.is_done(5));
    assert_eq!(acknowledgement.until(), None);
    assert_eq!(acknowledgement.run_out(5).count(), 0);
}

#[test]
fn those_who_have_shown_it_are_waited_for_no_more() {
    let (one, two) = (held("one", 4, 2_000), held("two", 9, 2_000));
    let mut acknowledgement = Acknowledgement::new([one, two], 1_000);
    assert_eq!(
        acknowledgement.lacking().collect::<Vec<_>>(),
        ["one", "two"]
    );
    assert_eq!(acknowledgement.until(), Some(3_000));
    // One that came since was told of it, and is not waited for.
    acknowledgement.looked([two, held("three", 1, 2_000)]);
    assert_eq!(acknowledgement.lacking().collect::<Vec<_>>(), ["two"]);
    acknowledgement.looked([]);
    assert!(acknowledgement.is_done(1_001));
    assert_eq!(acknowledgement.run_out(9_000).count(), 0);
}

#[test]
fn a_lease_has_run_out_after_its_own_term_whatever_its_gateway_sends() {
    let (short, long) = (held("short", 4, 1_000), held("long", 9, 2_000));
    let mut acknowledgement = Acknowledgement::new([short, long], 1_000);
    acknowledgement.looked([held("short", 5, 1_000), held("long", 10, 2_000)]);
    assert!(!acknowledgement.is_done(2_999));
    let run_out = |now| acknowledgement.run_out(now).collect::<Vec<_>>();
    assert_eq!(run_out(1_999), []);
    assert_eq!(run_out(2_999), [("short", 4)]);
    assert!(acknowledgement.is_done(3_000));
    assert_eq!(run_out(3_000), [("long", 9), ("short", 4)]);
}
