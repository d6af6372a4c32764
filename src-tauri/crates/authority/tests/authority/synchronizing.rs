//! Reading the projects from Phare: how often, whoever asks.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use gardien_authority::{Actor, Authority, Fault, UpstreamIdentity};
use gardien_domain::Role;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::projects::{Phare, world};
use crate::world::{World, system};

/// A world in which a Member may ask, 10 s after the last reading.
async fn asking() -> (World, Arc<Phare>, Actor) {
    let (world, phare) = world().await;
    let (member, _) = world.someone("m@example.com", Role::Member).await;
    world.later(10);
    (world, phare, member)
}

async fn asked(authority: Authority, member: Actor) -> Result<(), &'static str> {
    let creator = member.create_projects().unwrap();
    let refreshed = authority.refresh_projects(creator).await;
    refreshed.map_err(|fault| fault.code())
}

fn readings(phare: &Phare) -> usize {
    phare.asked.lock().unwrap().len()
}

/// Lets Phare answer the next call when it is told to.
fn held(phare: &Phare) -> (oneshot::Receiver<()>, oneshot::Sender<()>) {
    let (arrived, arrival) = oneshot::channel();
    let (go, going) = oneshot::channel::<()>();
    *phare.meanwhile.lock().unwrap() = Some(Box::pin(async move {
        arrived.send(()).unwrap();
        going.await.unwrap();
    }));
    (arrival, go)
}

#[tokio::test]
async fn two_hundred_who_ask_at_once_share_one_reading() {
    let (world, phare, member) = asking().await;
    let (arrival, go) = held(&phare);
    let mut all: JoinSet<_> = (0..200)
        .map(|_| asked(world.authority.clone(), member.clone()))
        .collect();
    arrival.await.unwrap();
    go.send(()).unwrap();
    while let Some(outcome) = all.join_next().await {
        assert_eq!(outcome.unwrap(), Ok(()));
    }
    assert_eq!(readings(&phare), 1);
}

#[tokio::test]
async fn whoever_asks_within_ten_seconds_gets_the_last_result() {
    let (world, phare, member) = asking().await;
    let ask = || asked(world.authority.clone(), member.clone());
    for (later, readings_then) in [(0, 1), (9, 1), (1, 2), (9, 2), (60, 3)] {
        world.later(later);
        assert_eq!(ask().await, Ok(()));
        assert_eq!(readings(&phare), readings_then, "{later} s later");
    }
    // A bad one as well: a Phare that is down is not asked more often than one that answers.
    phare.down.store(true, Ordering::SeqCst);
    world.later(10);
    for _ in 0..3 {
        assert_eq!(ask().await, Err("upstream_unreachable"));
    }
    assert_eq!(readings(&phare), 4);
    phare.down.store(false, Ordering::SeqCst);
    world.later(10);
    assert_eq!(ask().await, Ok(()));
    // A clock that was set back makes no result last longer.
    world.later(-3_600);
    assert_eq!(ask().await, Ok(()));
    assert_eq!(readings(&phare), 6);
}

#[tokio::test]
async fn what_gardien_reads_back_by_itself_waits_for_no_interval_and_is_the_last_result() {
    let (world, phare, member) = asking().await;
    let ask = || asked(world.authority.clone(), member.clone());
    assert_eq!(ask().await, Ok(()));
    for readings_then in [2, 3] {
        let read_back = world.authority.synchronize_projects(system());
        read_back.await.unwrap();
        assert_eq!(readings(&phare), readings_then);
    }
    world.later(9);
    assert_eq!(ask().await, Ok(()));
    assert_eq!(readings(&phare), 3);
}

#[tokio::test]
async fn what_was_read_of_another_upstream_is_no_result() {
    let (world, phare, member) = asking().await;
    let ask = || asked(world.authority.clone(), member.clone());
    assert_eq!(ask().await, Ok(()));
    let sandbox = UpstreamIdentity::Sandbox;
    world.authority.attach(system(), &sandbox).await.unwrap();
    assert_eq!(ask().await, Ok(()));
    assert_eq!(readings(&phare), 2);
}

#[tokio::test]
async fn whoever_gives_up_leaves_the_reading_to_the_others() {
    let (world, phare, member) = asking().await;
    let (arrival, go) = held(&phare);
    let first: JoinHandle<_> = tokio::spawn(asked(world.authority.clone(), member.clone()));
    arrival.await.unwrap();
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let second = tokio::spawn(asked(world.authority.clone(), member.clone()));
    go.send(()).unwrap();
    assert_eq!(second.await.unwrap(), Ok(()));
    assert_eq!(readings(&phare), 1);
}

#[tokio::test]
async fn without_an_upstream_there_is_nothing_to_read() {
    let world = World::new().await;
    let creator = world.owner.create_projects().unwrap();
    let refreshed = world.authority.refresh_projects(creator).await;
    assert!(matches!(refreshed, Err(Fault::UpstreamMissing)));
}
