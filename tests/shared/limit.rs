//! Rule 6 where several gateways call Phare.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::team::Team;

const LIMIT: usize = 100;
const CALLS: usize = 60;

#[tokio::test]
async fn rule_6_all_gateways_take_their_calls_from_one_limit() {
    let team = Team::of(3).await;
    let key = team.issue().await;
    let limit = json!({ "calls_per_minute": LIMIT, "at_limit": "reject" });
    team.owner
        .patch("/v1/organization", limit)
        .await
        .expect(200);
    // That it is lower is followed, as that there is a key.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let callers = team.gateways.iter().map(|gateway| async {
        let holder = gateway.key_holder(&key.secret);
        let mut granted = 0;
        for _ in 0..CALLS {
            match holder.get("/uptime/monitors").await.status.as_u16() {
                200 => granted += 1,
                status => assert_eq!(status, 429),
            }
        }
        granted
    });
    let granted: Vec<usize> = join_all(callers).await;
    // What Gardien itself asked counts, too.
    let made = team.upstream.calls().len();
    assert!(made <= LIMIT, "{made}");
    let granted: usize = granted.iter().sum();
    assert!(
        (LIMIT - 20..=made).contains(&granted),
        "{granted} of {made}"
    );

    // Whoever manages sees what all of them hold.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let limits = team.owner.get("/v1/limits").await.expect(200);
    assert_eq!(limits["remaining"], 0, "{limits}");
}
