use serde_json::{Value, json};

use super::tour::status_page;
use super::{World, http_monitor};

/// Monitors 1 and 2, and two overlapping incidents of the first, on the day before.
async fn outage() -> World {
    let world = World::new().await;
    for name in ["Shop front", "Till"] {
        let mut monitor = http_monitor();
        monitor["name"] = json!(name);
        world.post("/uptime/monitors", Some(1), monitor).await;
    }
    for (impact, start, end) in [
        (
            "partial_outage",
            "2026-03-09T10:00:00Z",
            "2026-03-09T11:00:00Z",
        ),
        (
            "degraded_performance",
            "2026-03-09T10:30:00Z",
            "2026-03-09T12:00:00Z",
        ),
    ] {
        let incident = json!({
            "title": "Slow",
            "impact": impact,
            "exclude_from_downtime": false,
            "incident_at": start,
            "recovery_at": end,
            "monitors": [1],
        });
        assert_eq!(
            world
                .post("/uptime/incidents", Some(1), incident)
                .await
                .status,
            201
        );
    }
    world
}

const DAY: &str = "from=2026-03-09T00:00:00Z&to=2026-03-10T00:00:00Z";

#[tokio::test]
async fn a_monitors_report_follows_from_its_incidents() {
    let world = outage().await;
    let path = format!("/uptime/monitors/1/report?{DAY}");
    let mut report = world.get(&path, Some(1)).await.body;
    let incidents = report
        .as_object_mut()
        .unwrap()
        .shift_remove("incidents")
        .unwrap();
    let expected = json!({
        "id": 1,
        "name": "Shop front",
        "incident_count": 2,
        "downtime": 7200,
        "availability": 91.667,
        "mttr": 4500,
        "mtbf": 39600,
        "highest_incident_impact": "partial_outage",
    });
    assert_eq!(report, expected);
    let listed = world.get("/uptime/incidents", Some(1)).await.body;
    assert_eq!(incidents, listed["data"]);
    let before = "/uptime/monitors/1/report?to=2026-03-09T00:00:00Z";
    let before = world.get(before, Some(1)).await.body;
    assert_eq!(
        (&before["downtime"], &before["mttr"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(before["highest_incident_impact"], "operational");
}

#[tokio::test]
async fn a_report_is_of_all_monitors() {
    let world = outage().await;
    let report = world
        .get(&format!("/uptime/reports?{DAY}"), Some(1))
        .await
        .body;
    assert_eq!(report["downtime"], 7200);
    assert_eq!(report["availability"], 95.834);
    assert_eq!(
        (&report["min_availability"], &report["max_availability"]),
        (&json!(91.667), &json!(100.0))
    );
    assert_eq!(report["report_start_at"], "2026-03-09T00:00:00+00:00");
    assert_eq!(report["report_end_at"], "2026-03-10T00:00:00+00:00");
    assert_eq!(report["monitors"].as_array().unwrap().len(), 2);
    let default = world.get("/uptime/reports", Some(1)).await.body;
    assert_eq!(default["report_start_at"], "2026-02-08T00:10:46+00:00");
    assert_eq!(default["report_end_at"], "2026-03-10T00:10:46+00:00");
}

#[tokio::test]
async fn odd_spans_are_refused() {
    let world = outage().await;
    for (query, field, message) in [
        (
            "from=yesterday",
            "from",
            "The from field must be a valid date.",
        ),
        (
            "to=2026-13-01T00:00:00Z",
            "to",
            "The to field must be a valid date.",
        ),
        (
            "from=2026-03-10T00:00:00Z&to=2026-03-09T00:00:00Z",
            "from",
            "The from field must be a date before to.",
        ),
        ("page=0", "page", "The page field must be at least 1."),
    ] {
        for path in ["/uptime/reports", "/uptime/monitors/1/report"] {
            let refused = world.get(&format!("{path}?{query}"), Some(1)).await;
            let expected = json!({ "message": message, "errors": { field: [message] } });
            assert_eq!(
                (refused.status, refused.body),
                (422, expected),
                "{path} {query}"
            );
        }
    }
    assert_eq!(
        world.get("/uptime/monitors/9/report", Some(1)).await.status,
        404
    );
}

#[tokio::test]
async fn a_page_shows_what_goes_on_now() {
    let world = outage().await;
    world
        .post("/uptime/status-pages", Some(1), status_page())
        .await;
    let path = "/uptime/status-pages/1/current-status";
    let calm = world.get(path, Some(1)).await.body;
    let shop = |name: &str, impact: &str| {
        json!({
            "component_type": "uptime/monitor",
            "component_id": 1,
            "name": name,
            "response_time": null,
            "availability": 99.907,
            "current_incident_impact": impact,
        })
    };
    let page = |impact: &str, active: Value| {
        json!({
            "current_incident_impact": impact,
            "availability": 99.907,
            "updated_at": "2026-03-10T00:10:46+00:00",
            "components": [
                {
                    "component_type": "uptime/group",
                    "name": "Front",
                    "response_time": null,
                    "availability": 99.907,
                    "current_incident_impact": impact,
                    "components": [shop("Shop front", impact)],
                },
                shop("Shop", impact),
            ],
            "active_incidents": active,
        })
    };
    assert_eq!(calm, page("operational", json!([])));

    let window = json!({
        "title": "Disks",
        "monitoring_mode": "normal",
        "starts_at": "2026-03-10T00:00:00Z",
        "ends_at": "2026-03-10T01:00:00Z",
        "monitors": [1],
    });
    world
        .post("/uptime/maintenance-windows", Some(1), window)
        .await;
    assert_eq!(
        world.get(path, Some(1)).await.body,
        page("maintenance", json!([]))
    );

    for monitor in [1, 2] {
        let incident = json!({
            "title": "Down",
            "impact": "major_outage",
            "exclude_from_downtime": false,
            "monitors": [monitor],
        });
        world.post("/uptime/incidents", Some(1), incident).await;
    }
    let active = json!([{
        "id": 3,
        "title": "Down",
        "impact": "major_outage",
        "state": "investigating",
        "status": "ongoing",
        "exclude_from_downtime": false,
        "incident_at": null,
        "recovery_at": null,
    }]);
    assert_eq!(
        world.get(path, Some(1)).await.body,
        page("major_outage", active)
    );

    // A monitor that goes leaves its pages.
    world.delete("/uptime/monitors/1", Some(1)).await;
    let bare = world.get(path, Some(1)).await.body;
    assert_eq!(bare["components"][0]["components"], json!([]));
    assert_eq!(bare["components"].as_array().unwrap().len(), 1);
}
