//! What is of one project does not exist for another, on every operation.

use gardien_phare::OPERATIONS;
use serde_json::{Value, json};

use super::World;
use super::tour::status_page;

/// The operations that are the organization's.
const SHARED: [&str; 10] = [
    "getInfo",
    "getProjects",
    "createProject",
    "getProject",
    "updateProject",
    "deleteProject",
    "getUsers",
    "getUser",
    "getIntegrations",
    "getIntegration",
];

#[tokio::test]
async fn nothing_of_one_project_is_read_changed_or_listed_from_another() {
    let world = World::new().await;
    world.tour().await;
    let before = everything(&world).await;
    let mut seen = 0;
    for operation in OPERATIONS
        .iter()
        .filter(|operation| !SHARED.contains(&operation.id))
    {
        let method = operation.method.as_str();
        let path = operation
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { "1" } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        // All required fields of anything that can be made under a foreign parent.
        let body =
            json!({ "state": "resolved", "content": "Mine", "name": "Mine", "title": "Mine" })
                .to_string();
        if path != operation.path {
            let foreign = world.send(method, &path, Some(2), &body).await;
            let expected = json!({ "message": "Resource not found" });
            assert_eq!(
                (foreign.status, foreign.body),
                (404, expected),
                "{}",
                operation.id
            );
        } else if method == "GET" {
            let listed = world.get(&path, Some(2)).await;
            let rows = listed
                .body
                .get("data")
                .or(listed.body.get("monitors"))
                .unwrap();
            assert_eq!(rows, &json!([]), "{}", operation.id);
        } else {
            continue;
        }
        seen += 1;
    }
    assert_eq!(seen, 33);
    assert_eq!(everything(&world).await, before);
}

/// Every record of project 1.
async fn everything(world: &World) -> Vec<Value> {
    let mut all = Vec::new();
    for path in [
        "/alert-rules",
        "/uptime/monitors",
        "/uptime/incidents",
        "/uptime/incidents/1/updates",
        "/uptime/maintenance-windows",
        "/uptime/status-pages",
    ] {
        let page = world.get(path, Some(1)).await.body;
        assert_eq!(page["data"].as_array().unwrap().len(), 1, "{path}");
        all.push(page);
    }
    all
}

#[tokio::test]
async fn ids_of_another_project_cannot_be_used() {
    let world = World::new().await;
    world.tour().await;
    let mut page = status_page();
    page["subdomain"] = json!("blog");
    let incident = json!({
        "title": "Down",
        "impact": "unknown",
        "exclude_from_downtime": true,
        "monitors": [1],
    });
    let window = json!({
        "title": "Disks",
        "monitoring_mode": "mute",
        "starts_at": "2026-03-10T00:00:00Z",
        "ends_at": "2026-03-10T01:00:00Z",
        "monitors": [1],
        "status_pages": [1],
    });
    for (path, body, fields) in [
        (
            "/uptime/status-pages",
            page,
            vec![
                "components.1.componentable_id",
                "components.0.components.0.componentable_id",
            ],
        ),
        ("/uptime/incidents", incident, vec!["monitors.0"]),
        (
            "/uptime/maintenance-windows",
            window,
            vec!["monitors.0", "status_pages.0"],
        ),
    ] {
        let refused = world.post(path, Some(2), body).await;
        assert_eq!(refused.status, 422, "{path}");
        let named: Vec<_> = refused.body["errors"].as_object().unwrap().keys().collect();
        assert_eq!(named, fields, "{path}");
    }
}

#[tokio::test]
async fn a_deleted_project_leaves_nothing() {
    let world = World::new().await;
    world.tour().await;
    let files: &[(&str, &[u8])] = &[("logo_light", b"<svg/>")];
    assert_eq!(
        world
            .form("/uptime/status-pages/1", Some(1), &[], files)
            .await
            .status,
        200
    );
    let shared = json!({
        "event": "uptime.monitor.created",
        "integration_id": 1,
        "rate_limit": 5,
        "scope": "organization",
    });
    let shared = world.post("/alert-rules", Some(1), shared).await.body;
    assert_eq!(world.delete("/projects/1", Some(1)).await.status, 204);
    for collection in [
        "monitors",
        "incidents",
        "incident_updates",
        "maintenance_windows",
        "status_pages",
        "images",
    ] {
        let left = world.documents.list(collection, None, 0, 9).await.unwrap();
        assert_eq!(left, [], "{collection}");
    }
    // What is the organization's stays.
    let rules = world.get("/alert-rules", Some(2)).await.body;
    assert_eq!(rules["data"], json!([shared]));
    assert_eq!(
        world
            .documents
            .list("alert_rules", None, 0, 9)
            .await
            .unwrap()
            .len(),
        1
    );
}
