//! A list of 100,000 keys answers while a person types, and nobody feels that their last uses are written.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods
)]

use std::io::Write as _;
use std::time::{Duration, Instant};

use gardien_domain::audit::{AuditAction, AuditRecord};
use gardien_domain::filter::Usage;
use gardien_domain::key::{PreviousSecret, PreviousSecrets, Revocation};
use gardien_domain::share::Share;
use gardien_domain::{
    Key, KeyFilter, KeyId, KeyOrder, KeyParts, KeyPlace, KeySort, KeyStatus, LastUse, Member,
    MemberId, NotedUse, Order, Product, ProductScope, ProductScopes, Project, ProjectId, Role,
    Scope, ScopeKind, SecretDigest,
};
use gardien_store::{Change, KeyRows, Ledger, Sqlite, Store};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

const KEYS: u128 = 100_000;
const PROJECTS: i64 = 50;

/// What a page may take, with room for a slow and busy machine and an unoptimized build.
const PATIENCE: Duration = Duration::from_millis(500);

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn record() -> AuditRecord {
    AuditRecord {
        at: now(),
        actor: "system".into(),
        action: AuditAction::KeyCreated,
        subject: String::new(),
        detail: "{}".into(),
    }
}

fn replaced(number: u128) -> [u8; 32] {
    let mut digest = [1; 32];
    digest[..16].copy_from_slice(&number.to_be_bytes());
    digest
}

fn key(number: u128) -> Key {
    let every = |nth: u128| number.is_multiple_of(nth);
    let project = (!every(3)).then(|| (number % PROJECTS as u128) as i64 + 1);
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(
        &(number as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .to_be_bytes(),
    );
    digest[16..].copy_from_slice(&number.to_be_bytes());
    let ago = now() - hours((KEYS - number) as i64 / 4);
    Key::from_parts(KeyParts {
        id: KeyId(Uuid::from_u128(
            (0x0199 << 112) | (7 << 76) | (number << 64) | number,
        )),
        name: format!("deploy-{number} of team {}", number % 97),
        note: "Used by the nightly job; ask the platform team before revoking".into(),
        scope: project.map_or(Scope::Organization {}, |id| Scope::Project {
            project_id: ProjectId(id),
        }),
        products: ProductScopes {
            platform: ProductScope::ALL[number as usize % 3],
            uptime: ProductScope::ReadWrite,
        },
        digest: SecretDigest(digest),
        display: format!("pha_org_gdn_{:04}…{:04}", number % 9_973, number % 9_967),
        share: Share::default(),
        previous: PreviousSecrets {
            last: every(211).then(|| PreviousSecret {
                digest: SecretDigest(replaced(number)),
                valid_until: now() + hours(1),
            }),
            earlier: None,
        },
        created_at: ago,
        created_by: MemberId(Uuid::from_u128(1)),
        expires_at: every(4).then(|| now() + hours(number as i64 % 2_000 - 200)),
        revoked: every(19).then(|| Revocation {
            at: ago,
            by: MemberId(Uuid::from_u128(1)),
        }),
    })
}

/// The best of five, and the page.
async fn timed(
    store: &Sqlite,
    filter: &KeyFilter,
    order: KeyOrder,
    after: Option<&KeyPlace>,
) -> (Duration, KeyRows) {
    let mut best = Duration::MAX;
    let mut page = None;
    for _ in 0..5 {
        let start = Instant::now();
        page = Some(store.keys(filter, now(), order, after, 100).await.unwrap());
        best = best.min(start.elapsed());
    }
    (best, page.unwrap())
}

#[tokio::test]
#[ignore = "takes a minute"]
async fn a_page_of_a_hundred_thousand_keys_comes_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gardien.db");
    let store = Sqlite::open(&path).await.unwrap();
    let ada = Member {
        id: MemberId(Uuid::from_u128(1)),
        email: "ada@example.com".into(),
        role: Role::Owner,
        projects: [].into(),
        created_at: now(),
    };
    let mut changes = vec![Change::PutMember(ada)];
    changes.extend((1..=PROJECTS).map(|id| {
        Change::PutProject(Project {
            id: ProjectId(id),
            slug: format!("site-{id}"),
            name: format!("Site {id}"),
            created_at: now(),
        })
    }));
    changes.extend((1..=KEYS).map(|number| Change::PutKey(key(number))));
    // Each within the time that a write is waited for.
    for some in changes.chunks(5_000) {
        let at = store.revision().await.unwrap();
        store.commit(some, record(), at).await.unwrap();
    }
    let uses: Vec<_> = (1..=KEYS)
        .filter(|number| number % 5 > 1)
        .map(|number| {
            let last = LastUse {
                at: now() - hours(number as i64 % 4_000),
                operation: "listMonitors".into(),
                client: Some("terraform-provider-phare".into()),
                address: Some([192, 0, 2, 7].into()),
            };
            NotedUse {
                key: key(number).id(),
                last,
                previous: Vec::new(),
            }
        })
        .collect();
    for some in uses.chunks(5_000) {
        store.record_uses(some).await.unwrap();
    }
    store.close().await;

    let start = Instant::now();
    let store = Sqlite::open(&path).await.unwrap();
    let mut report = vec![format!("{:>9.2?}  opening", start.elapsed())];
    let start = Instant::now();
    assert_eq!(store.every_key().await.unwrap().len() as u128, KEYS);
    report.push(format!("{:>9.2?}  every key", start.elapsed()));
    store.live_keys(now()).await.unwrap();
    let start = Instant::now();
    store.live_keys(now()).await.unwrap();
    report.push(format!("{:>9.2?}  live keys by project", start.elapsed()));

    let all = KeyFilter::default();
    let text = |text: &str| KeyFilter {
        text: Some(text.into()),
        ..KeyFilter::default()
    };
    let status = |status| KeyFilter {
        status: Some(status),
        ..KeyFilter::default()
    };
    let live = KeyFilter {
        live: true,
        ..KeyFilter::default()
    };
    let project = KeyFilter {
        project: Some(ProjectId(7)),
        ..KeyFilter::default()
    };
    let filters = [
        ("no filter", all.clone()),
        ("active", status(KeyStatus::Active)),
        ("rotating", status(KeyStatus::Rotating)),
        ("expired", status(KeyStatus::Expired)),
        ("revoked", status(KeyStatus::Revoked)),
        ("one project", project.clone()),
        (
            "active of one project",
            KeyFilter {
                status: Some(KeyStatus::Active),
                ..project
            },
        ),
        (
            "organization keys",
            KeyFilter {
                scope: Some(ScopeKind::Organization),
                ..all.clone()
            },
        ),
        (
            "platform read",
            KeyFilter {
                access: Some((Product::Platform, ProductScope::Read)),
                ..all.clone()
            },
        ),
        (
            "never used",
            KeyFilter {
                usage: Some(Usage::Never),
                ..all.clone()
            },
        ),
        (
            "stale",
            KeyFilter {
                usage: Some(Usage::Stale),
                ..all.clone()
            },
        ),
        (
            "expiring in a week",
            KeyFilter {
                expires_within_days: Some(7),
                ..all.clone()
            },
        ),
        (
            "a member of 10 projects",
            KeyFilter {
                visible_projects: Some((1..=10).map(ProjectId).collect()),
                ..all.clone()
            },
        ),
        ("live", live.clone()),
        ("text in most", text("deploy")),
        ("text in one", text("deploy-4242 ")),
        ("text in none", text("nowhere")),
        ("text of a project", text("site 7")),
    ];
    let mut slowest = Duration::ZERO;
    for (name, filter) in filters {
        let (best, page) = timed(&store, &filter, KeyOrder::default(), None).await;
        report.push(format!("{best:>9.2?}  {name}: {}", page.total));
        slowest = slowest.max(best);
    }
    let filters = [
        ("all", all),
        ("live", live),
        ("revoked", status(KeyStatus::Revoked)),
        ("text in one", text("deploy-4242 ")),
    ];
    for (name, filter) in filters {
        for sort in KeySort::ALL {
            for order in Order::ALL {
                let order = KeyOrder {
                    sort: *sort,
                    order: *order,
                };
                let (first, page) = timed(&store, &filter, order, None).await;
                let middle = store.key(key(KEYS / 2).id()).await.unwrap().unwrap();
                let middle = middle.place(*sort);
                let (later, _) = timed(&store, &filter, order, Some(&middle)).await;
                let asked = format!("{name} by {sort}, {}: {}", order.order, page.total);
                report.push(format!("{first:>9.2?}  {asked}"));
                report.push(format!("{later:>9.2?}  {asked}, in the middle"));
                slowest = slowest.max(first).max(later);
            }
        }
    }
    let secrets: Vec<_> = (1..=1_000)
        .map(|number| match number % 3 {
            0 => key(number * 97).digest(),
            1 => SecretDigest(replaced(number * 211)),
            _ => SecretDigest([3; 32]),
        })
        .collect();
    let start = Instant::now();
    let found = store.keys_by_secret(&secrets).await.unwrap();
    assert!(found.iter().flatten().count() > 400);
    report.push(format!(
        "{:>9.2?}  1,000 secrets looked up",
        start.elapsed()
    ));
    slowest = slowest.max(start.elapsed());
    // Of keys that lie far from each other, each used later than before.
    let mut best = Duration::MAX;
    for later in 1..=3 {
        let mut batch: Vec<_> = uses.iter().step_by(6).cloned().collect();
        for noted in &mut batch {
            noted.last.at = now() + hours(later);
        }
        let start = Instant::now();
        store.record_uses(&batch).await.unwrap();
        best = best.min(start.elapsed());
    }
    report.push(format!("{best:>9.2?}  10,000 last uses written"));
    slowest = slowest.max(best);
    writeln!(std::io::stderr(), "{}", report.join("\n")).unwrap();
    assert!(slowest < PATIENCE, "{slowest:?}");
}
