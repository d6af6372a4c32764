//! Listings in Phare's form: pages, links, filters.

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

#[tokio::test]
async fn odd_pages_are_refused() {
    let world = World::new().await;
    let key = world.reading_key().await;
    for (query, field) in [
        ("page=0", "page"),
        ("page=two", "page"),
        ("page=", "page"),
        ("per_page=0", "per_page"),
        ("per_page=101", "per_page"),
    ] {
        let refused = world
            .holder(&key)
            .get(&format!("{MONITORS}?{query}"))
            .await
            .expect(422);
        assert!(
            refused["errors"][field][0].is_string(),
            "{query}: {refused:#}"
        );
    }
}

#[tokio::test]
async fn users_are_found_by_their_mail_address() {
    let world = World::new().await;
    let key = world.organization_key().await;
    let holder = world.holder(&key);
    let users = holder.get("/users").await.expect(200);
    let [user] = users["data"].as_array().unwrap().as_slice() else {
        panic!("{users:#}")
    };
    assert_eq!(
        &holder
            .get(&format!("/users/{}", user["id"]))
            .await
            .expect(200),
        user
    );
    let email = user["email"].as_str().unwrap();
    for (query, found) in [
        (format!("email={}", email.to_uppercase()), 1),
        (format!("email=nobody@sandbox.test,{email}"), 1),
        (format!("email=nobody@sandbox.test&email={email}"), 1),
        ("email=nobody@sandbox.test".to_owned(), 0),
        ("email=".to_owned(), 1),
    ] {
        let page = holder.get(&format!("/users?{query}")).await.expect(200);
        assert_eq!(page["data"].as_array().unwrap().len(), found, "{query}");
    }
    holder.get("/users/4711").await.expect(404);
}
