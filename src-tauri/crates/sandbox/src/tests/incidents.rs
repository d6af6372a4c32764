use serde_json::{Value, json};

use super::{World, http_monitor};

const INCIDENTS: &str = "/uptime/incidents";

fn incident() -> Value {
    json!({ "title": "Down", "impact": "partial_outage", "exclude_from_downtime": false })
}

#[tokio::test]
async fn the_server_makes_state_status_slug_and_type() {
    let world = World::new().await;
    let made = world.post(INCIDENTS, Some(1), incident()).await;
    let expected = json!({
        "id": 1,
        "project_id": 1,
        "type": "manual",
        "slug": "APP-1",
        "impact": "partial_outage",
        "state": "investigating",
        "status": "ongoing",
        "title": "Down",
        "exclude_from_downtime": false,
        "incident_at": null,
        "recovery_at": null,
        "created_at": "2026-03-10T00:10:46+00:00",
        "updated_at": "2026-03-10T00:10:46+00:00",
    });
    assert_eq!((made.status, made.body), (201, expected));
}

#[tokio::test]
async fn times_come_back_as_they_were_sent() {
    let world = World::new().await;
    let mut body = incident();
    body["incident_at"] = json!("2026-03-10T01:00:00+01:00");
    body["recovery_at"] = json!("2026-03-10T00:05:00.5Z");
    let made = world.post(INCIDENTS, Some(1), body.clone()).await.body;
    assert_eq!(made["incident_at"], body["incident_at"]);
    assert_eq!(made["recovery_at"], body["recovery_at"]);
    assert_eq!(
        (&made["status"], &made["state"]),
        (&json!("recovered"), &json!("resolved"))
    );
    body["recovery_at"] = json!("2026-03-09T23:00:00Z");
    let refused = world.post(INCIDENTS, Some(1), body).await;
    assert!(refused.body["errors"]["recovery_at"].is_array());
}

#[tokio::test]
async fn every_impact_that_clients_send_is_taken() {
    let world = World::new().await;
    for (impact, status) in [
        ("unknown", 201),
        ("major_outage", 201),
        ("maintenance", 201),
        ("operational", 201),
        ("catastrophe", 422),
    ] {
        let mut body = incident();
        body["impact"] = json!(impact);
        assert_eq!(
            world.post(INCIDENTS, Some(1), body).await.status,
            status,
            "{impact}"
        );
    }
}

#[tokio::test]
async fn recovery_is_once() {
    let world = World::new().await;
    world.post(INCIDENTS, Some(1), incident()).await;
    let recover = || world.send("POST", "/uptime/incidents/1/recover", Some(1), "");
    assert_eq!(recover().await.status, 204);
    let after = world.get("/uptime/incidents/1", Some(1)).await.body;
    assert_eq!(after["recovery_at"], "2026-03-10T00:10:46+00:00");
    assert_eq!(
        (&after["status"], &after["state"]),
        (&json!("recovered"), &json!("resolved"))
    );
    let again = recover().await;
    let message = "The incident has already recovered.";
    let expected = json!({ "message": message, "errors": { "status": [message] } });
    assert_eq!((again.status, again.body), (422, expected));
    let reopened = json!({ "recovery_at": null });
    let after = world
        .post("/uptime/incidents/1", Some(1), reopened)
        .await
        .body;
    assert_eq!(after["status"], "ongoing");
}

#[tokio::test]
async fn an_update_moves_its_incident() {
    let world = World::new().await;
    world.post(INCIDENTS, Some(1), incident()).await;
    let path = "/uptime/incidents/1/updates";
    let update = json!({ "state": "identified", "content": "**The** cable" });
    let made = world.post(path, Some(1), update).await;
    let expected = json!({
        "id": 1,
        "state": "identified",
        "content": "**The** cable",
        "published_at": "2026-03-10T00:10:46+00:00",
        "creator": { "id": 1, "type": "api_key", "label": "Gardien" },
        "created_at": "2026-03-10T00:10:46+00:00",
        "updated_at": "2026-03-10T00:10:46+00:00",
    });
    assert_eq!((made.status, &made.body), (201, &expected));
    let incident = world.get("/uptime/incidents/1", Some(1)).await.body;
    assert_eq!(incident["state"], "identified");
    let change = json!({ "published_at": "2026-03-11T00:00:00Z" });
    let changed = world.post(&format!("{path}/1"), Some(1), change).await.body;
    assert_eq!(changed["published_at"], "2026-03-11T00:00:00Z");
    assert_eq!(changed["content"], expected["content"]);
    assert_eq!(
        world.delete(&format!("{path}/1"), Some(1)).await.status,
        204
    );
    assert_eq!(world.get(path, Some(1)).await.body["data"], json!([]));
}

#[tokio::test]
async fn updates_are_of_their_incident_and_go_with_it() {
    let world = World::new().await;
    for _ in 0..2 {
        world.post(INCIDENTS, Some(1), incident()).await;
    }
    let update = json!({ "state": "monitoring", "content": "Watching" });
    for id in [1, 2, 1] {
        let path = format!("/uptime/incidents/{id}/updates");
        assert_eq!(world.post(&path, Some(1), update.clone()).await.status, 201);
    }
    let rows = world.get("/uptime/incidents/1/updates", Some(1)).await.body;
    assert_eq!(rows["data"].as_array().unwrap().len(), 2);
    for method in ["GET", "POST", "DELETE"] {
        let path = "/uptime/incidents/2/updates/1";
        assert_eq!(
            world.send(method, path, Some(1), "").await.status,
            404,
            "{method}"
        );
    }
    assert_eq!(
        world.delete("/uptime/incidents/1", Some(1)).await.status,
        204
    );
    assert_eq!(
        world
            .get("/uptime/incidents/1/updates", Some(1))
            .await
            .status,
        404
    );
    let left = world
        .documents
        .list("incident_updates", None, 0, 9)
        .await
        .unwrap();
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn incidents_are_found_by_monitor_until_it_goes() {
    let world = World::new().await;
    for _ in 0..2 {
        world
            .post("/uptime/monitors", Some(1), http_monitor())
            .await;
    }
    for monitors in [json!([1]), json!([2, 1]), json!([2])] {
        let mut body = incident();
        body["monitors"] = monitors;
        assert_eq!(world.post(INCIDENTS, Some(1), body).await.status, 201);
    }
    let found = async |query: &str| {
        let rows = world
            .get(&format!("{INCIDENTS}?{query}"), Some(1))
            .await
            .body;
        rows["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("monitor_id=1").await, [1, 2]);
    assert_eq!(found("monitor_id=1&monitor_id=2").await, [1, 2, 3]);
    assert_eq!(found("monitor_id=1,2&per_page=1&page=3").await, [3]);
    assert_eq!(found("monitor_id=3").await, [0; 0]);
    assert_eq!(found("monitor_id=").await, [1, 2, 3]);
    let odd = world
        .get(&format!("{INCIDENTS}?monitor_id=one"), Some(1))
        .await;
    assert_eq!(odd.status, 422);

    world.delete("/uptime/monitors/1", Some(1)).await;
    let left = world.get("/uptime/incidents/2", Some(1)).await.body;
    assert_eq!(left["monitors"], json!([2]));
    let alone = world.get("/uptime/incidents/1", Some(1)).await.body;
    assert_eq!(alone.get("monitors"), None);
    let change = json!({ "title": "Still changeable" });
    assert_eq!(
        world
            .post("/uptime/incidents/1", Some(1), change)
            .await
            .status,
        200
    );
}
