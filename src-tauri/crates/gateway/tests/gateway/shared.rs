//! One limit over several gateways.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gardien_domain::lease::GatewayId;
use gardien_domain::share::Share;
use gardien_domain::{AtLimit, Key, KeyParts, NotedUse, Organization};
use gardien_gateway::{
    Asking, BoxError, Gateway, GatewayCalls, Leased, Ledger, OwnCalls, SavedCalls, Timing,
};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::direct::Phare;
use crate::support::*;

/// What gateways write, for all of them.
type Rows = Arc<Mutex<BTreeMap<GatewayId, (u64, OwnCalls)>>>;

/// The place of one gateway at it.
#[derive(Debug, Default)]
struct Seat {
    rows: Rows,
    id: Option<GatewayId>,
    written: AtomicU64,
    reads: AtomicU32,
    is_cut: AtomicBool,
}

impl Seat {
    fn others(&self) -> Vec<GatewayCalls> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let others = rows.iter().filter(|(id, _)| Some(**id) != self.id);
        let row = |(gateway, (number, own)): (&GatewayId, &(u64, OwnCalls))| GatewayCalls {
            gateway: *gateway,
            number: *number,
            age: 0,
            own: own.clone(),
        };
        others.map(row).collect()
    }

    async fn reached(&self) -> Result<(), BoxError> {
        sleep(Duration::from_millis(1)).await;
        match self.is_cut.load(Ordering::Relaxed) {
            true => Err("cut off".into()),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Ledger for Seat {
    async fn load(&self) -> Result<SavedCalls, BoxError> {
        Ok(SavedCalls::default())
    }
    async fn others(&self) -> Result<Option<Vec<GatewayCalls>>, BoxError> {
        self.reached().await?;
        Ok(Some(self.others()))
    }
    async fn save(&self, mut own: OwnCalls, asking: Asking) -> Result<Leased, BoxError> {
        self.reached().await?;
        let others = self.others();
        let Some(id) = self.id else {
            return Ok(Leased { extra: 0, others });
        };
        let number = self.written.fetch_add(1, Ordering::Relaxed) + 1;
        let extra = asking.extra(&own, &others);
        own.calls.leased = asking.leased(&own, extra);
        self.rows.lock().unwrap().insert(id, (number, own));
        Ok(Leased { extra, others })
    }
    async fn record_uses(&self, _: Vec<NotedUse>) -> Result<(), BoxError> {
        Ok(())
    }
}

struct One {
    gateway: Gateway,
    seat: Arc<Seat>,
}

impl One {
    async fn get(&self, owned: &Owned) -> Answer {
        let authorization = [("authorization", owned.bearer())];
        let headers = authorization
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let asking = self.gateway.handle(request("GET", "/projects", &headers));
        Answer::read(asking.await).await
    }

    /// How many of so many calls, one after the other, are answered with this.
    async fn answered(&self, owned: &Owned, calls: u32, status: u16) -> u32 {
        let mut answered = 0;
        for _ in 0..calls {
            answered += u32::from(self.get(owned).await.status == status);
        }
        answered
    }
}

/// Gateways of one limit, before one Phare.
struct Several {
    phare: Phare,
    rows: Rows,
    owner: Owned,
    organization: Organization,
}

impl Several {
    fn before(phare: Phare, limit: u32, at_limit: AtLimit) -> Self {
        Self {
            phare,
            rows: Rows::default(),
            owner: key(gardien_domain::Scope::Organization {}, READ_WRITE),
            organization: Organization {
                calls_per_minute: limit,
                at_limit,
                ..Organization::named(String::new())
            },
        }
    }

    async fn start(&self, id: Option<u128>) -> One {
        let seat = Arc::new(Seat {
            rows: self.rows.clone(),
            id: id.map(|id| GatewayId(Uuid::from_u128(id))),
            ..Seat::default()
        });
        let timing = Timing {
            patience: Duration::from_secs(25),
            ..TIMING
        };
        let limit = self.organization.calls_per_minute;
        let gateway = Gateway::start_with(limit, seat.clone(), Arc::new(now), timing);
        let gateway = gateway.await.unwrap();
        gateway.set_limit(&self.organization);
        gateway.put_key(&self.owner.key);
        gateway.attach(Some(self.phare.at_hand()));
        One { gateway, seat }
    }

    async fn two(&self) -> (One, One) {
        (self.start(Some(1)).await, self.start(Some(2)).await)
    }
}

#[tokio::test(start_paused = true)]
async fn rule_6_a_hundred_a_minute_through_two_gateways_and_then_429() {
    let several = Several::before(Phare::taking(1_000), 100, AtLimit::Reject);
    let (one, other) = several.two().await;
    let mut granted = 0;
    for _ in 0..60 {
        granted += one.answered(&several.owner, 1, 200).await;
        granted += other.answered(&several.owner, 1, 200).await;
    }
    assert_eq!((granted, several.phare.called(0)), (100, 100));
    sleep(Duration::from_secs(1)).await;
    for gateway in [&one, &other] {
        let limits = gateway.gateway.limits();
        assert_eq!((limits.used, limits.remaining), (100, 0));
        let reads = gateway.seat.reads.load(Ordering::Relaxed);
        let refused = gateway.get(&several.owner).await;
        assert_eq!(refused.status, 429);
        let retry: u64 = refused.header("retry-after").parse().unwrap();
        assert!((50..=60).contains(&retry), "{retry}");
        // That is known without asking anybody.
        assert_eq!(gateway.answered(&several.owner, 100, 429).await, 100);
        assert!(gateway.seat.reads.load(Ordering::Relaxed) <= reads + 1);
    }
    // A minute after they were answered, either may use all of them.
    sleep(Duration::from_secs(60)).await;
    assert_eq!(other.answered(&several.owner, 120, 200).await, 100);
    assert_eq!(one.answered(&several.owner, 1, 429).await, 1);
}

#[tokio::test(start_paused = true)]
async fn calls_that_come_at_once_share_what_there_is() {
    let several = Several::before(Phare::taking(1_000), 100, AtLimit::Reject);
    let (one, other) = several.two().await;
    let calls = (0..150).map(|number| {
        let gateway = if number % 2 == 0 { &one } else { &other };
        gateway.get(&several.owner)
    });
    let answers = futures_util::future::join_all(calls).await;
    let granted = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((granted, several.phare.called(0)), (100, 100));
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status, 200 | 429))
    );
    let writes = [&one, &other].map(|gateway| gateway.seat.written.load(Ordering::Relaxed));
    assert!(writes.iter().sum::<u64>() < 20, "{writes:?}");
}

/// Whoever waits at one is behind those who called at the other.
#[tokio::test(start_paused = true)]
async fn gateways_keep_one_pace() {
    let several = Several::before(Phare::taking(1_000), 10, AtLimit::Pace);
    let (one, other) = several.two().await;
    let began = Instant::now();
    assert_eq!(one.answered(&several.owner, 4, 200).await, 4);
    sleep(Duration::from_secs(1)).await;
    let answers = futures_util::future::join_all((0..2).map(|_| other.get(&several.owner))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    // One in ten seconds after a burst of four, of both.
    let took = began.elapsed().as_secs_f32();
    assert!((20.0..22.0).contains(&took), "{took}");
    // Nor does one that starts begin with a burst.
    let third = several.start(Some(3)).await;
    assert_eq!(third.answered(&several.owner, 1, 200).await, 1);
    let took = began.elapsed().as_secs_f32();
    assert!((29.0..33.0).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_starts_knows_what_others_called_and_one_that_stops_is_not_forgotten() {
    let several = Several::before(Phare::taking(1_000), 10, AtLimit::Reject);
    let one = several.start(Some(1)).await;
    assert_eq!(one.answered(&several.owner, 7, 200).await, 7);
    sleep(Duration::from_secs(1)).await;
    one.gateway.stop().await;
    let other = several.start(Some(2)).await;
    assert_eq!(other.gateway.limits().used, 7);
    assert_eq!(other.answered(&several.owner, 10, 200).await, 3);
    // One that is killed with calls in hand says nothing more.
    drop(other.gateway);
    let third = several.start(Some(3)).await;
    assert_eq!(third.answered(&several.owner, 10, 200).await, 0);
    sleep(Duration::from_secs(61)).await;
    assert_eq!(third.answered(&several.owner, 8, 200).await, 8);
}

#[tokio::test(start_paused = true)]
async fn without_its_database_a_gateway_of_several_calls_no_more() {
    let several = Several::before(Phare::taking(1_000), 100, AtLimit::Reject);
    let (one, other) = several.two().await;
    assert_eq!(one.answered(&several.owner, 2, 200).await, 2);
    one.seat.is_cut.store(true, Ordering::Relaxed);
    let began = Instant::now();
    let stale = one.get(&several.owner).await;
    assert_eq!(
        (stale.status, stale.code()),
        (503, "gateway_stale".to_owned())
    );
    assert!(began.elapsed() < Duration::from_secs(5));
    sleep(Duration::from_secs(5)).await;
    assert_eq!(one.answered(&several.owner, 20, 503).await, 20);
    // The other does, but for what this one may have made.
    assert_eq!(other.answered(&several.owner, 100, 200).await, 98);
    assert_eq!(several.phare.called(0), 100);
    one.seat.is_cut.store(false, Ordering::Relaxed);
    sleep(Duration::from_secs(61)).await;
    assert_eq!(one.answered(&several.owner, 110, 200).await, 100);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_turn_does_not_wait_for_a_database_that_is_away() {
    let several = Several::before(Phare::taking(1_000), 10, AtLimit::Pace);
    let one = several.start(Some(1)).await;
    assert_eq!(one.answered(&several.owner, 4, 200).await, 4);
    let began = Instant::now();
    let waiting = one.get(&several.owner);
    let cut = async {
        sleep(Duration::from_secs(1)).await;
        one.seat.is_cut.store(true, Ordering::Relaxed);
    };
    let (stale, ()) = tokio::join!(waiting, cut);
    assert_eq!(
        (stale.status, stale.code()),
        (503, "gateway_stale".to_owned())
    );
    assert!(began.elapsed() < Duration::from_secs(5));
}

/// What Phare says to one holds for all.
#[tokio::test(start_paused = true)]
async fn a_hold_of_one_gateway_holds_the_others() {
    let several = Several::before(Phare::taking(5), 100, AtLimit::Reject);
    let (one, other) = several.two().await;
    several.phare.called(5);
    assert_eq!(one.get(&several.owner).await.status, 429);
    sleep(Duration::from_secs(1)).await;
    let refused = several.phare.refused();
    assert_eq!(other.answered(&several.owner, 20, 429).await, 20);
    assert_eq!(several.phare.refused(), refused, "none went there");
    sleep(Duration::from_secs(62)).await;
    assert_eq!(other.answered(&several.owner, 5, 200).await, 5);
}

#[tokio::test(start_paused = true)]
async fn calls_of_other_gateways_are_not_taken_for_anybody_elses() {
    let several = Several::before(Phare::taking(100), 100, AtLimit::Reject);
    let (one, other) = several.two().await;
    for _ in 0..10 {
        assert_eq!(one.answered(&several.owner, 3, 200).await, 3);
        assert_eq!(other.answered(&several.owner, 2, 200).await, 2);
        sleep(Duration::from_millis(300)).await;
    }
    sleep(Duration::from_secs(1)).await;
    for gateway in [&one, &other] {
        let limits = gateway.gateway.limits();
        assert_eq!((limits.direct, limits.used), (None, 50));
    }
    // Somebody else is found still, where more is counted than all of them may have made.
    sleep(Duration::from_secs(60)).await;
    several.phare.called(40);
    assert_eq!(one.answered(&several.owner, 1, 200).await, 1);
    sleep(Duration::from_secs(1)).await;
    let direct = one.gateway.limits().direct;
    assert_eq!(direct.map(|direct| direct.calls), Some(40));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(other.gateway.limits().remaining, 59);
}

#[tokio::test(start_paused = true)]
async fn one_that_only_watches_takes_nothing_and_sees_all() {
    let several = Several::before(Phare::taking(1_000), 100, AtLimit::Reject);
    let (one, other) = several.two().await;
    let watching = several.start(None).await;
    assert_eq!(one.answered(&several.owner, 3, 200).await, 3);
    assert_eq!(other.answered(&several.owner, 2, 200).await, 2);
    sleep(Duration::from_secs(1)).await;
    let (limits, by_key) = watching.gateway.limits_by_key(10, &|_| true);
    assert_eq!((limits.used, limits.remaining), (5, 95));
    assert_eq!((by_key.len(), by_key[0].calls), (1, 5));
    assert_ne!(watching.get(&several.owner).await.status, 200);
    watching.gateway.stop().await;
    assert_eq!(several.rows.lock().unwrap().len(), 2);
    assert_eq!(several.phare.called(0), 5);
}

#[tokio::test(start_paused = true)]
async fn a_key_has_its_share_and_its_reservation_of_all_gateways() {
    let several = Several::before(Phare::taking(1_000), 20, AtLimit::Reject);
    let (one, other) = several.two().await;
    let shares = [(Some(6), 0), (None, 5)].map(|(at_most, reserved)| {
        let owned = key(gardien_domain::Scope::Organization {}, READ_WRITE);
        let share = Share {
            at_most,
            reserved,
            ..Share::default()
        };
        let key = Key::from_parts(KeyParts {
            share,
            ..owned.key.clone().into_parts()
        });
        for gateway in [&one, &other] {
            gateway.gateway.put_key(&key);
        }
        owned
    });
    assert_eq!(one.answered(&shares[0], 4, 200).await, 4);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(other.answered(&shares[0], 10, 200).await, 2);
    // Two of five are used: three are kept free, wherever they are wanted.
    assert_eq!(one.answered(&shares[1], 2, 200).await, 2);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(other.answered(&several.owner, 20, 200).await, 9);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(one.answered(&several.owner, 20, 200).await, 0);
    assert_eq!(other.answered(&shares[1], 5, 200).await, 3);
    assert_eq!(several.phare.called(0), 20);
}

/// At rest nothing is written, and what was leased and not used is anybody's.
#[tokio::test(start_paused = true)]
async fn at_rest_nothing_is_leased_nor_written() {
    let several = Several::before(Phare::taking(10_000), 2_000, AtLimit::Reject);
    let (one, _other) = several.two().await;
    assert_eq!(one.answered(&several.owner, 1, 200).await, 1);
    let leased = || {
        let rows = several.rows.lock().unwrap();
        rows.values().map(|(_, own)| own.calls.leased).sum::<u32>()
    };
    assert!(leased() > 10);
    sleep(Duration::from_millis(1_000)).await;
    assert_eq!(leased(), 0);
    let written = one.seat.written.load(Ordering::Relaxed);
    sleep(Duration::from_secs(120)).await;
    assert_eq!(one.seat.written.load(Ordering::Relaxed), written);
    // What is said to be void is not used.
    one.gateway.forfeit();
    assert_eq!(one.answered(&several.owner, 1, 200).await, 1);
}
