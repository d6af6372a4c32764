//! Things that break: ways are cut, stalled and slow, gateways and the database killed and stopped.

use std::sync::Arc;
use std::time::Duration;

use gardien_test_postgres::Cluster;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use super::team::{LEASE, Team};
use crate::support::dice::Dice;
use crate::support::relay::Way;

/// A fault lasts longer than a lease at times.
const LONGEST: u64 = 1_500 * LEASE;

/// Breaks one thing after the other while it is to go on, and mends each. Gives the database back.
pub(super) async fn break_things(
    team: Arc<tokio::sync::Mutex<Team>>,
    cluster: Cluster,
    mut dice: Dice,
    goes_on: impl Fn(usize) -> bool,
) -> Cluster {
    let mut done = 0;
    while goes_on(done) {
        done += 1;
        sleep(Duration::from_millis(dice.within(1..500))).await;
        let lasts = Duration::from_millis(dice.within(1..LONGEST));
        let mut team = team.lock().await;
        let gateways = team.gateways.len() as u64;
        let gateway = usize::try_from(dice.within(0..gateways)).unwrap();
        let way = usize::try_from(dice.within(0..gateways + 1)).unwrap();
        match dice.within(0..7) {
            0 => broken(&team, way, Way::Cut, lasts).await,
            1 => broken(&team, way, Way::Stalled, lasts).await,
            2 => broken(&team, way, Way::Slow(Duration::from_millis(200)), lasts).await,
            3 => {
                let process = i32::try_from(team.gateways[gateway].process()).unwrap();
                let process = Pid::from_raw(process).unwrap();
                kill_process(process, Signal::STOP).unwrap();
                sleep(lasts).await;
                kill_process(process, Signal::CONT).unwrap();
            }
            4 => {
                team.gateways[gateway].kill9();
                sleep(lasts / 2).await;
                // None starts while there is no database.
                team.database.until_it_answers().await;
                let gateway = &mut team.gateways[gateway];
                tokio::task::block_in_place(|| gateway.restart_in_place());
            }
            5 => {
                cluster.stand_still(true).unwrap();
                sleep(lasts / 2).await;
                cluster.stand_still(false).unwrap();
            }
            _ => drop(cluster.crash()),
        }
    }
    cluster
}

async fn broken(team: &Team, way: usize, broken: Way, lasts: Duration) {
    team.ways[way].is(broken);
    sleep(lasts).await;
    team.ways[way].is(Way::Open);
}
