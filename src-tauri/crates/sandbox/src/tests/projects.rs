use serde_json::json;

use super::{World, http_monitor};

#[tokio::test]
async fn a_new_project_gets_slug_settings_and_times() {
    let world = World::new().await;
    let body = json!({ "name": "  Côté cour ", "members": [1, 7], "x_color": "red" });
    let made = world.post("/projects", None, body).await;
    assert_eq!(made.status, 201);
    let expected = json!({
        "id": 3,
        "slug": "c-t-cour",
        "name": "Côté cour",
        "members": [1, 7],
        "settings": {
            "use_incident_ai": true,
            "use_incident_merging": true,
            "incident_merging_time_window": 60,
        },
        "created_at": "2026-03-10T00:10:46+00:00",
        "updated_at": "2026-03-10T00:10:46+00:00",
        "x_color": "red",
    });
    assert_eq!(made.body, expected);
    assert_eq!(world.get("/projects/3", None).await.body, expected);
}

#[tokio::test]
async fn an_update_keeps_what_was_not_sent_and_the_slug() {
    let world = World::new().await;
    let settings = json!({ "settings": { "use_incident_ai": false } });
    let before = world.post("/projects/1", None, settings).await.body;
    assert_eq!(before["settings"]["use_incident_ai"], false);
    let world = world.reopened("2026-03-11T12:00:00Z").await;
    let change = json!({ "name": "Market", "slug": "market", "settings": { "incident_merging_time_window": null } });
    let after = world.post("/projects/1", None, change).await;
    let mut expected = before;
    expected["name"] = json!("Market");
    expected["settings"]["incident_merging_time_window"] = json!(null);
    expected["updated_at"] = json!("2026-03-11T12:00:00+00:00");
    assert_eq!((after.status, after.body), (200, expected.clone()));
    assert_eq!(
        world.post("/projects/1", None, json!({})).await.body,
        expected
    );
    assert_eq!(world.get("/projects/1", None).await.body, expected);
}

#[tokio::test]
async fn slugs_stay_unique_even_when_made_at_once() {
    let world = World::new().await;
    let make = || world.post("/projects", None, json!({ "name": "Shop", "members": [1] }));
    let (a, b, c) = tokio::join!(make(), make(), make());
    let mut slugs = [a, b, c].map(|made| made.body["slug"].as_str().unwrap().to_owned());
    slugs.sort();
    assert_eq!(slugs, ["shop-2", "shop-3", "shop-4"]);
}

#[tokio::test]
async fn deleting_a_project_takes_its_records_along() {
    let world = World::new().await;
    for project in [1, 2] {
        let made = world
            .post("/uptime/monitors", Some(project), http_monitor())
            .await;
        assert_eq!(made.status, 201);
    }
    assert_eq!(world.delete("/projects/1", None).await.status, 204);
    assert_eq!(world.delete("/projects/1", None).await.status, 404);
    assert_eq!(world.get("/projects/1", None).await.status, 404);
    assert_eq!(world.get("/uptime/monitors/1", Some(1)).await.status, 404);
    assert_eq!(world.get("/uptime/monitors/2", Some(2)).await.status, 200);
    assert_eq!(
        world
            .documents
            .list("monitors", None, 0, 9)
            .await
            .unwrap()
            .len(),
        1
    );
    // Neither id nor slug comes to life again.
    let made = world
        .post("/projects", None, json!({ "name": "New", "members": [1] }))
        .await;
    assert_eq!(made.body["id"], 3);
}
