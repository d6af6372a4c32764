//! The links of a listing lead through the gateway.

use serde_json::{Value, json};

use super::http_monitor;
use crate::support::world::{World, new_key};

const MONITORS: &str = "/uptime/monitors";

fn names(page: &Value) -> Vec<&str> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn pages_follow_each_other_by_their_links() {
    let world = World::new().await;
    let key = world
        .issue(new_key("Shop", world.shop.scope(), "none", "read_write"))
        .await;
    let holder = world.holder(&key);
    let path = format!("{}{MONITORS}", world.server.gateway());
    let empty = holder.get(MONITORS).await.expect(200);
    let expected = json!({
        "data": [],
        "meta": { "current_page": 1, "from": 0, "to": 0, "per_page": 20, "path": path },
        "links": { "first": format!("{path}?page=1"), "last": null, "prev": null, "next": null },
    });
    assert_eq!(empty, expected);

    for number in 1..=5 {
        holder
            .post(MONITORS, http_monitor(&format!("Monitor {number}")))
            .await
            .expect(201);
    }
    let mut page = holder.get("/uptime/monitors?per_page=2").await.expect(200);
    let mut seen: Vec<String> = names(&page).into_iter().map(str::to_owned).collect();
    while let Some(next) = page["links"]["next"].as_str().map(str::to_owned) {
        // A client follows the link as it is: it leads through the gateway.
        page = holder
            .get(next.strip_prefix(world.server.gateway()).unwrap())
            .await
            .expect(200);
        assert_eq!(page["meta"]["from"], seen.len() + 1);
        seen.extend(names(&page).into_iter().map(str::to_owned));
    }
    assert_eq!(
        seen,
        [
            "Monitor 1",
            "Monitor 2",
            "Monitor 3",
            "Monitor 4",
            "Monitor 5"
        ]
    );
    assert_eq!(
        page["links"]["prev"],
        json!(format!("{path}?per_page=2&page=2"))
    );
    assert_eq!(
        names(
            &holder
                .get("/uptime/monitors?page=4&per_page=2")
                .await
                .expect(200)
        )
        .len(),
        0
    );
}
