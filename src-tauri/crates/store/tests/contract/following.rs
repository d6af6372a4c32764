//! How a gateway learns: all there is at its start, and what became of it since.

use std::collections::BTreeMap;

use gardien_domain::key::{PreviousSecret, PreviousSecrets, Revocation};
use gardien_domain::phare_key::Purpose;
use gardien_domain::share::Share;
use gardien_domain::{
    AdoptedUpstream, Key, KeyId, KeyParts, KeyRule, Organization, PhareKey, PhareKeyId,
    PhareSecret, PhareSecretId, ProductScope, ProductScopes, ProjectId, Scope, ScopeKind,
    SecretDigest, UpstreamIdentity,
};
use gardien_store::{Change, Changes, Snapshot, Store};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use crate::support::{Database, at, commit, key, opened, project};

#[derive(Debug, Clone, Copy)]
enum Step {
    Organization(u32),
    Project(u8, u8),
    DeleteProject(u8),
    Key(u8, u8),
    Revoke(u8),
    PhareKey(u8, bool),
    DeletePhareKey(u8),
}

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = prop_oneof![
        (1_u32..500).prop_map(Step::Organization),
        (1_u8..6, any::<u8>()).prop_map(|(id, name)| Step::Project(id, name)),
        (1_u8..6).prop_map(Step::DeleteProject),
        (1_u8..9, any::<u8>()).prop_map(|(id, name)| Step::Key(id, name)),
        (1_u8..9).prop_map(Step::Revoke),
        (1_u8..4, any::<bool>()).prop_map(|(id, kept)| Step::PhareKey(id, kept)),
        (1_u8..4).prop_map(Step::DeletePhareKey),
    ];
    // A commit may hold several changes, or none.
    prop::collection::vec(prop::collection::vec(step, 0..4), 40)
}

fn change(step: Step) -> Change {
    match step {
        Step::Organization(calls_per_minute) => Change::PutOrganization(Organization {
            calls_per_minute,
            ..Organization::named("Harbour".into())
        }),
        Step::Project(id, name) => Change::PutProject(project(id.into(), &name.to_string())),
        Step::DeleteProject(id) => Change::DeleteProject(ProjectId(id.into())),
        Step::Key(id, name) => {
            let key = KeyParts {
                name: name.to_string(),
                ..key(id.into()).into_parts()
            };
            Change::PutKey(Key::from_parts(key))
        }
        Step::Revoke(id) => {
            let mut key = key(id.into());
            let by = key.created_by();
            key.revoke(Revocation {
                at: at(1_800_000_000_000_000),
                by,
            });
            Change::PutKey(key)
        }
        Step::PhareKey(id, kept) => Change::PutPhareKey(phare_key(id, kept)),
        Step::DeletePhareKey(id) => Change::DeletePhareKey(PhareKeyId(Uuid::from_u128(id.into()))),
    }
}

fn phare_key(id: u8, kept: bool) -> PhareKey {
    PhareKey {
        id: PhareKeyId(Uuid::from_u128(id.into())),
        name: format!("Phare {id}"),
        purpose: if kept {
            Purpose::Kept
        } else {
            Purpose::Attached
        },
        current: PhareSecret {
            id: PhareSecretId(Uuid::from_u128(100 + u128::from(id))),
            display: "pha_org_abcd…wxyz".into(),
            kind: ScopeKind::Organization,
            added_at: at(1_700_000_000_000_001),
            findings: None,
            refused_at: None,
        },
        next: None,
        switched_at: None,
    }
}

/// A gateway that has read a snapshot, and reads on.
#[derive(Debug, Clone, Default, PartialEq)]
struct Gateway {
    known: Snapshot,
    keys: BTreeMap<KeyId, (KeyRule, Share)>,
}

impl Gateway {
    async fn begin(store: &dyn Store) -> Self {
        let mut keys = BTreeMap::new();
        let mut each = |rule: KeyRule, share| {
            let told = keys.insert(rule.id, (rule, share));
            assert!(told.is_none(), "told twice");
        };
        let known = store.snapshot(&mut each).await.unwrap();
        Self { known, keys }
    }

    fn apply(&mut self, changes: Changes) {
        let Changes {
            put,
            keys,
            deleted_projects,
            deleted_phare_keys,
            upstream: _,
        } = changes;
        let known = &mut self.known;
        known.revision = put.revision;
        if put.organization.is_some() {
            known.organization = put.organization;
        }
        replace(&mut known.projects, put.projects, &deleted_projects, |it| {
            it.id
        });
        let phare_keys = &mut known.phare_keys;
        replace(phare_keys, put.phare_keys, &deleted_phare_keys, |it| it.id);
        self.keys
            .extend(keys.iter().map(|key| (key.id(), enforced(key))));
    }
}

fn enforced(key: &Key) -> (KeyRule, Share) {
    (KeyRule::from(key), key.share())
}

fn replace<T, I: Copy + Ord>(rows: &mut Vec<T>, put: Vec<T>, deleted: &[I], id: impl Fn(&T) -> I) {
    let gone: Vec<I> = put.iter().map(&id).chain(deleted.iter().copied()).collect();
    rows.retain(|row| !gone.contains(&id(row)));
    rows.extend(put);
    rows.sort_unstable_by_key(id);
}

pub(crate) async fn the_changes_since_any_revision_make_its_snapshot_the_newest(
    database: &dyn Database,
) {
    let store = opened(database).await;
    let commits = steps()
        .new_tree(&mut TestRunner::default())
        .unwrap()
        .current();
    let mut gateways = vec![Gateway::begin(&*store).await];
    for steps in &commits {
        let changes: Vec<_> = steps.iter().copied().map(change).collect();
        let entry = commit(&*store, &changes).await;
        let gateway = Gateway::begin(&*store).await;
        assert_eq!(gateway.known.revision, (&entry).into());
        gateways.push(gateway);
    }
    let newest = gateways.last().unwrap().clone();
    for mut gateway in gateways {
        let from = gateway.known.revision;
        gateway.apply(store.changes_since(from).await.unwrap());
        assert_eq!(gateway, newest, "from {from:?} over {commits:?}");
    }
    let mut nothing = Gateway::default();
    let changes = store.changes_since(nothing.known.revision).await.unwrap();
    nothing.apply(changes);
    assert_eq!(nothing, newest, "from the beginning");
}

pub(crate) async fn nothing_came_since_the_newest_revision(database: &dyn Database) {
    let store = opened(database).await;
    commit(
        &*store,
        &[change(Step::Key(1, 1)), change(Step::Project(1, 1))],
    )
    .await;
    let adopted = AdoptedUpstream {
        identity: UpstreamIdentity::Sandbox,
        since: at(1_700_000_000_000_001),
    };
    let last = [
        change(Step::DeleteProject(1)),
        Change::PutUpstream(adopted.clone()),
    ];
    commit(&*store, &last).await;
    let snapshot = store.snapshot(&mut |_, _| ()).await.unwrap();
    let changes = store.changes_since(snapshot.revision).await.unwrap();
    assert_eq!(
        changes.put,
        Snapshot {
            revision: snapshot.revision,
            ..Snapshot::default()
        }
    );
    assert!(
        changes.keys.is_empty()
            && changes.deleted_projects.is_empty()
            && changes.deleted_phare_keys.is_empty()
    );
    // Told always.
    assert_eq!(changes.upstream, Some(adopted));
}

/// A key that has some of what a key can have, by its number.
fn any_key(number: i64) -> Key {
    let plain = key(number.unsigned_abs().into()).into_parts();
    let every = |nth: i64| number % nth == 0;
    let before = |nth, seed| {
        every(nth).then_some(PreviousSecret {
            digest: SecretDigest([seed; 32]),
            valid_until: at(1_800_000_000_000_000 + number),
        })
    };
    Key::from_parts(KeyParts {
        scope: if every(3) {
            Scope::Project {
                project_id: ProjectId(number << 30),
            }
        } else {
            plain.scope
        },
        products: ProductScopes {
            platform: ProductScope::None,
            uptime: ProductScope::ALL[usize::from(every(2))],
        },
        // Commas and zeros mean nothing in them.
        previous: PreviousSecrets {
            last: before(4, b','),
            earlier: before(5, 0),
        },
        share: Share {
            at_most: every(6).then_some(7),
            reserved: u32::from(every(7)),
            weight: 1 + u32::from(every(8)),
        },
        expires_at: every(9).then_some(at(number)),
        revoked: every(10).then_some(Revocation {
            at: at(-number),
            by: plain.created_by,
        }),
        ..plain
    })
}

pub(crate) async fn all_that_is_enforced_of_many_keys_is_told_at_the_start(
    database: &dyn Database,
) {
    const KEYS: i64 = 5_000;
    let store = opened(database).await;
    assert_eq!(Gateway::begin(&*store).await.keys, BTreeMap::new());
    let changes: Vec<_> = (1..=KEYS).map(any_key).map(Change::PutKey).collect();
    commit(&*store, &changes).await;
    assert_eq!(store.key_count().await.unwrap(), changes.len());
    // Wherever they lie.
    let gap = "DELETE FROM keys WHERE name BETWEEN 'Key 1100' AND 'Key 3300'";
    database.execute(gap).await.unwrap();
    let there_are: BTreeMap<_, _> = store
        .every_key()
        .await
        .unwrap()
        .iter()
        .map(|key| (key.id(), enforced(key)))
        .collect();
    assert!(there_are.len() > 2_000 && there_are.len() < 4_000);
    assert_eq!(Gateway::begin(&*store).await.keys, there_are);
}
