use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::wanted::{Minute, Wanted};

fn share(at_most: Option<u32>, reserved: u32, weight: u32) -> Share {
    Share {
        at_most,
        reserved,
        weight,
    }
}

const USUAL: Share = Share {
    at_most: None,
    reserved: 0,
    weight: 1,
};

fn divided(limit: u32, wishes: &[(u32, Share)]) -> Vec<u32> {
    let wishes: Vec<Wish> = wishes
        .iter()
        .map(|(wanted, share)| Wish {
            wanted: *wanted,
            share: *share,
        })
        .collect();
    divide(limit, &wishes)
}

#[test]
fn a_minute_is_divided_as_the_schedule_does() {
    for (wishes, made) in [
        (vec![(84, USUAL), (12, USUAL)], vec![84, 12]),
        (vec![(150, USUAL), (12, USUAL)], vec![88, 12]),
        (
            vec![(150, USUAL), (150, USUAL), (2, USUAL)],
            vec![49, 49, 2],
        ),
        (vec![(150, share(None, 0, 3)), (150, USUAL)], vec![75, 25]),
        (vec![(84, share(Some(71), 0, 1)), (12, USUAL)], vec![71, 12]),
        // What is kept and not used is lent to nobody.
        (vec![(150, USUAL), (1, share(None, 30, 1))], vec![70, 1]),
        (vec![(150, USUAL), (40, share(None, 30, 1))], vec![60, 40]),
        (
            vec![(150, USUAL), (200, share(Some(20), 30, 1))],
            vec![80, 20],
        ),
        (vec![], vec![]),
    ] {
        assert_eq!(divided(100, &wishes), made, "{wishes:?}");
    }
    // Whole calls are left over by parts that are none.
    assert_eq!(divided(100, &[(90, USUAL); 3]).iter().sum::<u32>(), 100);
}

fn wish() -> impl Strategy<Value = (u32, Share)> {
    let at_most = prop_oneof![Just(None), (1..80_u32).prop_map(Some)];
    let reserved = prop_oneof![3 => Just(0), 1 => 1..40_u32];
    let wanted = prop_oneof![Just(0), 1..20_u32, 20..400_u32];
    (wanted, at_most, reserved, 1..=10_u32)
        .prop_map(|(wanted, most, kept, weight)| (wanted, share(most, kept, weight)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn nobody_has_too_much_and_nothing_is_idle_that_somebody_may_have(
        limit in 1..300_u32,
        wishes in prop::collection::vec(wish(), 0..12),
    ) {
        let made = divided(limit, &wishes);
        let kept: u32 = wishes.iter().map(|(_, share)| share.kept_free()).sum();
        prop_assert!(made.iter().sum::<u32>() <= limit);
        let mut taken = 0;
        for ((wanted, share), made) in wishes.iter().zip(&made) {
            let most = share.at_most.unwrap_or(u32::MAX).min(*wanted);
            prop_assert!(*made <= most);
            if kept <= limit {
                prop_assert!(*made >= share.kept_free().min(most), "{share:?}");
            }
            taken += share.kept_free().max(*made);
        }
        let content = wishes.iter().zip(&made).all(|((wanted, share), made)| {
            *made == share.at_most.unwrap_or(u32::MAX).min(*wanted)
        });
        prop_assert!(content || taken >= limit, "{taken} of {limit}: {made:?}");
        // Whoever goes short has its part of what is not kept, to within a call.
        if kept <= limit {
            let turn = |(((wanted, share), made), it): (((&u32, &Share), &u32), bool)| {
                let beyond = made.saturating_sub(share.kept_free().min(*wanted));
                let more = u32::from(it);
                f64::from(beyond + more) / f64::from(share.weight)
            };
            let each = || wishes.iter().map(|(wanted, share)| (wanted, share)).zip(&made);
            let short = each().filter(|((wanted, share), made)| {
                **made < share.at_most.unwrap_or(u32::MAX).min(**wanted)
            });
            let least = short.map(|it| turn((it, true))).fold(f64::INFINITY, f64::min);
            for it in each() {
                prop_assert!(turn((it, false)) <= least + 1.0, "{it:?} of {made:?}, {least}");
            }
        }
    }
}

const TERRAFORM: KeyId = KeyId(Uuid::from_u128(1));
const BOT: KeyId = KeyId(Uuid::from_u128(2));
const OTHER: KeyId = KeyId(Uuid::from_u128(3));

fn minute(began: u64, calls: &[(KeyId, u32)]) -> Minute {
    let mut wanted = Wanted::since(0);
    for (key, calls) in calls {
        for _ in 0..*calls {
            wanted.count(*key, 0);
        }
    }
    let mut minute = wanted.hour(0).minutes.remove(0);
    minute.began = began;
    minute
}

fn hour(minutes: Vec<Minute>) -> Hour {
    Hour { minutes, known: 60 }
}

fn could(wanted: u32, made: u32, began: u64) -> CouldMake {
    CouldMake {
        wanted,
        made,
        began,
    }
}

#[test]
fn the_worst_minute_is_told_of_the_key_and_of_whom_it_costs_the_most() {
    let hour = hour(vec![
        minute(0, &[(TERRAFORM, 84), (BOT, 5)]),
        minute(60, &[(TERRAFORM, 90), (BOT, 12)]),
        minute(120, &[(BOT, 99)]),
        minute(180, &[(TERRAFORM, 3), (OTHER, 40), (BOT, 7)]),
    ]);
    let none = HashMap::new();
    let asked = |key, share| what_if(&hour, 100, &none, (key, share), |_| true);
    let capped = asked(Some(TERRAFORM), share(Some(71), 0, 1));
    assert_eq!(capped.key, Some(could(90, 71, 60)));
    assert_eq!(capped.other, None);
    // It loses nothing by that: its busiest minute, in which the bot has less than it would have without.
    let kept = asked(Some(TERRAFORM), share(None, 95, 1));
    assert_eq!(kept.key, Some(could(90, 90, 60)));
    assert_eq!(kept.other, Some((BOT, could(99, 5, 120))));
    // One that is not made yet called never, and takes all the same.
    let fresh = asked(None, share(None, 30, 1));
    assert_eq!(
        (fresh.key, fresh.other),
        (None, Some((TERRAFORM, could(90, 58, 60))))
    );
    assert_eq!(asked(Some(OTHER), USUAL).key, Some(could(40, 40, 180)));
    let nothing = WhatIf {
        known_minutes: 60,
        ..WhatIf::default()
    };
    assert_eq!(asked(None, USUAL), nothing);
}

#[test]
fn what_is_lost_already_is_laid_on_nobody_and_only_who_may_be_is_named() {
    let hour = hour(vec![minute(0, &[(TERRAFORM, 200), (BOT, 150), (OTHER, 9)])]);
    let before = HashMap::from([(TERRAFORM, share(None, 20, 1))]);
    let try_it = |share, named: fn(KeyId) -> bool| {
        what_if(&hour, 100, &before, (Some(TERRAFORM), share), named)
    };
    assert_eq!(try_it(share(None, 20, 1), |_| true).other, None);
    let more = share(None, 40, 1);
    assert_eq!(try_it(more, |_| true).other, Some((BOT, could(150, 26, 0))));
    assert_eq!(try_it(more, |key| key != BOT).other, None);
    // Kept for a key that was silent, it is gone for the others too.
    let silent = HashMap::from([(KeyId(Uuid::from_u128(9)), share(None, 90, 1))]);
    let asked = what_if(&hour, 100, &silent, (Some(OTHER), USUAL), |_| true);
    assert_eq!(asked.key, Some(could(9, 4, 0)));
}
