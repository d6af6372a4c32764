//! AlfyChat's status adapter: alfycore/Frontend-AlfyChat, src/lib/phare-status.ts, src/app/api/status/summary/route.ts
//! and src/app/api/status/[...path]/route.ts. Node's fetch with no header but the key and one project header, the id
//! before the slug; it lists monitors, asks each one's report over a span, all at once, and throws on anything but 2xx.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Client, Library, made, shop_key};
use crate::support::world::{World, new_key, organization};

/// A project key, an organization key that names the project by its id, and one that names it by its slug.
async fn adapters(world: &World) -> [Client; 3] {
    let key = shop_key(world, "none", "read").await;
    let everywhere = new_key("Status", organization(), "none", "read");
    let everywhere = Client::new(Library::Fetch, world, &world.issue(everywhere).await);
    [
        Client::new(Library::Fetch, world, &key),
        everywhere
            .clone()
            .with("X-Phare-Project-Id", &world.shop.id.to_string()),
        everywhere.with("X-Phare-Project-Slug", &world.shop.slug),
    ]
}

#[tokio::test]
async fn it_shows_the_days_of_every_monitor() {
    let world = World::new().await.unlimited().await;
    let key = shop_key(&world, "none", "read_write").await;
    let owner = Client::new(Library::Fetch, &world, &key).with("Content-Type", "application/json");
    let front = made(&owner, "Front").await;
    let paused = made(&owner, "Paused").await;
    owner
        .post(&format!("/uptime/monitors/{paused}/pause"))
        .await
        .expect(204);
    let incident = json!({
        "title": "Front was down",
        "description": "Nobody came in",
        "impact": "major_outage",
        "exclude_from_downtime": false,
        "incident_at": "2026-08-01T10:00:00+00:00",
        "recovery_at": "2026-08-01T11:00:00+00:00",
        "monitors": [front],
    });
    owner
        .post_json("/uptime/incidents", &incident)
        .await
        .expect(201);

    for adapter in adapters(&world).await {
        let listed = adapter
            .get("/uptime/monitors?per_page=100")
            .await
            .expect(200);
        let running: Vec<&Value> = listed["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|monitor| monitor["paused"] == false)
            .collect();
        assert_eq!(running.len(), 1);
        assert_eq!(
            (
                &running[0]["id"],
                &running[0]["name"],
                &running[0]["status"]
            ),
            (&json!(front), &json!("Front"), &json!("fetching"))
        );
        assert_eq!(running[0].get("response_time"), Some(&Value::Null));
        assert!(running[0]["created_at"].is_string());

        // The colons of the times go as they are: nothing encodes them.
        let span = "from=2026-07-20T00:00:00.000Z&to=2026-09-18T00:00:00.000Z&per_page=100";
        let path = format!("/uptime/monitors/{front}/report?{span}");
        for report in join_all([adapter.get(&path), adapter.get(&path)]).await {
            let report = report.expect(200);
            assert_eq!(
                (&report["id"], &report["name"], &report["incident_count"]),
                (&json!(front), &json!("Front"), &json!(1))
            );
            assert_eq!(report["downtime"], 3_600);
            assert!(report["availability"].as_f64().is_some_and(|up| up < 100.0));
            let shown = &report["incidents"][0];
            for (field, value) in incident.as_object().unwrap() {
                assert_eq!(&shown[field], value, "{field}");
            }
            for (field, value) in [
                ("type", "manual"),
                ("state", "resolved"),
                ("status", "recovered"),
            ] {
                assert_eq!(shown[field], value, "{field}");
            }
        }

        // The day's detail: the monitor itself, and a report of one day.
        let one = adapter.get(&format!("/uptime/monitors/{front}")).await;
        assert_eq!(one.expect(200)["id"], front);
        let missing = adapter.get("/uptime/monitors/999999").await.expect(404);
        assert_eq!(missing, json!({ "message": "Resource not found" }));
    }
}

#[tokio::test]
async fn a_project_key_may_name_its_project() {
    let world = World::new().await;
    let key = shop_key(&world, "none", "read").await;
    let adapter = Client::new(Library::Fetch, &world, &key);
    let named = adapter
        .clone()
        .with("X-Phare-Project-Id", &world.shop.id.to_string());
    named.get("/uptime/monitors?per_page=100").await.expect(200);
    let other = adapter.with("X-Phare-Project-Slug", &world.blog.slug);
    other.get("/uptime/monitors?per_page=100").await.expect(403);
}
