//! Projects that are made through the gateway, past the panel.

use serde_json::json;

use super::http_monitor;
use crate::support::world::{World, new_key};

#[tokio::test]
async fn a_project_is_made_changed_and_deleted() {
    let world = World::new().await;
    let key = world.organization_key().await;
    let holder = world.holder(&key);
    let made = holder
        .post("/projects", json!({ "name": "Côté cour", "members": [1] }))
        .await
        .expect(201);
    let expected = json!({
        "id": made["id"],
        "slug": "c-t-cour",
        "name": "Côté cour",
        "members": [1],
        "settings": { "use_incident_ai": true, "use_incident_merging": true, "incident_merging_time_window": 60 },
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    });
    assert_eq!(made, expected);
    let path = format!("/projects/{}", made["id"]);
    let renamed = holder
        .post(&path, json!({ "name": "Market", "slug": "market" }))
        .await
        .expect(200);
    assert_eq!(
        (&renamed["name"], &renamed["slug"]),
        (&json!("Market"), &json!("c-t-cour"))
    );
    assert_eq!(renamed["settings"], expected["settings"]);
    assert_eq!(
        holder.get("/projects").await.expect(200)["data"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    holder
        .post("/projects", json!({ "name": "x" }))
        .await
        .expect(422);
    holder.delete(&path).await.expect(204);
    holder.get(&path).await.expect(404);
}

#[tokio::test]
async fn a_deleted_project_takes_its_monitors_along() {
    let world = World::new().await;
    let key = world.organization_key().await;
    let [shop, blog] = [&world.shop, &world.blog].map(|project| world.holder_in(&key, project));
    let gone = shop
        .post("/uptime/monitors", http_monitor("Gone"))
        .await
        .expect(201);
    let kept = blog
        .post("/uptime/monitors", http_monitor("Kept"))
        .await
        .expect(201);
    world
        .owner
        .delete(&format!("/v1/projects/{}", world.shop.id))
        .await
        .expect(204);
    shop.get(&format!("/uptime/monitors/{}", gone["id"]))
        .await
        .refusal(403, "project_unknown");
    blog.get(&format!("/uptime/monitors/{}", gone["id"]))
        .await
        .expect(404);
    assert_eq!(
        blog.get("/uptime/monitors").await.expect(200)["data"],
        json!([kept])
    );
}

/// Whoever made a project can name it in the next call, and the panel shows it.
#[tokio::test]
async fn a_project_made_past_the_panel_is_known_at_once() {
    let world = World::new().await;
    let key = world.organization_key().await;
    let holder = world.holder(&key);
    let made = holder
        .post("/projects", json!({ "name": "Third", "members": [1] }))
        .await
        .expect(201);
    let (id, slug) = (made["id"].to_string(), made["slug"].as_str().unwrap());
    for (header, value) in [
        ("x-phare-project-id", id.as_str()),
        ("x-phare-project-slug", slug),
    ] {
        world
            .holder(&key)
            .header(header, value)
            .get("/uptime/monitors")
            .await
            .expect(200);
    }
    let names = async || {
        let list = world.owner.get("/v1/projects").await.expect(200);
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["Blog", "Shop", "Third"]);
    let scope = json!({ "type": "project", "project_id": made["id"] });
    let bound = world.issue(new_key("Bound", scope, "none", "read")).await;
    holder
        .post(&format!("/projects/{id}"), json!({ "name": "Fourth" }))
        .await
        .expect(200);
    assert_eq!(names().await, ["Blog", "Fourth", "Shop"]);
    holder.delete(&format!("/projects/{id}")).await.expect(204);
    assert_eq!(names().await, ["Blog", "Shop"]);
    world
        .holder(&bound)
        .get("/uptime/monitors")
        .await
        .refusal(403, "project_deleted");
}
