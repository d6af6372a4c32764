//! One server after the other is replaced, as by a newer version, while programs call.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::team::Team;
use crate::support::people::Caller;

const CALLERS: usize = 8;

/// The gateways that calls are sent to, each with the calls that are under way there: what a load balancer knows.
type Rotation = Arc<Mutex<Vec<(Caller, Arc<AtomicUsize>)>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_are_replaced_one_after_the_other_and_no_call_is_refused() {
    let mut team = Team::of(2).await;
    let key = team.issue().await;
    let rotation = Rotation::default();
    for gateway in &team.gateways {
        let holder = gateway.key_holder(&key.secret);
        holder.until_granted().await;
        rotation.lock().unwrap().push((holder, Arc::default()));
    }
    let (over, granted) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let callers: Vec<_> = (0..CALLERS)
        .map(|number| {
            let calling = call(rotation.clone(), over.clone(), granted.clone(), number);
            tokio::spawn(calling)
        })
        .collect();
    for replaced in 0..team.gateways.len() {
        let (_, under_way) = rotation.lock().unwrap().remove(0);
        while under_way.load(Ordering::SeqCst) > 0 {
            sleep(Duration::from_millis(1)).await;
        }
        let some = granted.load(Ordering::SeqCst) + 10 * CALLERS;
        tokio::task::block_in_place(|| {
            team.gateways[replaced].terminate();
            team.gateways[replaced].restart();
        });
        let again = team.gateways[replaced].key_holder(&key.secret);
        again.until_granted().await;
        rotation.lock().unwrap().push((again, Arc::default()));
        let going_on = async {
            while granted.load(Ordering::SeqCst) < some {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(90), going_on).await.unwrap();
    }
    tokio::task::block_in_place(|| {
        team.management.terminate();
        team.management.restart();
    });
    over.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }
}

async fn call(rotation: Rotation, over: Arc<AtomicBool>, granted: Arc<AtomicUsize>, number: usize) {
    while !over.load(Ordering::SeqCst) {
        let (holder, under_way) = {
            let rotation = rotation.lock().unwrap();
            let (holder, under_way) = &rotation[number % rotation.len()];
            under_way.fetch_add(1, Ordering::SeqCst);
            (holder.clone(), under_way.clone())
        };
        holder.get("/uptime/monitors").await.expect(200);
        under_way.fetch_sub(1, Ordering::SeqCst);
        granted.fetch_add(1, Ordering::SeqCst);
    }
}
