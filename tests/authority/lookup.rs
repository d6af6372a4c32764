//! Keys found by the secrets that somebody pasted, without a trace.

use gardien_domain::find::{Sighting, sightings};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::{Answer, Caller};
use crate::support::world::{Issued, World, new_key};

async fn found(caller: &Caller, secrets: &[&str]) -> Vec<Value> {
    let answer = caller
        .post("/v1/keys/lookup", json!({ "secrets": secrets }))
        .await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let answer = answer.expect(200);
    answer["data"].as_array().unwrap().clone()
}

fn told(rows: &[Value]) -> Vec<(&str, &str)> {
    let text = |value: &'static str, row| -> &str {
        let row: &Value = row;
        row.pointer(value).and_then(Value::as_str).unwrap_or("")
    };
    rows.iter()
        .map(|row| (text("/key/id", row), text("/credential", row)))
        .collect()
}

async fn rotated(world: &World, key: &Issued, grace: u32) -> Issued {
    let body = json!({ "grace_seconds": grace });
    let answer = world.owner.post(&key.path("/rotate"), body).await;
    world.take(answer.expect(200))
}

#[tokio::test]
async fn a_pasted_log_shows_every_key_in_it_and_none_is_used_by_that() {
    let world = World::new().await;
    let first = world.reading_key().await;
    let second = rotated(&world, &first, 0).await;
    let revoked = world.organization_key().await;
    world.revoke(&revoked).await;
    let elsewhere = World::new().await.reading_key().await;
    let canary = world.reading_key().await;
    let entries = world.owner.get("/v1/audit/verify").await.expect(200);

    let log = format!(
        "+PHARE_API_KEY=\"{}\"\n{{\"authorization\":\"Bearer {}\"}} {} key={}\n{}",
        revoked.secret, first.secret, elsewhere.secret, second.secret, revoked.secret
    );
    let whole: Vec<String> = sightings(&log)
        .into_iter()
        .filter_map(|sighting| match sighting {
            Sighting::Whole(secret) => Some(secret.expose().to_owned()),
            Sighting::Strange(_) => None,
        })
        .collect();
    let whole: Vec<&str> = whole.iter().map(String::as_str).collect();
    let rows = found(&world.owner, &whole).await;
    let expected = [
        (revoked.id.as_str(), "current"),
        (&first.id, "replaced"),
        ("", ""),
        (&first.id, "current"),
    ];
    assert_eq!(told(&rows), expected);
    assert_eq!(rows[0]["key"]["status"], "revoked");
    let shown = world.owner.get(&first.path("")).await.expect(200);
    assert_eq!(rows[1]["key"], shown);
    let answer = Value::Array(rows).to_string();
    for secret in [&first.secret, &second.secret, &revoked.secret] {
        assert!(!answer.contains(&secret[16..]));
    }

    // Uses are written in order: once a later one is shown, an earlier one would be.
    world
        .holder(&canary)
        .get("/uptime/monitors")
        .await
        .expect(200);
    let shown = async |key: &Issued| world.owner.get(&key.path("")).await.expect(200);
    while shown(&canary).await["last_used_at"].is_null() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    for key in [&first, &revoked] {
        assert_eq!(shown(key).await["last_used_at"], Value::Null);
    }
    let after = world.owner.get("/v1/audit/verify").await.expect(200);
    assert_eq!(after, entries);
}

#[tokio::test]
async fn whoever_may_not_see_a_key_does_not_find_it() {
    let world = World::new().await;
    let member = world.server.member("member@lighthouse.test", "member");
    let id = member.get("/v1/session").await.expect(200)["member"]["id"].clone();
    let path = format!("/v1/members/{}", id.as_str().unwrap());
    let body = json!({ "projects": [world.shop.id] });
    world.owner.patch(&path, body).await.expect(200);
    let own = world.reading_key().await;
    let foreign = new_key("Foreign", world.blog.scope(), "read", "read");
    let foreign = world.issue(foreign).await;
    let everywhere = world.organization_key().await;
    let secrets = [&own, &foreign, &everywhere].map(|key| key.secret.as_str());

    let rows = found(&member, &secrets).await;
    assert_eq!(
        told(&rows),
        [(own.id.as_str(), "current"), ("", ""), ("", "")]
    );
    assert_eq!(
        told(&found(&world.owner, &secrets).await)[2].0,
        everywhere.id
    );
    let nobody = Caller::anonymous(world.server.management());
    let body = json!({ "secrets": secrets });
    let refused = nobody.post("/v1/keys/lookup", body).await;
    refused.problem(401, "unauthenticated");
}

#[tokio::test]
async fn what_is_no_secret_finds_nothing_and_no_answer_repeats_one() {
    let mut world = World::new().await;
    let key = world.organization_key().await;
    let secret = key.secret.as_str();
    let nothing = ["", "pha_", &secret[..49], &format!("{secret}0"), "é…", "\0"];
    let rows = found(&world.owner, &nothing).await;
    assert!(rows.len() == nothing.len() && rows.iter().all(Value::is_null));
    assert_eq!(found(&world.owner, &[]).await, [Value::Null; 0]);
    let rows = found(&world.owner, &vec![secret; 1_000]).await;
    assert!(rows.len() == 1_000 && rows.iter().all(|row| row["key"]["id"] == key.id.as_str()));

    let many = json!({ "secrets": vec!["pha_"; 1_001] });
    let refused = world
        .owner
        .post("/v1/keys/lookup", many)
        .await
        .problem(422, "invalid");
    assert!(refused["errors"]["secrets"][0].is_string());
    for wrong in [
        json!({}),
        json!(null),
        json!(secret),
        json!([secret]),
        json!({ "secrets": secret }),
        json!({ "secrets": { secret: 1 } }),
        json!({ "secrets": [secret, 7] }),
        json!({ "secrets": [secret, { "a": secret }] }),
        json!({ "secrets": [secret], secret: 1 }),
        json!({ "secret": secret }),
    ] {
        let answer = world.owner.post("/v1/keys/lookup", wrong.clone()).await;
        let problem = answer.problem(400, "malformed").to_string();
        assert!(!problem.contains(&secret[16..40]), "{wrong}: {problem}");
    }
    for broken in [format!("{{\"secrets\":[\"{secret}"), format!("\"{secret}")] {
        let request = world.owner.request(Method::POST, "/v1/keys/lookup");
        let request = request
            .header("content-type", "application/json")
            .body(broken);
        let problem = Answer::of(request.send().await.unwrap()).await;
        assert!(
            !problem
                .problem(400, "malformed")
                .to_string()
                .contains(&secret[16..40])
        );
    }
    // Every file of the server, and all that it said.
    world.server.terminate();
    assert_eq!(world.server.leaks(), [""; 0]);
}

#[tokio::test]
async fn the_grace_of_a_replaced_secret_ends_when_somebody_says_so() {
    let world = World::new().await;
    let old = world.organization_key().await;
    let end = old.path("/end-previous");
    let refused = world.owner.post(&end, json!({})).await;
    refused.problem(409, "key_not_rotating");
    let new = rotated(&world, &old, 3_600).await;
    for both in [&old, &new] {
        world.holder(both).get("/projects").await.expect(200);
    }
    let ended = world.owner.post(&end, json!({})).await.expect(200);
    assert_eq!(
        (&ended["status"], &ended["previous_valid_until"]),
        (&json!("active"), &Value::Null)
    );
    let refusal = world.holder(&old).get("/projects").await;
    let refusal = refusal.refusal(401, "secret_replaced");
    assert!(refusal["message"].as_str().unwrap().contains("replaced"));
    world.holder(&new).get("/projects").await.expect(200);
    let rows = found(&world.owner, &[&old.secret]).await;
    assert_eq!(told(&rows), [(old.id.as_str(), "replaced")]);
    let refused = world.owner.post(&end, json!({})).await;
    refused.problem(409, "key_not_rotating");

    let entry = world.owner.get("/v1/audit?limit=1").await.expect(200);
    let entry = &entry["data"][0];
    assert_eq!(entry["action"], "key.previous_ended");
    assert_eq!(entry["detail"]["name"], "Everything");
    assert_eq!(entry["detail"]["display"], new.key["display"]);
    world.revoke(&new).await;
    let refused = world.owner.post(&end, json!({})).await;
    refused.problem(409, "key_revoked");
}
