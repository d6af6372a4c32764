//! Lists of keys, held to what [`KeyFilter::keeps`] says.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use gardien_domain::filter::Usage;
use gardien_domain::key::{PreviousSecret, PreviousSecrets, Revocation};
use gardien_domain::{
    Key, KeyFilter, KeyOrder, KeyParts, KeySort, KeyStatus, LastUse, NotedUse, Order, Product,
    ProductScope, ProductScopes, ProjectId, Scope, ScopeKind,
};
use gardien_store::{Change, StoredKey};
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::{Database, Everything, at, commit, key, member, opened, project};

const WORLDS: usize = 12;
const FILTERS: usize = 60;

/// Not a whole number of microseconds: the store keeps fewer digits than the clock gives.
fn now() -> Timestamp {
    Timestamp::from_nanosecond(1_790_000_000_123_456_789).unwrap()
}

/// Times on, just before and just after everything that a filter compares with.
fn time() -> impl Strategy<Value = Timestamp> {
    (select(vec![-200, -90, 0, 7, 30, 400]), -1_i64..=1).prop_map(|(days, micros)| {
        let near = at(now().as_microsecond() + micros);
        near + SignedDuration::from_hours(24 * days)
    })
}

/// Letters whose other case has another length, depends on its neighbours or is several letters; and what SQL reads
/// as a wildcard or quote.
fn text(length: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = String> {
    let letters = "aAßẞİıiΣσςÉéﬃ%_' ".chars().collect::<Vec<_>>();
    vec(select(letters), length).prop_map(|letters| letters.into_iter().collect())
}

fn one_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    select(all)
}

fn some_key() -> impl Strategy<Value = (Key, Option<LastUse>)> {
    let texts = (text(0..8), text(0..8), text(0..4));
    let access = (one_of(ProductScope::ALL), one_of(ProductScope::ALL));
    let times = (
        time(),
        of(time()),
        (of(time()), of(time())),
        weighted(0.3, time()),
        of(time()),
    );
    let maker = one_of(&[1, 2]);
    (any::<u128>(), texts, of(1_i64..5), access, times, maker).prop_map(
        |(number, (name, note, display), project, (platform, uptime), times, maker)| {
            let (created_at, expires_at, previous, revoked, used) = times;
            let replaced = |valid_until| PreviousSecret {
                digest: key(number).digest(),
                valid_until,
            };
            let made = Key::from_parts(KeyParts {
                name,
                note,
                display,
                scope: project.map_or(Scope::Organization {}, |id| Scope::Project {
                    project_id: ProjectId(id),
                }),
                products: ProductScopes { platform, uptime },
                created_at,
                created_by: member(maker, "").id,
                expires_at,
                previous: PreviousSecrets {
                    last: previous.0.map(replaced),
                    earlier: previous.1.map(replaced),
                },
                revoked: revoked.map(|at| Revocation {
                    at,
                    by: member(1, "").id,
                }),
                ..key(number).into_parts()
            });
            let last_use = used.map(|at| LastUse {
                at,
                operation: "listMonitors".into(),
                client: None,
                address: None,
            });
            (made, last_use)
        },
    )
}

fn some_order() -> impl Strategy<Value = KeyOrder> {
    (one_of(KeySort::ALL), one_of(Order::ALL)).prop_map(|(sort, order)| KeyOrder { sort, order })
}

fn some_filter() -> impl Strategy<Value = KeyFilter> {
    let project = || (1_i64..6).prop_map(ProjectId);
    (
        weighted(0.4, text(0..3)),
        weighted(0.3, one_of(ScopeKind::ALL)),
        weighted(0.2, project()),
        weighted(0.2, one_of(&[1, 2, 3])),
        weighted(0.4, one_of(KeyStatus::ALL)),
        weighted(0.2, (one_of(Product::ALL), one_of(ProductScope::ALL))),
        weighted(0.3, one_of(Usage::ALL)),
        weighted(0.2, select(vec![0, 7, 30, u16::MAX])),
        any::<bool>(),
        weighted(0.2, vec(project(), 0..4)),
    )
        .prop_map(
            |(
                text,
                scope,
                project,
                maker,
                status,
                access,
                usage,
                expires_within_days,
                live,
                visible_projects,
            )| {
                KeyFilter {
                    text,
                    scope,
                    project,
                    created_by: maker.map(|number| member(number, "").id),
                    status,
                    access,
                    usage,
                    expires_within_days,
                    live,
                    visible_projects,
                }
            },
        )
}

/// Keys in projects 1 to 4, of which 1 to 3 exist.
async fn fill(
    store: &dyn Everything,
    names: &[String],
    keys: &[(Key, Option<LastUse>)],
) -> Vec<StoredKey> {
    let names: BTreeMap<_, _> = (1..).map(ProjectId).zip(names).collect();
    let projects = names.iter().map(|(id, name)| project(id.0, name));
    let mut changes: Vec<_> = projects.map(Change::PutProject).collect();
    changes.push(Change::PutMember(member(2, "grace@example.com")));
    changes.extend(keys.iter().map(|(key, _)| Change::PutKey(key.clone())));
    commit(store, &changes).await;
    let used = keys.iter().filter_map(|(key, used)| {
        Some(NotedUse {
            key: key.id(),
            last: used.clone()?,
            previous: Vec::new(),
        })
    });
    store.record_uses(&used.collect::<Vec<_>>()).await.unwrap();

    let mut stored: Vec<_> = keys
        .iter()
        .map(|(key, last_use)| StoredKey {
            project_name: key
                .scope()
                .project()
                .and_then(|id| names.get(&id).map(ToString::to_string)),
            key: key.clone(),
            created_by: if key.created_by() == member(2, "").id {
                "grace@example.com".into()
            } else {
                "ada@example.com".into()
            },
            last_use: last_use.clone(),
            previous_used_at: None,
            earlier_used_at: None,
        })
        .collect();
    stored.sort_by_key(|stored| Reverse(stored.key.id()));
    stored
}

fn sorted(mut rows: Vec<StoredKey>, order: KeyOrder) -> Vec<StoredKey> {
    rows.sort_by_key(|row| row.place(order.sort));
    if order.order == Order::Descending {
        rows.reverse();
    }
    rows
}

fn kept(stored: &[StoredKey], filter: &KeyFilter) -> Vec<StoredKey> {
    let keeps = |stored: &&StoredKey| {
        let name = stored.project_name.as_deref().unwrap_or_default();
        filter.keeps(&stored.key, name, stored.last_use.as_ref(), now())
    };
    stored.iter().filter(keeps).cloned().collect()
}

/// All pages of `limit` rows, each with the same total.
async fn pages(
    store: &dyn Everything,
    filter: &KeyFilter,
    order: KeyOrder,
    limit: u32,
) -> (Vec<StoredKey>, u64) {
    let mut rows: Vec<StoredKey> = Vec::new();
    loop {
        let after = rows.last().map(|row| row.place(order.sort));
        let page = store.keys(filter, now(), order, after.as_ref(), limit);
        let page = page.await.unwrap();
        let end = page.rows.len() < limit as usize;
        rows.extend(page.rows);
        if end {
            return (rows, page.total);
        }
    }
}

pub(crate) async fn rows_and_total_are_those_that_the_filter_keeps(database: &dyn Database) {
    let store = opened(database).await;
    let mut runner = TestRunner::default();
    let mut all: Vec<(Key, Option<LastUse>)> = Vec::new();
    let mut hits = 0;
    for _ in 0..WORLDS {
        let world = (
            vec(text(0..6), 3),
            vec(some_key(), 1..25),
            vec((some_filter(), some_order()), FILTERS),
        );
        let (names, keys, filters) = world.new_tree(&mut runner).unwrap().current();
        all.extend(keys);
        let stored = fill(&*store, &names, &all).await;
        for (number, (filter, order)) in filters.iter().enumerate() {
            let expected = sorted(kept(&stored, filter), *order);
            let (rows, total) = pages(&*store, filter, *order, [1, 7, 1_000][number % 3]).await;
            assert_eq!(total, expected.len() as u64, "{filter:?}");
            assert_eq!(rows, expected, "{filter:?} {order:?}");
            hits += usize::from(!expected.is_empty() && expected.len() < stored.len());
        }
    }
    assert!(
        hits > WORLDS * FILTERS / 4,
        "too few filters told keys apart: {hits}"
    );
}

/// Whoever is on page seven misses nothing and sees nothing twice, whatever others do meanwhile.
pub(crate) async fn pages_of_any_order_hold_while_keys_are_made_and_changed(
    database: &dyn Database,
) {
    let store = opened(database).await;
    let mut runner = TestRunner::default();
    let world = (vec(text(0..6), 3), vec(some_key(), 30));
    for sort in KeySort::ALL {
        for order in Order::ALL {
            let order = KeyOrder {
                sort: *sort,
                order: *order,
            };
            let (names, before) = world.new_tree(&mut runner).unwrap().current();
            let (_, meanwhile) = world.new_tree(&mut runner).unwrap().current();
            fill(&*store, &names, &before).await;
            let filter = KeyFilter::default();
            let there = pages(&*store, &filter, order, 1_000).await.0;
            let mut changing = there.iter().step_by(3).map(|row| row.key.clone());
            let mut made = meanwhile.into_iter();

            let mut rows: Vec<StoredKey> = Vec::new();
            loop {
                let after = rows.last().map(|row| row.place(order.sort));
                let page = store.keys(&filter, now(), order, after.as_ref(), 4);
                let page = page.await.unwrap().rows;
                let end = page.len() < 4;
                rows.extend(page);
                if end {
                    break;
                }
                fill(
                    &*store,
                    &names,
                    &made.next().into_iter().collect::<Vec<_>>(),
                )
                .await;
                if let Some(key) = changing.next() {
                    let other = key_with_other_words(key);
                    commit(&*store, &[Change::PutKey(other)]).await;
                }
            }
            let unchanged = |row: &&StoredKey| there.contains(row);
            let still: Vec<_> = rows.iter().filter(unchanged).collect();
            let expected: Vec<_> = there
                .iter()
                .enumerate()
                .filter(|(number, row)| number % 3 != 0 || rows.contains(row))
                .map(|(_, row)| row)
                .collect();
            assert_eq!(still, expected, "{order:?}");
            assert_eq!(sorted(rows.clone(), order), rows, "{order:?}");
            let mut places: Vec<_> = rows.iter().map(|row| row.place(order.sort)).collect();
            places.dedup();
            assert_eq!(places.len(), rows.len(), "{order:?}");
        }
    }
}

fn key_with_other_words(key: Key) -> Key {
    Key::from_parts(KeyParts {
        name: format!("{}é", key.name()),
        expires_at: Some(now()),
        scope: Scope::Project {
            project_id: ProjectId(2),
        },
        ..key.into_parts()
    })
}

pub(crate) async fn text_is_found_in_any_case_of_any_script(database: &dyn Database) {
    let store = opened(database).await;
    let deploy = Key::from_parts(KeyParts {
        name: "Déploiement ÉTÉ".into(),
        scope: Scope::Project {
            project_id: ProjectId(1),
        },
        ..key(1).into_parts()
    });
    let greek = Key::from_parts(KeyParts {
        note: "ΟΔΥΣΣΕΥΣ".into(),
        ..key(2).into_parts()
    });
    let plain = Key::from_parts(KeyParts {
        display: "pha_org_gdn_AbCd…WxYz".into(),
        ..key(3).into_parts()
    });
    let keys = [(deploy, None), (greek, None), (plain, None)];
    let stored = fill(&*store, &["Zürich".into()], &keys).await;
    for (text, found) in [
        ("dÉPLOIEMENT été", vec![1]),
        ("ZÜRICH", vec![1]),
        ("οδυσσ", vec![2]),
        ("abcd…wXYZ", vec![3]),
        ("key", vec![3, 2]),
        ("%", vec![]),
        ("_org_", vec![3, 2, 1]),
        ("", vec![3, 2, 1]),
    ] {
        let filter = KeyFilter {
            text: Some(text.into()),
            ..KeyFilter::default()
        };
        let page = store.keys(&filter, now(), KeyOrder::default(), None, 10);
        let page = page.await.unwrap();
        let ids = page.rows.iter().map(|row| row.key.id().0.as_u128());
        assert_eq!(ids.collect::<Vec<_>>(), found, "{text}");
        assert_eq!(page.rows, kept(&stored, &filter), "{text}");
    }
}
