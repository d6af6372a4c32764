use std::convert::Infallible;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use super::*;
use crate::key::Presented;
use crate::product::ProductScope;
use crate::secret::SecretKind;

/// What somebody does to a key.
#[derive(Debug, Clone)]
enum Step {
    Revoke,
    Restore,
    Rotate { to: usize, grace: i64 },
    EndPrevious,
    Edit(KeyEdit),
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A few, made once.
fn secret(number: usize) -> &'static Secret {
    static SECRETS: LazyLock<Vec<Secret>> = LazyLock::new(|| {
        let made = (0..8).map(|seed| {
            Secret::generate(SecretKind::Organization, |bytes| {
                bytes.fill(seed);
                Ok::<_, Infallible>(())
            })
        });
        made.collect::<Result<_, _>>().unwrap()
    });
    &SECRETS[number]
}

fn by(second: i64) -> Revocation {
    Revocation {
        at: at(second),
        by: MemberId(Uuid::from_u128(second as u128)),
    }
}

fn new() -> Key {
    let first = secret(0);
    Key::from_parts(KeyParts {
        id: KeyId(Uuid::nil()),
        name: "Grafana".into(),
        note: "for the night shift".into(),
        scope: Scope::Organization {},
        products: ProductScopes::default(),
        digest: first.digest(),
        display: first.display(),
        previous: PreviousSecrets::default(),
        share: Share::default(),
        created_at: at(0),
        created_by: MemberId(Uuid::nil()),
        expires_at: None,
        revoked: None,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let scope = || select(ProductScope::ALL);
    let products =
        (scope(), scope()).prop_map(|(platform, uptime)| ProductScopes { platform, uptime });
    let share = (of(1_u32..9), 0_u32..9).prop_map(|(at_most, reserved)| Share {
        at_most,
        reserved,
        ..Share::default()
    });
    let edit = (
        of("[a-z]{0,3}"),
        of("[a-z]{0,3}"),
        of(products),
        of(share),
        of(of((0_i64..300).prop_map(at))),
    );
    prop_oneof![
        Just(Step::Revoke),
        Just(Step::Restore),
        (0_usize..8, 0_i64..40).prop_map(|(to, grace)| Step::Rotate { to, grace }),
        Just(Step::EndPrevious),
        edit.prop_map(
            |(name, note, products, share, expires_at)| Step::Edit(KeyEdit {
                name,
                note,
                products,
                share,
                expires_at,
            })
        ),
    ]
}

fn take(key: &mut Key, step: &Step, now: i64) -> Result<(), KeyFault> {
    match step {
        Step::Revoke => {
            key.revoke(by(now));
            Ok(())
        }
        Step::Restore => key.restore(at(now)).map(drop),
        Step::Rotate { to, grace } => {
            key.rotate(secret(*to), SignedDuration::from_secs(*grace), at(now))
        }
        Step::EndPrevious => key.end_previous(at(now)),
        Step::Edit(edit) => key.edit(edit.clone(), at(now)),
    }
}

/// Calls `holds` with the key before and after each step of some life, and what was answered.
fn every_step(
    life: &[(i64, Step)],
    mut holds: impl FnMut(&Key, &Key, &Step, i64, Result<(), KeyFault>) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let (mut key, mut now) = (new(), 0);
    for (later, step) in life {
        now += later;
        let before = key.clone();
        let answer = take(&mut key, step, now);
        holds(&before, &key, step, now, answer)?;
    }
    Ok(())
}

fn life() -> impl Strategy<Value = Vec<(i64, Step)>> {
    vec((0_i64..15, step()), 1..30)
}

proptest! {
    #[test]
    fn what_is_refused_changes_nothing(life in life()) {
        every_step(&life, |before, after, _, _, answer| {
            prop_assert!(answer.is_ok() || before == after);
            Ok(())
        })?;
    }

    #[test]
    fn what_it_is_and_who_made_it_never_changes(life in life()) {
        every_step(&life, |before, after, _, _, _| {
            let fixed = |key: &Key| (key.id(), key.scope(), key.created_at(), key.created_by());
            prop_assert_eq!(fixed(before), fixed(after));
            Ok(())
        })?;
    }

    /// And the first revocation stands, whoever revokes again.
    #[test]
    fn revoked_stays_revoked_but_by_a_restoration_within_its_window(life in life()) {
        every_step(&life, |before, after, step, now, answer| {
            let Some(revocation) = before.revoked() else {
                let revokes = matches!(step, Step::Revoke);
                prop_assert_eq!(after.revoked(), revokes.then(|| by(now)));
                prop_assert!(!matches!(step, Step::Restore) || answer == Err(KeyFault::NotRevoked));
                return Ok(());
            };
            let within = at(now).duration_since(revocation.at).as_secs() < RESTORE_SECONDS;
            match (step, within) {
                (Step::Restore, true) => {
                    let mut again = after.clone();
                    again.revoke(revocation);
                    prop_assert_eq!(&again, before, "it is what it was before");
                }
                (Step::Restore, false) => prop_assert_eq!(answer, Err(KeyFault::RestoreTooLate)),
                (Step::Revoke, _) => prop_assert_eq!(before, after),
                _ => prop_assert_eq!(answer, Err(KeyFault::Revoked)),
            }
            Ok(())
        })?;
    }

    #[test]
    fn expired_stays_expired(life in life()) {
        every_step(&life, |before, after, step, now, answer| {
            if before.status(at(now)) == KeyStatus::Expired {
                prop_assert_eq!(before.expires_at(), after.expires_at());
                let changes = !matches!(step, Step::Revoke | Step::Restore);
                prop_assert!(!changes || answer == Err(KeyFault::Expired));
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_rotation_keeps_the_secret_before_and_each_as_long_as_was_promised(life in life()) {
        every_step(&life, |before, after, step, now, answer| {
            let now = at(now);
            let working = |key: &Key| -> Vec<_> {
                key.previous().iter().filter(|secret| secret.valid_until > now).collect()
            };
            let (rotates, promised) = (matches!(step, Step::Rotate { .. }), working(before));
            match step {
                Step::Rotate { to, grace } if answer.is_ok() => {
                    let end = now + SignedDuration::from_secs(*grace);
                    let replaced = PreviousSecret {
                        digest: before.digest(),
                        valid_until: after.expires_at().map_or(end, |expires| end.min(expires)),
                    };
                    prop_assert_eq!(after.previous().last, Some(replaced));
                    prop_assert_eq!(after.digest(), secret(*to).digest());
                    prop_assert_eq!(after.display(), secret(*to).display());
                    for promise in promised {
                        prop_assert!(working(after).contains(&promise));
                    }
                }
                Step::Rotate { .. } if before.working(now).is_ok() => {
                    let until = promised.iter().map(|secret| secret.valid_until).min();
                    let until = until.filter(|_| promised.len() == 2);
                    let refusal = until.map(|until| KeyFault::TooManySecrets { until });
                    prop_assert_eq!(answer.err(), refusal);
                }
                Step::EndPrevious if answer.is_ok() => {
                    prop_assert_eq!(before.status(now), KeyStatus::Rotating);
                    prop_assert_eq!(after.status(now), KeyStatus::Active);
                }
                Step::Edit(_) if answer.is_ok() => {
                    let kept = |secret: &PreviousSecret| {
                        after.expires_at().is_none_or(|end| secret.valid_until <= end)
                    };
                    let promised = promised.into_iter().filter(kept);
                    prop_assert!(promised.into_iter().all(|secret| working(after).contains(&secret)));
                }
                _ => prop_assert_eq!(before.previous(), after.previous()),
            }
            let end = after.expires_at().unwrap_or(Timestamp::MAX);
            prop_assert!(after.previous().iter().all(|secret| secret.valid_until <= end));
            let secrets = |key: &Key| (key.digest(), key.display().to_owned());
            prop_assert!(rotates || secrets(before) == secrets(after));
            Ok(())
        })?;
    }

    #[test]
    fn an_edit_changes_what_it_names_and_nothing_else(life in life()) {
        every_step(&life, |before, after, step, _, answer| {
            let Step::Edit(edit) = step else { return Ok(()) };
            if answer.is_ok() {
                let expected = KeyParts {
                    name: edit.name.clone().unwrap_or_else(|| before.name().to_owned()),
                    note: edit.note.clone().unwrap_or_else(|| before.note().to_owned()),
                    products: edit.products.unwrap_or(before.products()),
                    share: edit.share.unwrap_or(before.share()),
                    expires_at: edit.expires_at.unwrap_or(before.expires_at()),
                    previous: after.previous(),
                    ..before.clone().into_parts()
                };
                prop_assert_eq!(after, &Key::from_parts(expected));
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_rule_says_of_a_key_what_it_is(life in life()) {
        every_step(&life, |_, key, _, _, _| {
            let rule = crate::KeyRule::from(key);
            prop_assert_eq!(rule.revoked_at, key.revoked().map(|revocation| revocation.at));
            prop_assert_eq!(rule.presented(&key.digest()), Some(Presented::Current));
            for digest in rule.digests() {
                prop_assert!(rule.presented(&digest).is_some());
            }
            prop_assert_eq!(rule.presented(&SecretDigest([0xfe; 32])), None);
            Ok(())
        })?;
    }
}

#[test]
fn a_clock_that_was_set_back_does_not_make_the_window_longer() {
    let mut key = new();
    key.revoke(by(100));
    assert_eq!(key.restore(at(99)), Err(KeyFault::RestoreTooLate));
    assert_eq!(key.restore(at(110)), Err(KeyFault::RestoreTooLate));
    assert_eq!(key.restore(at(109)), Ok(by(100)));
}

#[test]
fn two_earlier_secrets_work_as_promised_and_a_third_waits_for_one_of_them() {
    let rotate = |key: &mut Key, to, grace, now| {
        key.rotate(secret(to), SignedDuration::from_secs(grace), at(now))
    };
    let until = |key: &Key, number| {
        let found = key.previous().find(&secret(number).digest());
        found.map(|secret| secret.valid_until.as_second())
    };
    let mut key = new();
    rotate(&mut key, 1, 3_600, 0).unwrap();
    rotate(&mut key, 2, 60, 10).unwrap();
    assert_eq!((until(&key, 0), until(&key, 1)), (Some(3_600), Some(70)));
    let refused = rotate(&mut key, 3, 60, 69);
    assert_eq!(refused, Err(KeyFault::TooManySecrets { until: at(70) }));
    rotate(&mut key, 3, 0, 70).unwrap();
    assert_eq!((until(&key, 0), until(&key, 1)), (Some(3_600), None));
    // The last one ended at once; the first goes on.
    assert_eq!(
        (until(&key, 2), key.status(at(70))),
        (Some(70), KeyStatus::Rotating)
    );
    key.edit(
        KeyEdit {
            expires_at: Some(Some(at(1_000))),
            ..KeyEdit::default()
        },
        at(80),
    )
    .unwrap();
    assert_eq!(until(&key, 0), Some(1_000));
    rotate(&mut key, 4, 2_000, 90).unwrap();
    assert_eq!(until(&key, 3), Some(1_000), "not beyond the end of the key");
}
