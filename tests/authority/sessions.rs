//! Who is let in: a session token, once, and nothing else.

use gardien_domain::{Secret, SecretKind};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::Caller;
use crate::support::world::World;

use super::openapi::{HEALTH, routes};

/// Read from the document that the server gives out, so that a new endpoint cannot be forgotten.
#[tokio::test]
async fn no_endpoint_answers_without_a_session() {
    let world = World::new().await;
    let key = world.reading_key().await;
    let document = world.owner.get("/v1/openapi.json").await.expect(200);
    let entries = audit_length(&world.owner).await;
    let stranger = world.server.stranger();
    let mut asked = 0;
    for (method, template) in routes(&document)
        .into_iter()
        .filter(|(_, path)| !HEALTH.contains(&path.as_str()))
        .chain([(Method::GET, "/v1/openapi.json".to_owned())])
    {
        let path = template.replace("{id}", &key.id);
        assert!(!path.contains('{'), "{template}");
        let answer = stranger.send(method.clone(), &path, Some(json!({}))).await;
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer"),
            "{method} {path}"
        );
        answer.problem(401, "unauthenticated");
        asked += 1;
    }
    assert!(asked > 15, "{asked}");
    stranger
        .get("/v1/nothing")
        .await
        .problem(401, "unauthenticated");
    assert_eq!(
        audit_length(&world.owner).await,
        entries,
        "nothing was done"
    );
}

#[tokio::test]
async fn only_one_whole_known_token_is_a_session() {
    let world = World::new().await;
    let token = world.server.token("admin@lighthouse.test", "admin");
    let secret = world.organization_key().await.secret;
    let base = world.server.management();
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let caller = Caller::anonymous(base).header("authorization", &format!("{scheme} {token}"));
        caller.get("/v1/session").await.expect(200);
    }

    let unknown = Secret::generate(SecretKind::Organization, |bytes| {
        bytes.fill(7);
        Ok::<_, std::convert::Infallible>(())
    });
    let (begin, last) = token.split_at(token.len() - 1);
    let altered = format!("{begin}{}", if last == "x" { "y" } else { "x" });
    for wrong in [
        String::new(),
        token.clone(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Basic {token}"),
        format!("Token {token}"),
        format!("Bearer {altered}"),
        format!("Bearer {begin}"),
        format!("Bearer {token}x"),
        format!("Bearer {token},{token}"),
        format!("Bearer {token} {token}"),
        format!("Bearer \"{token}\""),
        format!("Bearer {}", token.to_uppercase()),
        format!("Bearer {secret}"),
        format!("Bearer {}", unknown.unwrap().expose()),
        "Bearer gdn_session_0000000000000000000000000000000000000000000".to_owned(),
    ] {
        let caller = Caller::anonymous(base).header("authorization", &wrong);
        caller
            .get("/v1/session")
            .await
            .problem(401, "unauthenticated");
    }
    let good = format!("Bearer {token}");
    for second in [good.as_str(), "Bearer x", "Basic Og=="] {
        for pair in [[good.as_str(), second], [second, good.as_str()]] {
            let caller = Caller::anonymous(base)
                .header("authorization", pair[0])
                .header("authorization", pair[1]);
            caller
                .get("/v1/session")
                .await
                .problem(401, "unauthenticated");
        }
    }
    let stranger = Caller::anonymous(base);
    for query in ["access_token", "token", "authorization"] {
        stranger
            .get(&format!("/v1/session?{query}={token}"))
            .await
            .problem(401, "unauthenticated");
    }
    // A session opens nothing at the gateway.
    world
        .server
        .key_holder(&token)
        .get("/projects")
        .await
        .refusal(401, "");
}

#[tokio::test]
async fn a_session_says_who_one_is_and_whom_to_ask() {
    let world = World::new().await;
    world.server.token("admin@lighthouse.test", "admin");
    for (email, role, manages) in [
        ("o@lighthouse.test", "owner", true),
        ("m@lighthouse.test", "member", false),
    ] {
        let session = world
            .server
            .member(email, role)
            .get("/v1/session")
            .await
            .expect(200);
        assert_eq!(
            (&session["member"]["email"], &session["member"]["role"]),
            (&json!(email), &json!(role))
        );
        let rights = json!({
            "manage_keys": manages,
            "create_projects": true,
            "manage_projects": manages,
            "manage_organization": manages,
            "read_audit": manages,
        });
        assert_eq!(session["rights"], rights);
        let ask = session["ask"].as_array().unwrap();
        for whom in ["owner@lighthouse.test", "admin@lighthouse.test"] {
            assert!(ask.contains(&json!(whom)), "{ask:?}");
        }
        assert!(!ask.contains(&json!("m@lighthouse.test")));
    }
}

/// A token for another role than the member has would be a promotion past the rules.
#[tokio::test]
async fn a_token_does_not_change_a_role() {
    let world = World::new().await;
    let first = world.server.token("m@lighthouse.test", "member");
    let second = world.server.token("M@Lighthouse.test", "member");
    assert_ne!(first, second);
    assert!(
        world
            .server
            .try_token("m@lighthouse.test", "owner")
            .is_err()
    );
    assert!(world.server.try_token("nobody", "owner").is_err());
    assert!(world.server.try_token("x@lighthouse.test", "god").is_err());
    for token in [first, second] {
        let session = Caller::with(world.server.management(), &token)
            .get("/v1/session")
            .await
            .expect(200);
        assert_eq!(session["member"]["role"], "member");
    }
}

#[tokio::test]
async fn sessions_outlive_a_restart() {
    let mut world = World::new().await;
    world.server.terminate();
    // While it is down, too.
    let member = world.server.token("m@lighthouse.test", "member");
    world.restart();
    world.owner.get("/v1/session").await.expect(200);
    Caller::with(world.server.management(), &member)
        .get("/v1/session")
        .await
        .expect(200);
}

#[tokio::test]
async fn a_session_is_listed_and_ended_by_its_holder() {
    let world = World::new().await;
    let [first, second] =
        ["first", "second"].map(|_| world.server.member("m@lighthouse.test", "member"));
    let page = first.get("/v1/sessions").await.expect(200);
    let rows = page["data"].as_array().unwrap();
    let current: Vec<_> = rows.iter().map(|row| &row["current"]).collect();
    assert_eq!(current, [false, true], "newest first: {page:#}");
    for row in rows {
        assert_eq!(row["email"], "m@lighthouse.test");
        assert!(row["expires_at"].as_str() > row["created_at"].as_str());
        assert!(row.get("digest").is_none(), "{row:#}");
    }
    first.delete(&path(&rows[0])).await.expect(204);
    second
        .get("/v1/session")
        .await
        .problem(401, "unauthenticated");
    first
        .delete(&path(&rows[0]))
        .await
        .problem(404, "not_found");
    // The one that asks, too.
    first.delete(&path(&rows[1])).await.expect(204);
    first
        .get("/v1/sessions")
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn whoever_manages_the_organization_ends_any_session_and_a_member_their_own() {
    let world = World::new().await;
    let member = world.server.member("m@lighthouse.test", "member");
    let admin = world.server.member("admin@lighthouse.test", "admin");
    let all = admin.get("/v1/sessions").await.expect(200);
    let of = |email: &str| {
        let rows = all["data"].as_array().unwrap();
        path(rows.iter().find(|row| row["email"] == email).unwrap())
    };
    assert_eq!(all["data"].as_array().unwrap().len(), 3);
    for others in ["owner@lighthouse.test", "admin@lighthouse.test"] {
        member.delete(&of(others)).await.problem(404, "not_found");
    }
    admin.delete(&of("m@lighthouse.test")).await.expect(204);
    member
        .get("/v1/projects")
        .await
        .problem(401, "unauthenticated");
    let entries = world.owner.get("/v1/audit?action=session.ended").await;
    let entries = entries.expect(200);
    let [entry] = entries["data"].as_array().unwrap().as_slice() else {
        panic!("{entries:#}");
    };
    assert_eq!(entry["actor"], "admin@lighthouse.test");
    assert_eq!(entry["detail"]["name"], "m@lighthouse.test");
}

fn path(session: &Value) -> String {
    format!("/v1/sessions/{}", session["id"].as_str().unwrap())
}

async fn audit_length(owner: &Caller) -> u64 {
    owner.get("/v1/audit/verify").await.expect(200)["entries"]
        .as_u64()
        .unwrap()
}
