//! Every change leaves an entry; an altered one is found.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::Caller;
use crate::support::server::Server;
use crate::support::world::World;

/// Every entry, oldest first.
pub async fn trail(auditor: &Caller) -> Vec<Value> {
    let mut entries = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = auditor
            .get(&format!("/v1/audit?limit=500{cursor}"))
            .await
            .expect(200);
        entries.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    entries.reverse();
    for (entry, number) in entries.iter().zip(1_u64..) {
        assert_eq!(entry["sequence"], number, "without gaps");
    }
    entries
}

#[tokio::test]
async fn every_change_leaves_one_entry() {
    let world = World::new().await;
    let email = "member@lighthouse.test";
    let caller = world.server.member(email, "member");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let member = text(&caller.get("/v1/session").await.expect(200)["member"]["id"]);
    // The first came with the member.
    world.server.token(email, "member");
    let sessions = caller.get("/v1/sessions").await.expect(200);
    let session = text(&sessions["data"][0]["id"]);
    let key = world.reading_key().await;
    let before = trail(&world.owner).await.len();
    let project = format!("/v1/projects/{}", world.blog.id);
    let changes = [
        (
            Method::PATCH,
            key.path(""),
            json!({ "name": "Renamed" }),
            "key.updated",
            key.id.clone(),
        ),
        (
            Method::POST,
            key.path("/rotate"),
            json!({ "grace_seconds": 0 }),
            "key.rotated",
            key.id.clone(),
        ),
        (
            Method::POST,
            key.path("/revoke"),
            json!({}),
            "key.revoked",
            key.id.clone(),
        ),
        (
            Method::POST,
            key.path("/restore"),
            json!({}),
            "key.restored",
            key.id.clone(),
        ),
        (
            Method::PATCH,
            project.clone(),
            json!({ "name": "Journal" }),
            "project.updated",
            world.blog.id.to_string(),
        ),
        (
            Method::DELETE,
            project,
            json!({}),
            "project.deleted",
            world.blog.id.to_string(),
        ),
        (
            Method::PATCH,
            format!("/v1/members/{member}"),
            json!({ "role": "admin" }),
            "member.updated",
            member.clone(),
        ),
        (
            Method::DELETE,
            format!("/v1/sessions/{session}"),
            json!({}),
            "session.ended",
            member.clone(),
        ),
        (
            Method::DELETE,
            format!("/v1/members/{member}"),
            json!({}),
            "member.removed",
            member.clone(),
        ),
        (
            Method::PATCH,
            "/v1/organization".into(),
            json!({ "name": "Light" }),
            "organization.updated",
            String::new(),
        ),
    ];
    for (number, (method, path, body, action, subject)) in changes.into_iter().enumerate() {
        let answer = world.owner.send(method, &path, Some(body)).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        if answer.body["secret"].is_string() {
            world.take(answer.body);
        }
        let entries = trail(&world.owner).await;
        assert_eq!(entries.len(), before + number + 1, "{action}");
        let last = entries.last().unwrap();
        assert_eq!(
            (&last["action"], &last["subject"]),
            (&json!(action), &json!(subject))
        );
        assert_eq!(last["actor"], "owner@lighthouse.test");
        let at: jiff::Timestamp = last["at"].as_str().unwrap().parse().unwrap();
        assert!(jiff::Timestamp::now().duration_since(at).as_secs().abs() < 30);
    }
    let made: Vec<_> = trail(&world.owner)
        .await
        .iter()
        .map(|entry| entry["action"].clone())
        .take(before)
        .collect();
    for action in [
        "organization.created",
        "member.created",
        "session.created",
        "project.created",
        "key.created",
    ] {
        assert!(made.contains(&json!(action)), "{action}: {made:?}");
    }
    let about = world
        .owner
        .get(&format!("/v1/audit?subject={}", key.id))
        .await
        .expect(200);
    let actions: Vec<_> = about["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].clone())
        .collect();
    assert_eq!(
        actions,
        [
            "key.restored",
            "key.revoked",
            "key.rotated",
            "key.updated",
            "key.created"
        ]
    );
    let verified = world.owner.get("/v1/audit/verify").await.expect(200);
    assert_eq!(
        verified,
        json!({ "ok": true, "entries": before + 10, "fault": null })
    );
}

#[tokio::test]
async fn what_was_refused_or_changed_nothing_leaves_none() {
    let world = World::new().await;
    let key = world.reading_key().await;
    let before = trail(&world.owner).await;
    world
        .owner
        .patch(&key.path(""), json!({ "name": "" }))
        .await
        .problem(422, "invalid");
    world
        .owner
        .patch(&key.path(""), json!({ "name": "Reader" }))
        .await
        .expect(200);
    world
        .owner
        .patch(&key.path(""), json!({}))
        .await
        .expect(200);
    world
        .owner
        .patch("/v1/organization", json!({ "calls_per_minute": 100 }))
        .await
        .expect(200);
    world
        .owner
        .post(&key.path("/restore"), json!({}))
        .await
        .problem(409, "key_not_revoked");
    world.holder(&key).get("/uptime/monitors").await.expect(200);
    assert_eq!(trail(&world.owner).await, before);
}

#[tokio::test]
async fn a_replacement_names_what_it_replaces() {
    let world = World::new().await;
    let leaked = world.reading_key().await;
    let fresh = world.take(
        world
            .owner
            .post(&leaked.path("/replace"), json!({}))
            .await
            .expect(201),
    );
    let entries = trail(&world.owner).await;
    let [.., revoked, created] = entries.as_slice() else {
        panic!("{entries:?}")
    };
    assert_eq!(
        (&revoked["action"], &revoked["subject"]),
        (&json!("key.revoked"), &json!(leaked.id))
    );
    assert_eq!(
        (&created["action"], &created["subject"]),
        (&json!("key.created"), &json!(fresh.id))
    );
    assert_eq!(created["detail"]["replaces"], json!(leaked.id));
}

#[tokio::test]
async fn entries_say_what_things_were_called_before_and_after() {
    let world = World::new().await;
    let key = world.reading_key().await;
    let created = trail(&world.owner).await.pop().unwrap();
    assert_eq!(created["detail"]["project"], "Shop");
    let member = world.server.member("member@lighthouse.test", "member");
    let member = member.get("/v1/session").await.expect(200);
    let member = format!("/v1/members/{}", member["member"]["id"].as_str().unwrap());
    let shop = format!("/v1/projects/{}", world.shop.id);
    for (path, body, name, detail) in [
        (
            &member,
            json!({ "projects": [world.shop.id, world.blog.id] }),
            json!("member@lighthouse.test"),
            json!({ "name": "member@lighthouse.test", "projects": { "from": [], "to": ["Shop", "Blog"] } }),
        ),
        (
            &shop,
            json!({ "name": "Store" }),
            json!("Store"),
            json!({ "name": { "from": "Shop", "to": "Store" } }),
        ),
    ] {
        world.owner.patch(path, body).await.expect(200);
        let entry = trail(&world.owner).await.pop().unwrap();
        assert_eq!((&entry["detail"], &entry["subject_name"]), (&detail, &name));
    }
    world.owner.delete(&shop).await.expect(204);
    let entry = trail(&world.owner).await.pop().unwrap();
    assert_eq!(entry["detail"]["name"], "Store");
    assert_eq!(entry["detail"]["revoked_keys"], json!(["Reader"]));
    assert_eq!(entry["subject_name"], Value::Null, "it is gone");
    let of_key = format!("/v1/audit?subject={}", key.id);
    let of_key = world.owner.get(&of_key).await.expect(200);
    assert_eq!(of_key["data"][0]["subject_name"], "Reader");
}

#[tokio::test]
async fn a_secret_that_was_copied_or_revealed_leaves_an_entry() {
    let world = World::new().await;
    let key = world.reading_key().await;
    let path = key.path("/disclosures");
    for how in ["copied", "revealed"] {
        let told = world.owner.post(&path, json!({ "how": how })).await;
        assert_eq!(told.expect(204), Value::Null);
        let entry = trail(&world.owner).await.pop().unwrap();
        assert_eq!(entry["action"], format!("key.secret_{how}"));
        assert_eq!(entry["subject"], key.id);
        let detail = json!({ "name": "Reader", "display": key.key["display"] });
        assert_eq!(entry["detail"], detail);
    }
    let before = trail(&world.owner).await.len();
    for body in [
        json!({}),
        json!({ "how": "read" }),
        json!({ "how": "copied", "by": "me" }),
    ] {
        world
            .owner
            .post(&path, body)
            .await
            .problem(400, "malformed");
    }
    let nothing = "/v1/keys/00000000-0000-0000-0000-000000000000/disclosures";
    let copied = json!({ "how": "copied" });
    world
        .owner
        .post(nothing, copied)
        .await
        .problem(404, "not_found");
    assert_eq!(trail(&world.owner).await.len(), before);
}

#[tokio::test]
async fn entries_are_found_by_who_what_and_when() {
    let world = World::new().await;
    world.reading_key().await;
    let list = async |query: &str| {
        let page = world
            .owner
            .get(&format!("/v1/audit?{query}"))
            .await
            .expect(200);
        let rows = page["data"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| row["action"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(list("action=key").await, ["key.created"]);
    assert_eq!(
        list("action=project").await,
        ["project.created", "project.created"]
    );
    let by_owner = list("actor=owner@lighthouse.test").await;
    assert_eq!(
        by_owner,
        ["key.created", "project.created", "project.created"]
    );
    assert!(!list("actor=system").await.is_empty());
    let entry = trail(&world.owner).await.pop().unwrap();
    let at = entry["at"].as_str().unwrap();
    assert_eq!(list(&format!("since={at}")).await, ["key.created"]);
    assert!(
        !list(&format!("until={at}"))
            .await
            .contains(&"key.created".to_owned())
    );
    assert_eq!(list(&format!("actor=system&since={at}")).await, [""; 0]);
    let refused = world.owner.get("/v1/audit?action=ke").await;
    assert!(refused.problem(422, "invalid")["errors"]["action"].is_array());
    let refused = world.owner.get("/v1/audit?since=yesterday").await;
    refused.problem(400, "malformed");
}

/// Whoever edits the file cannot make the chain fit again.
#[tokio::test]
async fn an_altered_data_file_is_found() {
    let mut server = Server::start();
    // The same length, so that the file stays a database.
    let owner = server.member("guilty@lighthouse.test", "owner");
    owner
        .patch("/v1/organization", json!({ "name": "Light" }))
        .await
        .expect(200);
    assert_eq!(owner.get("/v1/audit/verify").await.expect(200)["ok"], true);
    server.terminate();
    let mut altered = 0;
    for entry in fs::read_dir(server.data())
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_file())
    {
        let mut bytes = fs::read(entry.path()).unwrap();
        let places: Vec<_> = (0..bytes.len().saturating_sub(6))
            .filter(|at| bytes[*at..].starts_with(b"guilty"))
            .collect();
        for at in &places {
            bytes[*at..at + 6].copy_from_slice(b"framed");
        }
        if !places.is_empty() {
            fs::write(entry.path(), bytes).unwrap();
            altered += places.len();
        }
    }
    assert!(altered > 0);
    server.restart();
    let verified = owner
        .at(server.management())
        .get("/v1/audit/verify")
        .await
        .expect(200);
    assert_eq!(verified["ok"], false);
    assert!(
        verified["fault"].as_str().unwrap().contains("altered"),
        "{verified}"
    );
}
