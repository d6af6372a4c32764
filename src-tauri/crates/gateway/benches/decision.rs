//! What one decision costs: whose the presented secret is, and whether they may. Nothing is answered, counted or forwarded.
//!
//! `cargo bench -p gardien-gateway --bench decision`. The files that decide are private to the gateway: they are compiled
//! into the bench as they are. Whoever calls is drawn from all keys, each of which has called before; the head of the call
//! was made just before it is judged, as a server has just read it.
//!
//! Criterion times 64 decisions at once. Its median does not show the slow ones, so decisions are timed singly too, with
//! the clock in each figure; what that takes itself is in the last row.
//!
//! Measured on 27 November 2026 on one of two cores of an AMD EPYC, uninterrupted, while the other was busy: criterion in
//! two runs, the others in five, of which these are the middle. The highest p50 was half above the lowest.
//!
//! | keys | secret | median of criterion | p50, singly | p99, singly |
//! | ---: | --- | ---: | ---: | ---: |
//! | 10,000 | known | 0.64 µs | 0.68 µs | 1.7 µs |
//! | 10,000 | unknown | 0.17 µs | 0.20 µs | 0.52 µs |
//! | 1,000,000 | known | 1.3 µs | 1.4 µs | 2.2 µs |
//! | 1,000,000 | unknown | 0.29 µs | 0.33 µs | 0.79 µs |
//! | | the clock alone | | 0.03 µs | 0.04 µs |
//!
//! What a million keys cost more is memory that is in no cache: one place has to come before the next is known.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs
)]

use std::convert::Infallible;
use std::hint::black_box;
use std::iter;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{
    BatchSize, BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main,
};
use gardien_domain::key::PreviousSecrets;
use gardien_domain::{
    KeyId, KeyRule, ProductScope, ProductScopes, ProjectDirectory, ProjectId, Scope, Secret,
    SecretKind,
};
use http::Request;
use http::request::Parts;
use jiff::Timestamp;
use uuid::Uuid;

#[path = "../../../../tests/support/dice.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with the tests that need all of it"
)]
mod dice;

/// What of the gateway decides, and what that names.
#[path = "../src"]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    clippy::expect_used,
    clippy::panic,
    reason = "the gateway needs all of it, and so do its tests"
)]
mod gateway {
    pub(crate) mod authorize;
    pub(crate) mod body;
    pub(crate) mod headers;
    pub(crate) mod identify;
    pub(crate) mod ledger;
    pub(crate) mod meter;
    pub(crate) mod refusal;
    pub(crate) mod secrets;
    pub(crate) mod told;
    pub(crate) mod under_way;
}
// Where they look for each other.
use gateway::*;

use crate::authorize::Known;
use crate::dice::Dice;

/// As the server has it.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

const KEYS: [usize; 2] = [10_000, 1_000_000];
/// Secrets that nobody knows.
const UNKNOWN: usize = 100_000;
/// Heads that are made before one after the other is judged.
const AT_ONCE: usize = 64;
/// Decisions that are timed singly.
const SINGLY: usize = 300_000;
const PROJECT: ProjectId = ProjectId(1);

fn secrets(number: usize, dice: &mut Dice) -> Vec<Secret> {
    let mut fill = |buffer: &mut [u8]| {
        buffer.fill_with(|| (dice.next() >> 56) as u8);
        Ok::<_, Infallible>(())
    };
    iter::repeat_with(|| Secret::generate(SecretKind::Project, &mut fill).unwrap())
        .take(number)
        .collect()
}

fn known(secrets: &[Secret]) -> Known {
    let known = Known::default();
    let mut projects = ProjectDirectory::default();
    projects.insert(PROJECT, "shop");
    known.projects.store(Arc::new(projects));
    known.secrets.reserve(secrets.len());
    for (number, secret) in secrets.iter().enumerate() {
        let rule = KeyRule {
            id: KeyId(Uuid::from_u128(number as u128)),
            scope: Scope::Project {
                project_id: PROJECT,
            },
            products: ProductScopes {
                platform: ProductScope::None,
                uptime: ProductScope::Read,
            },
            digest: secret.digest(),
            previous: PreviousSecrets::default(),
            expires_at: None,
            revoked_at: None,
        };
        known.secrets.put(secret.digest(), &rule, None);
    }
    known
}

fn head(secret: &Secret) -> Parts {
    let request = Request::get("/uptime/monitors")
        .header("host", "127.0.0.1:7420")
        .header("authorization", format!("Bearer {}", secret.expose()))
        .header("user-agent", "curl/8.5.0")
        .header("accept", "*/*");
    request.body(()).unwrap().into_parts().0
}

fn by_batches(
    group: &mut BenchmarkGroup<'_, WallTime>,
    case: BenchmarkId,
    callers: &[Secret],
    dice: &mut Dice,
    decide: impl Fn(&Parts) -> bool,
) {
    group.bench_function(case, |bencher| {
        bencher.iter_batched_ref(
            || head(dice.pick(callers)),
            |head| decide(head),
            BatchSize::NumIterations(AT_ONCE as u64),
        );
    });
}

/// Half of them take so many nanoseconds at most, and 99%.
fn singly(callers: &[Secret], dice: &mut Dice, decide: impl Fn(&Parts) -> bool) -> [u128; 2] {
    let mut times = Vec::with_capacity(SINGLY);
    while times.len() < SINGLY {
        let heads: Vec<_> = iter::repeat_with(|| head(dice.pick(callers)))
            .take(AT_ONCE)
            .collect();
        for head in &heads {
            let begun = Instant::now();
            black_box(decide(black_box(head)));
            times.push(begun.elapsed().as_nanos());
        }
    }
    times.sort_unstable();
    [times[times.len() / 2], times[times.len() / 100 * 99]]
}

fn all(criterion: &mut Criterion) {
    let mut dice = Dice::of(20_261_127);
    let now: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
    let mut group = criterion.benchmark_group("decision");
    group
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    let strangers = secrets(UNKNOWN, &mut dice);
    for number in KEYS {
        let holders = secrets(number, &mut dice);
        let known = known(&holders);
        let is_granted = |head: &Parts| known.admit(head, now).is_ok();
        assert!(holders.iter().all(|secret| is_granted(&head(secret))));
        assert!(!strangers.iter().any(|secret| is_granted(&head(secret))));
        for (who, callers) in [("known", &holders), ("unknown", &strangers)] {
            let case = BenchmarkId::new(who, number);
            by_batches(&mut group, case, callers, &mut dice, is_granted);
            let [half, most] = singly(callers, &mut dice, is_granted);
            println!("decision/{who}/{number} singly: p50 {half} ns, p99 {most} ns");
        }
    }
    let [half, most] = singly(&strangers, &mut dice, |_| true);
    println!("the clock alone: p50 {half} ns, p99 {most} ns");
    group.finish();
}

criterion_group!(benches, all);
criterion_main!(benches);
