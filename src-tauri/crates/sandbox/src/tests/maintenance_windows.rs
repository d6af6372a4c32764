use serde_json::{Value, json};

use super::{World, http_monitor};

const WINDOWS: &str = "/uptime/maintenance-windows";
const WINDOW: &str = "/uptime/maintenance-windows/1";

fn window() -> Value {
    json!({
        "title": "New disks",
        "monitoring_mode": "pause",
        "starts_at": "2026-03-11T00:00:00Z",
        "ends_at": "2026-03-11T01:00:00Z",
    })
}

async fn state(world: &World) -> Value {
    world.get(WINDOW, Some(1)).await.body["state"].clone()
}

async fn act(world: &World, verb: &str) -> super::Answer {
    world
        .send("POST", &format!("{WINDOW}/{verb}"), Some(1), "")
        .await
}

#[tokio::test]
async fn the_clock_moves_a_window() {
    let world = World::new().await;
    let made = world.post(WINDOWS, Some(1), window()).await;
    let expected = json!({
        "id": 1,
        "project_id": 1,
        "state": "scheduled",
        "title": "New disks",
        "description": null,
        "monitoring_mode": "pause",
        "starts_at": "2026-03-11T00:00:00Z",
        "ends_at": "2026-03-11T01:00:00Z",
        "monitors": [],
        "status_pages": [],
        "created_at": "2026-03-10T00:10:46+00:00",
        "updated_at": "2026-03-10T00:10:46+00:00",
    });
    assert_eq!((made.status, made.body), (201, expected));
    let world = world.reopened("2026-03-11T00:00:00Z").await;
    assert_eq!(state(&world).await, "in_progress");
    let world = world.reopened("2026-03-11T01:00:00Z").await;
    assert_eq!(state(&world).await, "completed");
    let later = json!({ "ends_at": "2026-03-11T02:00:00Z" });
    let longer = world.post(WINDOW, Some(1), later).await.body;
    assert_eq!(longer["state"], "in_progress");
}

#[tokio::test]
async fn windows_end_once_and_only_from_where_they_can() {
    let refused = |state: &str, to: &str| {
        let message = format!("A maintenance window that is {state} cannot be {to}.");
        json!({ "message": message, "errors": { "state": [message] } })
    };
    let world = World::new().await;
    world.post(WINDOWS, Some(1), window()).await;
    let early = act(&world, "complete").await;
    assert_eq!(
        (early.status, early.body),
        (422, refused("scheduled", "completed"))
    );
    let world = world.reopened("2026-03-11T00:30:00Z").await;
    let done = act(&world, "complete").await;
    assert_eq!(
        (done.status, &done.body["state"]),
        (200, &json!("completed"))
    );
    for (verb, to) in [("complete", "completed"), ("cancel", "cancelled")] {
        let again = act(&world, verb).await;
        assert_eq!((again.status, again.body), (422, refused("completed", to)));
    }

    let world = World::new().await;
    world.post(WINDOWS, Some(1), window()).await;
    assert_eq!(act(&world, "cancel").await.status, 204);
    let world = world.reopened("2026-03-11T00:30:00Z").await;
    assert_eq!(state(&world).await, "cancelled");
    for (verb, to) in [("complete", "completed"), ("cancel", "cancelled")] {
        let again = act(&world, verb).await;
        assert_eq!((again.status, again.body), (422, refused("cancelled", to)));
    }
}

#[tokio::test]
async fn a_window_ends_after_it_starts() {
    let world = World::new().await;
    let mut body = window();
    body["ends_at"] = body["starts_at"].clone();
    let refused = world.post(WINDOWS, Some(1), body).await;
    let message = "The ends at field must be a date after starts at.";
    assert_eq!(refused.body["errors"], json!({ "ends_at": [message] }));
    world.post(WINDOWS, Some(1), window()).await;
    let earlier = json!({ "ends_at": "2026-03-10T00:00:00Z" });
    assert_eq!(world.post(WINDOW, Some(1), earlier).await.status, 422);
}

#[tokio::test]
async fn windows_are_found_by_monitor_page_and_state() {
    let world = World::new().await;
    world.tour().await;
    world
        .post("/uptime/monitors", Some(1), http_monitor())
        .await;
    let mut later = window();
    later["monitors"] = json!([2]);
    assert_eq!(world.post(WINDOWS, Some(1), later).await.status, 201);
    for (query, found) in [
        ("monitor_id=1", vec![1]),
        ("monitor_id=2", vec![2]),
        ("monitor_id=1&monitor_id=2", vec![1, 2]),
        ("status_page_id=1", vec![1]),
        ("state=in_progress", vec![1]),
        ("state=scheduled", vec![2]),
        ("state=scheduled&monitor_id=1", vec![]),
        ("state=cancelled", vec![]),
    ] {
        let rows = world.get(&format!("{WINDOWS}?{query}"), Some(1)).await.body;
        let rows = rows["data"].as_array().unwrap().iter();
        let ids: Vec<i64> = rows.map(|row| row["id"].as_i64().unwrap()).collect();
        assert_eq!(ids, found, "{query}");
    }
    let odd = world.get(&format!("{WINDOWS}?state=soon"), Some(1)).await;
    assert_eq!(odd.body["message"], "The selected state is invalid.");
}
