//! Who used what of the limit, as far as the asker sees.

use gardien_authority::api::{LimitMost, LimitUse};
use gardien_domain::Role;
use gardien_domain::share::Share;

use crate::world::{World, system};

#[tokio::test]
async fn the_limit_names_the_keys_that_used_it_to_whoever_sees_them() {
    let world = World::new().await;
    let mut made = Vec::new();
    for _ in 0..52 {
        made.push(world.key().await.0);
    }
    let limits = world.authority.limits(&world.owner).await.unwrap();
    assert_eq!((limits.used, limits.remaining), (90, 10));
    let most = made[..50].iter().map(|id| LimitUse {
        id: *id,
        name: "Grafana".to_owned(),
        calls: 1,
        waiting: 0,
        waited_seconds: 0,
        refused: 0,
        share: Share::default(),
    });
    assert_eq!(limits.by_key, most.collect::<Vec<_>>());
    let reached = limits.reached.clone().unwrap();
    let most = LimitMost {
        id: made[0],
        name: "Grafana".to_owned(),
        calls: 1,
    };
    assert_eq!(reached.most, Some(most));
    assert_eq!(world.authority.all_limits(system()).await.unwrap(), limits);

    let (eve, _) = world.someone("eve@example.com", Role::Member).await;
    let seen = world.authority.limits(&eve).await.unwrap();
    assert_eq!((seen.used, seen.by_key), (90, vec![]));
    let heard = seen.reached.unwrap();
    assert_eq!(
        (heard.at, heard.most),
        (reached.at, None),
        "and not by whom"
    );
}
