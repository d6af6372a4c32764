use futures_util::FutureExt as _;
use gardien_domain::key::{KeyParts, PreviousSecret, PreviousSecrets};
use gardien_domain::{MemberId, ProductScope, ProductScopes, SecretDigest};
use http::Request;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::refusal::CallRefusal;
use crate::under_way::Ended;

const SHOP: ProjectId = ProjectId(7);
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn digest(seed: u8) -> SecretDigest {
    SecretDigest([seed; 32])
}

fn key(scope: Scope) -> KeyParts {
    KeyParts {
        id: KeyId(Uuid::from_u128(1)),
        name: "Grafana".to_owned(),
        note: String::new(),
        scope,
        products: ProductScopes {
            platform: ProductScope::Read,
            uptime: ProductScope::ReadWrite,
        },
        digest: digest(1),
        display: String::new(),
        previous: PreviousSecrets::default(),
        share: Share::default(),
        created_at: NOW,
        created_by: MemberId(Uuid::from_u128(2)),
        expires_at: None,
        revoked: None,
    }
}

fn revocation() -> Revocation {
    Revocation {
        at: NOW,
        by: MemberId(Uuid::from_u128(2)),
    }
}

fn rules() -> Rules {
    let mut rules = Rules::of(Arc::default());
    rules.put_projects([(SHOP, "shop")]);
    rules.put(
        &Key::from_parts(key(Scope::Project { project_id: SHOP })),
        NOW,
    );
    rules
}

fn is_over(ended: &Ended) -> bool {
    ended.reason().now_or_never().is_some()
}

/// A call that begins on what it found before a change, and only after it.
fn late(rules: &mut Rules, change: impl FnOnce(&mut Rules)) -> Ended {
    let known = rules.known.clone();
    let found = known.secrets.find(&digest(1), |_, _, calls| {
        change(rules);
        calls.begin()
    });
    found.unwrap()
}

#[test]
fn a_call_that_found_its_key_a_moment_before_it_was_taken_away_ends() {
    let rotated = KeyParts {
        digest: digest(2),
        ..key(Scope::Project { project_id: SHOP })
    };
    let takes_away: [&dyn Fn(&mut Rules); 4] = [
        &|rules| rules.revoke(KeyId(Uuid::from_u128(1)), revocation()),
        &|rules| rules.remove_project(SHOP),
        &|rules| rules.put(&Key::from_parts(rotated.clone()), NOW),
        &|rules| {
            let mut key = Key::from_parts(key(Scope::Project { project_id: SHOP }));
            key.revoke(revocation());
            rules.put(&key, NOW);
        },
    ];
    for take_away in takes_away {
        assert!(is_over(&late(&mut rules(), take_away)));
    }
}

#[test]
fn a_call_that_found_its_key_a_moment_before_an_edit_goes_on_until_the_key_is_revoked() {
    let mut rules = rules();
    let edited = KeyParts {
        products: ProductScopes::default(),
        ..key(Scope::Project { project_id: SHOP })
    };
    let ended = late(&mut rules, |rules| {
        rules.put(&Key::from_parts(edited), NOW);
    });
    assert!(!is_over(&ended));
    rules.revoke(KeyId(Uuid::from_u128(1)), revocation());
    assert!(is_over(&ended));
}

#[test]
fn calls_of_a_project_that_is_back_are_not_those_that_ended_with_it() {
    let mut rules = rules();
    let before = late(&mut rules, |_| ());
    rules.remove_project(SHOP);
    rules.put_projects([(SHOP, "shop")]);
    assert!(is_over(&before));
    assert!(!is_over(&late(&mut rules, |_| ())));
}

#[test]
fn a_project_that_goes_while_its_key_is_judged_is_gone() {
    let mut rules = rules();
    let known = rules.known.clone();
    let (head, ()) = Request::get("/uptime/monitors")
        .body(())
        .unwrap()
        .into_parts();
    let mut judge = |change: fn(&mut Rules)| {
        known.secrets.find(&digest(1), |key, secret, calls| {
            change(&mut rules);
            known.judge(&head, key, secret, calls, NOW)
        })
    };
    assert!(judge(|_| ()).unwrap().is_ok());
    let gone = judge(|rules| rules.remove_project(SHOP)).unwrap();
    assert!(matches!(
        gone,
        Err(CallRefusal::Decided(Refusal::ProjectDeleted))
    ));
}

/// Another key of the organization, with one secret.
fn another(id: u128, seed: u8) -> Key {
    Key::from_parts(KeyParts {
        id: KeyId(Uuid::from_u128(id)),
        digest: digest(seed),
        ..key(Scope::Organization {})
    })
}

#[test]
fn keys_whose_ids_end_alike_are_told_apart() {
    let mut rules = Rules::of(Arc::default());
    let ids = [1, 1 << 64 | 1, 2 << 64 | 1];
    for (id, seed) in ids.into_iter().zip(1..) {
        rules.put(&another(id, seed), NOW);
    }
    for seed in 4..9 {
        rules.put(&another(ids[1], seed), NOW);
    }
    rules.revoke(KeyId(Uuid::from_u128(ids[0])), revocation());
    let found = ids.map(|id| rules.get(KeyId(Uuid::from_u128(id))).unwrap());
    assert_eq!(found.map(|rule| rule.id.0.as_u128()), ids);
    assert_eq!(
        found.map(|rule| rule.digest),
        [digest(1), digest(8), digest(3)]
    );
    assert_eq!(found.map(|rule| rule.revoked_at), [Some(NOW), None, None]);
}

#[test]
fn a_key_that_there_is_at_the_start_is_changed_like_any_other() {
    let share = Share {
        reserved: 5,
        ..Share::default()
    };
    let mut rules = Rules::of(Arc::default());
    rules.reserve(1);
    let there_is = another(1, 1);
    rules.begin(&KeyRule::from(&there_is), share);
    assert_eq!(rules.share(there_is.id(), NOW), share);
    let calls = late(&mut rules, |_| ());
    rules.put(&another(1, 2), NOW);
    assert!(is_over(&calls));
    assert_eq!(rules.known.secrets.rule(&digest(1)), None);
    rules.revoke(there_is.id(), revocation());
    assert_eq!(
        rules.known.secrets.rule(&digest(2)).unwrap().revoked_at,
        Some(NOW)
    );
}

/// Most in whole milliseconds, as they come from the window, before and after what fits in little room.
fn moment() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        3 => (1_700_000_000_000_i64..2_400_000_000_000).prop_map(|it| it * 1_000),
        1 => -1_000_000_i64..4_000_000_000_000_000,
    ]
    .prop_map(|micros| Timestamp::from_microsecond(micros).unwrap())
}

fn project() -> impl Strategy<Value = i64> {
    prop_oneof![3 => -1_i64..1 << 22, 1 => any::<i64>()]
}

prop_compose! {
    fn any_rule()(
        project in proptest::option::of(project()),
        platform in prop::sample::select(ProductScope::ALL),
        uptime in prop::sample::select(ProductScope::ALL),
        expires_at in proptest::option::of(moment()),
        revoked_at in proptest::option::weighted(0.2, moment()),
        last in proptest::option::weighted(0.2, moment()),
        earlier in proptest::option::weighted(0.2, moment()),
    ) -> KeyRule {
        let previous = |seed| move |valid_until| PreviousSecret { digest: digest(seed), valid_until };
        KeyRule {
            id: KeyId(Uuid::from_u128(1)),
            scope: project.map_or(Scope::Organization {}, |id| Scope::Project { project_id: ProjectId(id) }),
            products: ProductScopes { platform, uptime },
            digest: digest(1),
            previous: PreviousSecrets { last: last.map(previous(2)), earlier: earlier.map(previous(3)) },
            expires_at,
            revoked_at,
        }
    }
}

proptest! {
    /// Whatever a key is, each of its secrets finds all of that.
    #[test]
    fn what_is_held_in_little_room_is_whole(rule in any_rule()) {
        let rules = Rules::of(Arc::default());
        for digest in rule.digests() {
            rules.known.secrets.put(digest, &rule, None);
        }
        for digest in rule.digests() {
            prop_assert_eq!(rules.known.secrets.rule(&digest), Some(rule));
        }
        prop_assert_eq!(rules.known.secrets.rule(&digest(9)), None);
    }
}
