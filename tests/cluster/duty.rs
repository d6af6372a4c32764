//! What one server only does is done by another within seconds when that one is gone.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::team::Team;
use crate::support::server::Server;

const ON_DUTY: &str = "this server reads Phare's projects and examines its keys now";

#[tokio::test]
async fn the_duty_of_one_that_is_killed_goes_to_another() {
    let mut team = Team::of(2).await;
    let is_on_duty = |server: &Server| server.log().contains(ON_DUTY);
    // It was there first.
    until(|| is_on_duty(&team.management)).await;
    assert!(!team.gateways.iter().any(is_on_duty));
    team.management.kill9();
    until(|| team.gateways.iter().any(is_on_duty)).await;
    assert_eq!(
        team.gateways
            .iter()
            .filter(|server| is_on_duty(server))
            .count(),
        1
    );
}

async fn until(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(90), waiting).await.unwrap();
}
