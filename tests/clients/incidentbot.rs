//! The chat bot: incidentbot/incidentbot, incidentbot/phare/handler.py, incidentbot/slack/handler.py and the tests of
//! both. Python's requests with `X-Phare-Project-Id` if one is set; it follows `links.next` through pages of 100, and
//! takes any 2xx. An older version sent incidents as `monitor_ids` and without `exclude_from_downtime`, which Phare's
//! specification refuses; the version that is replayed sends what the specification asks for.

use serde_json::{Value, json};

use super::{Client, Library, made, shop_key};
use crate::support::world::{World, new_key, organization};

const INCIDENTS: &str = "/uptime/incidents";

async fn bots(world: &World) -> [Client; 2] {
    let key = new_key("Bot", organization(), "none", "read_write");
    let everywhere = Client::new(Library::Requests, world, &world.issue(key).await);
    let key = shop_key(world, "none", "read_write").await;
    [
        everywhere.with("X-Phare-Project-Id", &world.shop.id.to_string()),
        Client::new(Library::Requests, world, &key),
    ]
}

#[tokio::test]
async fn it_offers_every_monitor_of_all_pages() {
    let world = World::new().await.unlimited().await;
    let [bot, other] = bots(&world).await;
    for number in 0..101 {
        made(&bot, &format!("Monitor {number}")).await;
    }
    for bot in [bot, other] {
        let mut names = Vec::new();
        for page in 1.. {
            let path = format!("/uptime/monitors?page={page}&per_page=100");
            let listed = bot.get(&path).await.expect(200);
            for monitor in listed["data"].as_array().unwrap() {
                assert!(monitor["id"].is_i64());
                names.push(monitor["name"].as_str().unwrap().to_owned());
            }
            if listed["links"]["next"].is_null() {
                break;
            }
        }
        let expected: Vec<_> = (0..101).map(|number| format!("Monitor {number}")).collect();
        assert_eq!(names, expected);
    }
}

#[tokio::test]
async fn an_incident_is_started_updated_and_resolved_from_a_chat() {
    let world = World::new().await;
    for bot in bots(&world).await {
        let json = bot.clone().with("Content-Type", "application/json");
        let monitor = made(&bot, "Database").await;
        let body = json!({
            "title": "DB outage",
            "description": "Primary DB is down",
            "impact": "major_outage",
            "monitors": [monitor],
            "exclude_from_downtime": false,
        });
        let started = json.post_json(INCIDENTS, &body).await.expect(201);
        assert_eq!(started["title"], "DB outage");
        assert!(started["state"].is_string());
        // It would show a link to this, and shows none without it.
        assert_eq!(started.get("url"), None);
        let path = format!("{INCIDENTS}/{}", started["id"].as_i64().unwrap());

        let updates = format!("{path}/updates");
        for (state, content) in [
            ("investigating", "Incident is being investigated."),
            ("identified", "Root cause found"),
            ("monitoring", "Fixed"),
        ] {
            let update = json!({ "state": state, "content": content });
            let made = json.post_json(&updates, &update).await.expect(201);
            assert_eq!(
                (&made["state"], &made["content"]),
                (&json!(state), &json!(content))
            );
            assert_eq!(bot.get(&path).await.expect(200)["state"], state);
        }
        // Its menu offers every impact, those too that the specification does not let one write.
        for impact in ["partial_outage", "operational", "maintenance", "unknown"] {
            let change = json!({ "impact": impact });
            let changed = json.post_json(&path, &change).await.expect(200);
            assert_eq!(changed["impact"], impact);
        }
        bot.post(&format!("{path}/recover")).await.expect(204);
        let resolved = bot.get(&path).await.expect(200);
        assert_eq!(
            (&resolved["state"], &resolved["status"]),
            (&json!("resolved"), &json!("recovered"))
        );
    }
}

#[tokio::test]
async fn its_older_version_is_told_what_an_incident_needs() {
    let world = World::new().await;
    let [bot, _] = bots(&world).await;
    let bot = bot.with("Content-Type", "application/json");
    let body = json!({
        "title": "DB outage",
        "description": "Primary DB is down",
        "impact": "operational",
        "monitor_ids": [],
    });
    let refused = bot.post_json(INCIDENTS, &body).await.expect(422);
    let fields: Vec<&String> = refused["errors"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["exclude_from_downtime"], "{refused:#}");

    let key = new_key("Bot", organization(), "none", "read_write");
    let unset = Client::new(Library::Requests, &world, &world.issue(key).await);
    let refused: Value = unset.get(INCIDENTS).await.json();
    assert!(refused["errors"]["X-Phare-Project-Id"].is_array());
}
