//! The GitHub Action for incidents: RChutchev/phare.io-incident-api, src/incident_api/client.py and __main__.py. Python's
//! requests, no Accept header of its own, the id and the slug of a project each if set. It takes 201 or 200 for a
//! creation, 200 for an update, 204 for recover and delete, and for anything else ends the job with the status and the
//! JSON of the body.

use serde_json::{Value, json};

use super::{Client, Library, made, shop_key};
use crate::support::world::{World, new_key, organization};

const INCIDENTS: &str = "/uptime/incidents";

/// Every way in which it may name the project, with an organization key; and a project key, which needs none.
async fn actions(world: &World) -> [Client; 4] {
    let key = new_key("Action", organization(), "none", "read_write");
    let everywhere = Client::new(Library::Requests, world, &world.issue(key).await);
    let by_id = everywhere
        .clone()
        .with("X-Phare-Project-Id", &world.shop.id.to_string());
    let key = shop_key(world, "none", "read_write").await;
    [
        by_id.clone().with("X-Phare-Project-Slug", &world.shop.slug),
        by_id,
        everywhere.with("X-Phare-Project-Slug", &world.shop.slug),
        Client::new(Library::Requests, world, &key),
    ]
}

#[tokio::test]
async fn an_incident_of_a_deployment_comes_and_goes() {
    let world = World::new().await.unlimited().await;
    for action in actions(&world).await {
        let monitor = made(&action, "Front").await;
        let json = action.clone().with("Content-Type", "application/json");
        let body = json!({
            "impact": "maintenance",
            "title": "Maintenance window",
            "description": "Automatic maintenance incident created by CI/CD pipeline.",
            "exclude_from_downtime": true,
            "monitors": [monitor],
        });
        let created = json.post_json(INCIDENTS, &body).await.expect(201);
        for (field, value) in body.as_object().unwrap() {
            assert_eq!(&created[field], value, "{field}");
        }
        let path = format!("{INCIDENTS}/{}", created["id"].as_i64().unwrap());

        // Only what is set is sent, and only that changes.
        let change = json!({ "title": "Deployment in progress", "impact": "operational" });
        let updated = json.post_json(&path, &change).await.expect(200);
        let mut expected = created.clone();
        for field in ["title", "impact"] {
            expected[field] = change[field].clone();
        }
        expected["updated_at"] = updated["updated_at"].clone();
        assert_eq!(updated, expected);

        action.post(&format!("{path}/recover")).await.expect(204);
        let recovered = action.get(&path).await.expect(200);
        assert_eq!(
            (&recovered["status"], &recovered["state"]),
            (&json!("recovered"), &json!("resolved"))
        );
        action.delete(&path).await.expect(204);
        let gone = action.delete(&path).await.expect(404);
        assert_eq!(gone, json!({ "message": "Resource not found" }));
    }
}

/// Its three versions write times in three ways; nine minutes ahead is as far as it goes.
#[tokio::test]
async fn times_are_taken_as_each_version_writes_them() {
    let world = World::new().await;
    let [action, ..] = actions(&world).await;
    let json = action.clone().with("Content-Type", "application/json");
    let ahead = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(9);
    for (start, recovery) in [
        (
            "2026-03-10T00:10:46+00:00".to_owned(),
            ahead.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
        ),
        (
            "2026-03-10T00:10:46.123456+00:00".to_owned(),
            ahead.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string(),
        ),
        (
            "2026-03-10T00:10:46Z".to_owned(),
            ahead.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        ),
    ] {
        let body = json!({
            "impact": "maintenance",
            "title": "Scheduled deployment",
            "description": "CI/CD deployment from GitHub Actions.",
            "exclude_from_downtime": true,
            "incident_at": start,
            "recovery_at": recovery,
        });
        let created = json.post_json(INCIDENTS, &body).await.expect(201);
        let path = format!("{INCIDENTS}/{}", created["id"]);
        let read = action.get(&path).await.expect(200);
        for (field, sent) in [("incident_at", &start), ("recovery_at", &recovery)] {
            let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
            let difference = at(read[field].as_str().unwrap()).as_second() - at(sent).as_second();
            assert_eq!(difference, 0, "{field}: {sent}");
        }
        assert_eq!(read["status"], "ongoing");
    }
}

/// The updates of an incident, of its later versions.
#[tokio::test]
async fn updates_are_written_read_changed_and_removed() {
    let world = World::new().await;
    let [action, ..] = actions(&world).await;
    let json = action.clone().with("Content-Type", "application/json");
    let incident = json!({ "impact": "unknown", "title": "Down", "exclude_from_downtime": false });
    let incident = json.post_json(INCIDENTS, &incident).await.expect(201);
    let updates = format!("{INCIDENTS}/{}/updates", incident["id"]);

    let body = json!({
        "state": "identified",
        "content": "A disk is full.",
        "published_at": "2026-03-10T00:10:46Z",
    });
    let made = json.post_json(&updates, &body).await.expect(201);
    let path = format!("{updates}/{}", made["id"].as_i64().unwrap());
    assert_eq!(action.get(&path).await.expect(200), made);
    let listed = action.get(&format!("{updates}?page=1&per_page=20")).await;
    assert_eq!(listed.expect(200)["data"], json!([made]));
    let change = json!({ "content": "The disk is replaced." });
    let changed = json.post_json(&path, &change).await.expect(200);
    assert_eq!(
        (&changed["state"], &changed["content"]),
        (&made["state"], &change["content"])
    );
    action.delete(&path).await.expect(204);
    action.get(&path).await.expect(404);
}

/// Its examples leave `exclude-from-downtime` out, which Phare's specification does not allow: the job then ends with
/// the body of the 422, which says what to set.
#[tokio::test]
async fn the_job_log_says_what_was_wrong() {
    let world = World::new().await;
    let [action, ..] = actions(&world).await;
    let json = action.clone().with("Content-Type", "application/json");
    let body = json!({ "impact": "maintenance", "title": "Maintenance window" });
    let refused = json.post_json(INCIDENTS, &body).await.expect(422);
    let expected: Value = json!({
        "message": "The exclude from downtime field is required.",
        "errors": { "exclude_from_downtime": ["The exclude from downtime field is required."] },
    });
    assert_eq!(refused, expected);

    let key = new_key("Action", organization(), "none", "read_write");
    let unnamed = Client::new(Library::Requests, &world, &world.issue(key).await);
    unnamed.get(INCIDENTS).await.expect_project_missing();
}
