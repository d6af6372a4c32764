//! The gateways that share a database, as the management API lists them.

use std::time::Duration;

use serde_json::{Value, json};

use super::team::Team;
use crate::support::relay::Way;

/// Name, lease and lag of each.
async fn listed(team: &Team) -> Vec<(String, String, u64)> {
    let page = team.owner.get("/v1/gateways").await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let gateways = page["data"].as_array().unwrap().iter();
    gateways
        .map(|each| {
            let lag = each["lag"].as_u64().unwrap();
            (text(&each["name"]), text(&each["lease"]), lag)
        })
        .collect()
}

fn stand(name: &str, lease: &str, lag: u64) -> (String, String, u64) {
    (name.to_owned(), lease.to_owned(), lag)
}

/// Waits until the two stand so.
async fn until(team: &Team, expected: [(String, String, u64); 2]) {
    let waiting = async {
        while listed(team).await != expected {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(90), waiting).await;
    if waited.is_err() {
        assert_eq!(listed(team).await, expected);
    }
}

#[tokio::test]
async fn gateways_are_listed_and_one_that_a_revocation_did_not_reach_grants_nothing() {
    let team = Team::of(2).await;
    let both = || [0, 1].map(|number| stand(&format!("gateway-{number}"), "held", 0));
    until(&team, both()).await;
    let page = team.owner.get("/v1/gateways").await.expect(200);
    for (gateway, each) in team.gateways.iter().zip(page["data"].as_array().unwrap()) {
        let address = each["address"].as_str().unwrap();
        assert_eq!(format!("http://{address}"), gateway.gateway());
        assert_eq!(each["version"], env!("CARGO_PKG_VERSION"));
        assert!(each["revision"].as_u64().unwrap() > 0);
    }

    let key = team.issue().await;
    until(&team, both()).await;
    team.ways[1].is(Way::Stalled);
    team.owner
        .post(&key.path("/revoke"), json!({}))
        .await
        .expect(200);
    let without = [
        stand("gateway-0", "held", 0),
        stand("gateway-1", "ended", 1),
    ];
    assert_eq!(listed(&team).await[1], without[1]);
    until(&team, without).await;
    team.ways[1].is(Way::Open);
    until(&team, both()).await;
}

#[tokio::test]
async fn a_gateway_that_died_is_listed_without_a_lease_although_nobody_waited_for_it() {
    let mut team = Team::of(2).await;
    let both = [0, 1].map(|number| stand(&format!("gateway-{number}"), "held", 0));
    until(&team, both).await;
    team.gateways[1].kill9();
    let without = [
        stand("gateway-0", "held", 0),
        stand("gateway-1", "ended", 0),
    ];
    until(&team, without).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_window_says_of_each_gateway_whether_it_follows() {
    use crate::support::desktop::Desk;

    let state =
        |row| format!("[data-testid='gateway']:nth-child({row}) [data-testid='gateway-state']");
    let team = Team::of(2).await;
    let token = team.management.token("owner@lighthouse.test", "owner");
    let desk = Desk::start().await;
    desk.join(team.management.management(), &token).await;
    desk.go("settings").await;
    for row in [1, 2] {
        desk.wait_text(&state(row), "Follows").await;
    }

    let key = team.issue().await;
    team.ways[1].is(Way::Stalled);
    team.owner
        .post(&key.path("/revoke"), json!({}))
        .await
        .expect(200);
    // The window is told, and asks for nothing by itself.
    desk.wait_text(&state(2), "Not heard of since").await;
    assert_eq!(desk.text(&state(1)).await, "Follows");
    desk.look_to("settings-gateways", "[aria-label='Gateways']")
        .await;
    team.ways[1].is(Way::Open);
    desk.wait_text(&state(2), "Follows").await;
}
