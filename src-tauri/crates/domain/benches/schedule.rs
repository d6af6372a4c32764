//! What one call costs the schedule with few keys and many, beside the keyed limiter of `governor` at the same numbers.
//!
//! `cargo bench -p gardien-domain --bench schedule`. Both take their time from the bench, a millisecond a call, and are
//! shared between threads: the schedule behind a lock, as the gateway has it. Every key has a share.
//!
//! Measured on 27 November 2026, two cores of an AMD EPYC, the middle of each estimate, before the calls of the last minute
//! were kept in one row:
//!
//! | keys | granted | governor | refused | governor | waits and goes | refused behind all that wait |
//! | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
//! | 1 | 240 ns | 24 ns | 97 ns | 22 ns | 0.74 µs | 0.78 µs |
//! | 100 | 272 ns | 25 ns | 101 ns | 21 ns | 1.0 µs | 44 µs |
//! | 10,000 | 335 ns | 30 ns | 111 ns | 23 ns | 1.8 µs | 46 µs |
//!
//! Behind no more than 200 that wait, and 1,000 slots that are held, whoever is refused is told its time by a rehearsal.
//!
//! `governor` bounds each key by itself and knows no window: nobody waits for a turn there, and a minute can hold nearly
//! twice the limit.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use gardien_domain::schedule::{Coming, Schedule};
use gardien_domain::share::Share;
use gardien_domain::{AtLimit, KeyId, Organization, Window};
use governor::clock::FakeRelativeClock;
use governor::{Quota, RateLimiter};
use uuid::Uuid;

const KEYS: [usize; 3] = [1, 100, 10_000];
const PATIENCE: u64 = 25_000;

fn keys(number: usize) -> Vec<KeyId> {
    (1..=number as u128)
        .map(|number| KeyId(Uuid::from_u128(number << 64 | number)))
        .collect()
}

/// A schedule that knows a share of each key.
fn schedule(organization: &Organization, keys: &[KeyId], share: Share) -> Schedule<usize> {
    let mut schedule = Schedule::new(Window::default(), organization.calls_per_minute);
    schedule.set_limit(organization, 0);
    for key in keys {
        schedule.set_share(*key, share, 0);
    }
    schedule
}

fn organization(calls_per_minute: u32, burst: Option<u32>, at_limit: AtLimit) -> Organization {
    Organization {
        calls_per_minute,
        burst,
        at_limit,
        ..Organization::named(String::new())
    }
}

/// Goes round the keys, a millisecond each.
struct Round<'a> {
    keys: &'a [KeyId],
    calls: usize,
}

impl Round<'_> {
    fn next(&mut self) -> (KeyId, u64) {
        let key = self.keys[self.calls % self.keys.len()];
        self.calls += 1;
        (key, self.calls as u64)
    }
}

fn granted(group: &mut BenchmarkGroup<'_, WallTime>, keys: &[KeyId]) {
    let share = Share {
        at_most: Some(10_000_000),
        reserved: 1,
        weight: 2,
    };
    let organization = organization(1_000_000, None, AtLimit::Pace);
    let schedule = Mutex::new(schedule(&organization, keys, share));
    let mut round = Round { keys, calls: 0 };
    group.bench_function(BenchmarkId::new("gardien", keys.len()), |bencher| {
        bencher.iter(|| {
            let (key, now) = round.next();
            let mut schedule = schedule.lock().unwrap();
            match schedule.come(Some(key), PATIENCE, now, || 0) {
                Coming::Goes(turn) => schedule.finish(turn, now),
                other => panic!("{other:?}"),
            }
        });
    });
    let clock = FakeRelativeClock::default();
    let quota = Quota::per_minute(NonZeroU32::new(1_000_000).unwrap());
    let limiter = RateLimiter::dashmap_with_clock(quota, clock.clone());
    let mut round = Round { keys, calls: 0 };
    group.bench_function(BenchmarkId::new("governor", keys.len()), |bencher| {
        bencher.iter(|| {
            let (key, _) = round.next();
            clock.advance(Duration::from_millis(1));
            black_box(limiter.check_key(&key)).unwrap();
        });
    });
}

/// The limit is used up, and stays so.
fn refused(group: &mut BenchmarkGroup<'_, WallTime>, keys: &[KeyId]) {
    let share = Share {
        at_most: Some(50),
        ..Share::default()
    };
    let organization = organization(100, None, AtLimit::Reject);
    let mut schedule = schedule(&organization, keys, share);
    let turns: Vec<_> = (0..100).map(|_| schedule.come(None, 0, 0, || 0)).collect();
    let schedule = Mutex::new(schedule);
    let mut round = Round { keys, calls: 0 };
    group.bench_function(BenchmarkId::new("gardien", keys.len()), |bencher| {
        bencher.iter(|| {
            let (key, now) = round.next();
            let coming = schedule.lock().unwrap().come(Some(key), 0, now, || 0);
            assert!(matches!(coming, Coming::Refused(_)));
        });
    });
    drop(turns);
    let quota = Quota::per_hour(NonZeroU32::MIN);
    let limiter = RateLimiter::dashmap_with_clock(quota, FakeRelativeClock::default());
    for key in keys {
        limiter.check_key(key).unwrap();
    }
    let mut round = Round { keys, calls: 0 };
    group.bench_function(BenchmarkId::new("governor", keys.len()), |bencher| {
        bencher.iter(|| {
            let (key, _) = round.next();
            black_box(limiter.check_key(&key)).unwrap_err();
        });
    });
}

/// One comes and waits, and a millisecond later one goes. Of each key one waits.
fn waits(group: &mut BenchmarkGroup<'_, WallTime>, keys: &[KeyId]) {
    let share = Share {
        at_most: Some(60_000),
        ..Share::default()
    };
    let organization = organization(60_001, Some(1), AtLimit::Pace);
    let mut schedule = schedule(&organization, keys, share);
    let Coming::Goes(turn) = schedule.come(None, 0, 0, || 0) else {
        panic!("the burst")
    };
    schedule.finish(turn, 0);
    let joins = |schedule: &mut Schedule<usize>, who: usize, now| {
        let coming = schedule.come(Some(keys[who]), PATIENCE, now, || who);
        assert!(matches!(coming, Coming::Waits(_)), "{coming:?}");
    };
    for who in 0..keys.len() {
        joins(&mut schedule, who, 0);
    }
    let mut now = 0;
    let schedule = Mutex::new(schedule);
    group.bench_function(BenchmarkId::new("gardien", keys.len()), |bencher| {
        bencher.iter(|| {
            now += 1;
            let mut schedule = schedule.lock().unwrap();
            for (who, turn) in schedule.due(u32::MAX, now).go {
                schedule.finish(turn, now);
                joins(&mut schedule, who, now);
            }
            black_box(schedule.next_in(now));
        });
    });
}

/// The limit is used up, and one of every key waits: the answer says after how many it would be.
fn refused_behind_all(group: &mut BenchmarkGroup<'_, WallTime>, keys: &[KeyId]) {
    let organization = organization(60_001, Some(1), AtLimit::Pace);
    let mut schedule = schedule(&organization, keys, Share::default());
    let first = schedule.come(None, 0, 0, || 0);
    assert!(matches!(first, Coming::Goes(_)));
    for key in keys {
        let coming = schedule.come(Some(*key), PATIENCE, 0, || 0);
        assert!(matches!(coming, Coming::Waits(_)));
    }
    let mut round = Round { keys, calls: 0 };
    let schedule = Mutex::new(schedule);
    group.bench_function(BenchmarkId::new("gardien", keys.len()), |bencher| {
        bencher.iter(|| {
            let (key, _) = round.next();
            let coming = schedule.lock().unwrap().come(Some(key), 0, 0, || 0);
            assert!(matches!(coming, Coming::Refused(_)));
        });
    });
}

fn all(criterion: &mut Criterion) {
    type Case = fn(&mut BenchmarkGroup<'_, WallTime>, &[KeyId]);
    let cases: [(&str, Case); 4] = [
        ("granted", granted),
        ("refused", refused),
        ("waits and goes", waits),
        ("refused behind all", refused_behind_all),
    ];
    for (name, case) in cases {
        let mut group = criterion.benchmark_group(name);
        group
            .warm_up_time(Duration::from_millis(500))
            .measurement_time(Duration::from_secs(2));
        for number in KEYS {
            case(&mut group, &keys(number));
        }
        group.finish();
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
