//! A site's helper that shows a status page, seen in public without the name of its repository: one GET of the current
//! status with Node's fetch and nothing but the key; it renders whatever answers 200 and shows nothing otherwise.

use serde_json::{Value, json};

use super::{Client, Library, made, shop_key};
use crate::support::world::{World, new_key, organization};

#[tokio::test]
async fn it_reads_the_current_status_of_its_page() {
    let world = World::new().await;
    let owner = Client::new(
        Library::Fetch,
        &world,
        &shop_key(&world, "none", "read_write").await,
    )
    .with("Content-Type", "application/json");
    let front = made(&owner, "Front").await;
    let page = json!({
        "name": "Shop",
        "subdomain": "shop",
        "title": "Shop status",
        "description": "How the shop is",
        "search_engine_indexed": true,
        "website_url": "https://shop.example",
        "components": [{ "componentable_type": "uptime/monitor", "componentable_id": front }],
    });
    let page = owner.post_json("/uptime/status-pages", &page).await;
    let path = format!(
        "/uptime/status-pages/{}/current-status",
        page.expect(201)["id"]
    );
    let incident = json!({
        "title": "Front is slow",
        "impact": "degraded_performance",
        "exclude_from_downtime": false,
        "monitors": [front],
    });
    owner
        .post_json("/uptime/incidents", &incident)
        .await
        .expect(201);

    let key = shop_key(&world, "none", "read").await;
    let helper = Client::new(Library::Fetch, &world, &key);
    let status = helper.get(&path).await.expect(200);
    assert_eq!(status["current_incident_impact"], "degraded_performance");
    assert!(status["availability"].is_number(), "{status:#}");
    assert!(is_date(&status["updated_at"]), "{status:#}");
    let component = &status["components"][0];
    assert_eq!(component["name"], "Front");
    assert_eq!(component["current_incident_impact"], "degraded_performance");
    assert!(component["availability"].is_number(), "{component:#}");
    assert!(component.get("response_time").is_some(), "{component:#}");
    let active = &status["active_incidents"][0];
    for (field, value) in [
        ("title", json!("Front is slow")),
        ("impact", json!("degraded_performance")),
        ("state", json!("investigating")),
        ("status", json!("ongoing")),
        ("exclude_from_downtime", json!(false)),
        ("recovery_at", Value::Null),
    ] {
        assert_eq!(active[field], value, "{field}");
    }
    assert!(active["id"].is_i64(), "{active:#}");

    // It names no project, so an organization key is of no use to it.
    let key = world
        .issue(new_key("Site", organization(), "none", "read"))
        .await;
    let helper = Client::new(Library::Fetch, &world, &key);
    helper.get(&path).await.expect_project_missing();
}

fn is_date(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.parse::<jiff::Timestamp>().is_ok()
}
