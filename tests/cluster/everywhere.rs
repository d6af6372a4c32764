//! What was taken away is refused by every gateway once that was acknowledged.

use std::time::{Duration, Instant};

use serde_json::json;

use super::faults::report;
use super::team::{LEASE, Team};
use crate::support::people::Caller;
use crate::support::relay::Way;
use crate::support::server::{Server, Serves};
use crate::support::upstream::PHARE_KEY;

const MONITORS: &str = "/uptime/monitors";

#[tokio::test]
async fn what_is_taken_away_is_refused_everywhere_and_what_is_given_follows() {
    let team = Team::of(3).await;
    let key = team.issue().await;
    for gateway in &team.gateways {
        let holder = gateway.key_holder(&key.secret);
        // A key that was just made may come a moment later.
        while holder.get(MONITORS).await.status == 401 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        holder.get(MONITORS).await.expect(200);
    }
    let narrower = json!({ "products": { "platform": "read", "uptime": "none" } });
    let narrowed = team.owner.patch(&key.path(""), narrower).await;
    narrowed.expect(200);
    for gateway in &team.gateways {
        let refused = gateway.key_holder(&key.secret).get(MONITORS).await;
        refused.refusal(403, "");
    }
    team.owner
        .post(&key.path("/revoke"), json!({}))
        .await
        .expect(200);
    for gateway in &team.gateways {
        let refused = gateway.key_holder(&key.secret).get(MONITORS).await;
        refused.refusal(401, "key_revoked");
    }
}

#[tokio::test]
async fn a_gateway_that_is_cut_off_grants_nothing_when_its_lease_is_over_and_is_named() {
    let team = Team::of(2).await;
    let (gone, key) = (&team.gateways[1], team.issue().await);
    let holder = gone.key_holder(&key.secret);
    while holder.get(MONITORS).await.status == 401 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    team.ways[1].is(Way::Stalled);
    let revoked = team.owner.post(&key.path("/revoke"), json!({})).await;
    let told = revoked.header("server-timing").unwrap().to_owned();
    revoked.expect(200);
    assert!(told.contains("desc=\"without gateway-1\""), "{told}");
    let stale = holder.get(MONITORS).await;
    assert_eq!(stale.header("retry-after"), Some("1"));
    stale.refusal(503, "gateway_stale");
    assert_eq!(
        Caller::anonymous(gone.gateway())
            .get("/readyz")
            .await
            .status,
        503
    );

    // Nobody waits for it again.
    let other = team.issue().await;
    let revoked = team.owner.post(&other.path("/revoke"), json!({})).await;
    let told = revoked
        .header("server-timing")
        .unwrap_or_default()
        .to_owned();
    revoked.expect(200);
    assert!(!told.contains("gateway-1"), "{told}");

    team.ways[1].is(Way::Open);
    let back = async {
        while holder.get(MONITORS).await.status == 503 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), back)
        .await
        .unwrap();
    holder.get(MONITORS).await.refusal(401, "key_revoked");
    assert_eq!(
        Caller::anonymous(gone.gateway())
            .get("/readyz")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_gateway_whose_connections_lead_nowhere_makes_others_in_seconds() {
    let team = Team::of(2).await;
    let (gone, key) = (&team.gateways[1], team.issue().await);
    let holder = gone.key_holder(&key.secret);
    holder.until_granted().await;
    let lost = Instant::now();
    team.ways[1].lose();
    team.owner
        .post(&key.path("/revoke"), json!({}))
        .await
        .expect(200);
    while holder.get(MONITORS).await.status != 401 {
        assert!(lost.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = lost.elapsed();
    report(&format!("follows again after {took:?}"));
    assert!(took < Duration::from_secs(12), "{took:?}");
}

#[tokio::test]
async fn a_revocation_that_somebody_else_is_waiting_for_is_waited_for_too() {
    let team = Team::of(2).await;
    let (url, address) = (team.upstream.url(), team.database.url());
    let variables = [
        ("GARDIEN_DATABASE", &*address),
        ("PHARE_API_KEY", PHARE_KEY),
    ];
    let desk = Server::serving(Serves::Management, &["--phare", &url], &variables);
    let other = desk.member("other@lighthouse.test", "owner");
    let (gone, key) = (&team.gateways[1], team.issue().await);
    let holder = gone.key_holder(&key.secret);
    while holder.get(MONITORS).await.status == 401 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    team.ways[1].is(Way::Stalled);
    let path = key.path("/revoke");
    let second = async {
        // It is recorded by then, and the first is not answered.
        tokio::time::sleep(Duration::from_millis(200)).await;
        other.post(&path, json!({})).await.expect(200);
        holder.get(MONITORS).await.refusal(503, "gateway_stale");
    };
    let first = async { team.owner.post(&path, json!({})).await.expect(200) };
    tokio::join!(first, second);
}

#[tokio::test]
async fn a_gateway_that_ends_in_order_is_waited_for_by_nobody() {
    let mut team = Team::of(2).await;
    let key = team.issue().await;
    team.gateways[1].terminate();
    let revoked = team.owner.post(&key.path("/revoke"), json!({})).await;
    let told = revoked
        .header("server-timing")
        .unwrap_or_default()
        .to_owned();
    revoked.expect(200);
    assert!(!told.contains("gateway-1"), "{told}");
}

#[tokio::test]
async fn whoever_manages_without_the_database_is_told_so_and_the_gateways_go_on_or_stop() {
    let team = Team::of(1).await;
    let key = team.issue().await;
    team.ways[1].is(Way::Cut);
    let failed = team.owner.get("/v1/keys").await;
    failed.problem(503, "store_unavailable");
    let failed = team.owner.post(&key.path("/revoke"), json!({})).await;
    failed.problem(503, "store_unavailable");
    let ready = team.management.stranger().get("/readyz").await;
    assert_eq!(ready.status, 503);
    let holder = team.gateways[0].key_holder(&key.secret);
    tokio::time::sleep(Duration::from_secs(2 * LEASE)).await;
    // Its own way is open.
    holder.get(MONITORS).await.expect(200);
    team.ways[1].is(Way::Open);
    let back = async {
        while team.owner.get("/v1/keys").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), back)
        .await
        .unwrap();
}
