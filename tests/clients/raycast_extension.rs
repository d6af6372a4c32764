//! The Raycast extension: Apope1999/phare-raycast-extension, src/hooks/useMonitors.ts, useMonitorActions.ts,
//! useCreateMonitor.ts, src/create-monitor.tsx and src/components/MonitorDetail.tsx. Node's fetch with a JSON content type
//! on every call and no project header; its page for keys asks for Platform read and Uptime read-write. On failure it
//! shows the `message` of the body.

use serde_json::{Value, json};

use super::{Client, Library, made, shop_key};
use crate::support::world::{World, new_key, organization};

const MONITORS: &str = "/uptime/monitors";

async fn extension(world: &World) -> Client {
    let key = shop_key(world, "read", "read_write").await;
    Client::new(Library::Fetch, world, &key).with("Content-Type", "application/json")
}

/// The form as it is when it opens, with a name and an address.
fn form() -> Value {
    json!({
        "name": "Shop front",
        "protocol": "http",
        "request": {
            "method": "GET",
            "url": "https://shop.example",
            "tls_skip_verify": false,
            "follow_redirects": true,
            "keyword": "pong",
            "user_agent_secret": "definitely-not-a-bot",
        },
        "interval": 60,
        "timeout": 7000,
        "success_assertions": [{ "type": "status_code", "operator": "in", "value": "2xx,30x" }],
        "incident_confirmations": 1,
        "recovery_confirmations": 1,
        "regions": ["as-jpn-hnd"],
    })
}

#[tokio::test]
async fn it_lists_creates_pauses_resumes_and_deletes_monitors() {
    let world = World::new().await;
    let extension = extension(&world).await;
    let created = extension.post_json(MONITORS, &form()).await.expect(201);
    assert_eq!(created["name"], "Shop front");

    let listed = extension.get(MONITORS).await.expect(200);
    let monitor = &listed["data"][0];
    let mut expected = form();
    // An older field of the API: taken, kept nowhere.
    expected["request"]
        .as_object_mut()
        .unwrap()
        .remove("keyword");
    for (field, value) in expected.as_object().unwrap() {
        if field == "request" {
            for (field, value) in value.as_object().unwrap() {
                assert_eq!(&monitor["request"][field], value, "{field}");
            }
        } else {
            assert_eq!(&monitor[field], value, "{field}");
        }
    }
    assert_eq!(monitor["status"], "fetching");
    for time in ["created_at", "updated_at"] {
        let text = monitor[time].as_str().unwrap();
        assert!(text.parse::<jiff::Timestamp>().is_ok(), "{time}: {text}");
    }

    let path = format!("{MONITORS}/{}", monitor["id"]);
    for (action, paused) in [("pause", true), ("resume", false)] {
        extension
            .post(&format!("{path}/{action}"))
            .await
            .expect(204);
        let listed = extension.get(MONITORS).await.expect(200);
        assert_eq!(listed["data"][0]["paused"], paused, "{action}");
    }
    extension.delete(&path).await.expect(204);
    assert_eq!(extension.get(MONITORS).await.expect(200)["data"], json!([]));
}

/// The statuses that its words are written for; a 500 is Phare's own.
#[tokio::test]
async fn it_is_told_why_it_is_refused() {
    let world = World::new().await;
    let extension = extension(&world).await;
    let monitor = made(&extension, "Front").await;
    let path = format!("{MONITORS}/{monitor}/pause");
    let message = |body: Value| body["message"].as_str().unwrap().to_owned();

    let stranger = extension
        .clone()
        .with("Authorization", "Bearer pha_prj_nobody");
    assert_eq!(
        message(stranger.get(MONITORS).await.expect(401)),
        "Unauthorized"
    );

    let reader = shop_key(&world, "read", "read").await;
    let reader =
        Client::new(Library::Fetch, &world, &reader).with("Content-Type", "application/json");
    reader.get(MONITORS).await.expect(200);
    assert_eq!(
        message(reader.post(&path).await.expect(403)),
        "The uptime:write permission is required to perform this action."
    );

    let mut form = form();
    form["name"] = json!("S");
    assert_eq!(
        message(extension.post_json(MONITORS, &form).await.expect(422)),
        "The name field must be at least 2 characters."
    );

    let key = new_key("Raycast", organization(), "read", "read_write");
    let everywhere = Client::new(Library::Fetch, &world, &world.issue(key).await)
        .with("Content-Type", "application/json");
    everywhere.get(MONITORS).await.expect_project_missing();

    let limit = json!({ "calls_per_minute": 1 });
    world
        .owner
        .patch("/v1/organization", limit)
        .await
        .expect(200);
    let limited = extension.get(MONITORS).await;
    // It shows the message and nothing else, so the message says for how long.
    let wait: u64 = limited.header("retry-after").unwrap().parse().unwrap();
    let unit = if wait == 1 { "second" } else { "seconds" };
    let told = format!("Too Many Attempts. Try again in {wait} {unit}.");
    assert_eq!(message(limited.expect(429)), told);
}
