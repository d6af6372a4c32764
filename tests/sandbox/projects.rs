//! Projects that are made through the gateway, past the panel.

use serde_json::json;

use super::http_monitor;
use crate::support::world::{World, new_key};

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
        .refusal(401, "project_deleted");
}
