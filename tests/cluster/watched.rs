//! What can be watched of servers that share a database.

use std::time::Duration;

use serde_json::json;

use super::team::Team;
use crate::support::relay::Way;

#[tokio::test]
async fn a_lease_that_runs_out_and_who_waited_for_it_can_be_seen() {
    let team = Team::of(2).await;
    let (near, gone) = (&team.gateways[0], &team.gateways[1]);
    let key = team.issue().await;
    for gateway in [near, gone] {
        let left = gateway.figure("gardien_lease_seconds").await;
        assert!((0.0..=1.0).contains(&left), "{left}");
        while gateway.figure("gardien_revision").await
            < team.management.figure("gardien_revision").await
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(gateway.figure("gardien_revision_seen").await >= 1.0);
    }
    // A busy machine may have let one run out before.
    let silent = "gardien_acknowledgements_silent_total";
    let before = team.management.figure(silent).await;
    team.ways[1].is(Way::Stalled);
    let revoked = team.owner.post(&key.path("/revoke"), json!({})).await;
    revoked.expect(200);
    assert!(gone.figure("gardien_lease_seconds").await <= 0.0);
    while near.figure("gardien_lease_seconds").await <= 0.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(team.management.figure(silent).await > before);
    let waits = team
        .management
        .figure("gardien_acknowledgement_seconds_count")
        .await;
    assert!(waits >= 1.0, "{waits}");
    let quick = "gardien_acknowledgement_seconds_bucket{le=\"0.25\"}";
    assert!(team.management.figure(quick).await < waits);
}
