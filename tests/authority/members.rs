//! What a Member may not do, and what they see.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::Caller;
use crate::support::world::{Issued, Project, World, new_key, organization};

use super::openapi::routes;

/// A Member who is assigned to the project Shop.
async fn member(world: &World) -> Caller {
    let member = world.server.member("member@lighthouse.test", "member");
    let id = member.get("/v1/session").await.expect(200)["member"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let body = json!({ "projects": [world.shop.id] });
    world
        .owner
        .patch(&format!("/v1/members/{id}"), body)
        .await
        .expect(200);
    member
}

/// Everything that changes a key, for this key.
fn key_changes(world: &World, key: &Issued) -> Vec<(Method, String, Value)> {
    vec![
        (
            Method::POST,
            "/v1/keys".to_owned(),
            new_key("Mine", world.shop.scope(), "read", "read"),
        ),
        (Method::PATCH, key.path(""), json!({ "name": "Mine" })),
        (Method::POST, key.path("/revoke"), json!({})),
        (Method::POST, key.path("/restore"), json!({})),
        (
            Method::POST,
            key.path("/rotate"),
            json!({ "grace_seconds": 60 }),
        ),
        (Method::POST, key.path("/end-previous"), json!({})),
        (Method::POST, key.path("/replace"), json!({})),
        (
            Method::POST,
            key.path("/disclosures"),
            json!({ "how": "revealed" }),
        ),
    ]
}

#[tokio::test]
async fn rule_1_a_member_changes_no_key() {
    let world = World::new().await;
    let member = member(&world).await;
    let own = world.reading_key().await;
    let revoked = world.reading_key().await;
    world.revoke(&revoked).await;
    let elsewhere = world.organization_key().await;
    let before = world.owner.get("/v1/keys").await.expect(200);
    let entries = world.owner.get("/v1/audit/verify").await.expect(200);
    for key in [&own, &revoked, &elsewhere] {
        for (method, path, body) in key_changes(&world, key) {
            let refused = member
                .send(method.clone(), &path, Some(body))
                .await
                .problem(403, "forbidden");
            let reason = refused["detail"].as_str().unwrap();
            assert!(
                reason.contains("Owner") && reason.contains("Admin"),
                "{method} {path}: {reason}"
            );
        }
    }
    // Refused before it is looked for.
    let unknown = "/v1/keys/01890a5d-ac96-774b-bcce-b302099a8057/revoke";
    member
        .post(unknown, json!({}))
        .await
        .problem(403, "forbidden");

    assert_eq!(world.owner.get("/v1/keys").await.expect(200), before);
    assert_eq!(
        world.owner.get("/v1/audit/verify").await.expect(200),
        entries
    );
    world.holder(&own).get("/uptime/monitors").await.expect(200);
}

#[tokio::test]
async fn the_list_of_key_changing_endpoints_is_complete() {
    let world = World::new().await;
    let key = world.reading_key().await;
    let document = world.owner.get("/v1/openapi.json").await.expect(200);
    let mut known: Vec<_> = key_changes(&world, &key)
        .into_iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    let mut described: Vec<_> = routes(&document)
        .into_iter()
        .filter(|(method, path)| *method != Method::GET && path.starts_with("/v1/keys"))
        // Reads; what it reads by must not stand in an address.
        .filter(|(_, path)| path != "/v1/keys/lookup")
        .map(|(method, path)| format!("{method} {}", path.replace("{id}", &key.id)))
        .collect();
    known.sort_unstable();
    described.sort_unstable();
    assert_eq!(known, described);
}

#[tokio::test]
async fn rule_1_a_member_sees_the_keys_of_their_projects_only() {
    let world = World::new().await;
    let member = member(&world).await;
    let own = world.reading_key().await;
    let foreign = world
        .issue(new_key("Foreign", world.blog.scope(), "read", "read"))
        .await;
    let everywhere = world
        .issue(new_key("Everywhere", organization(), "read", "read"))
        .await;

    for query in [
        "",
        "?scope=project",
        "?q=reader",
        "?status=active",
        "?limit=1",
    ] {
        let page = member.get(&format!("/v1/keys{query}")).await.expect(200);
        assert_eq!(ids(&page), [own.id.as_str()], "{query}");
        assert_eq!(page["total"], 1, "{query}");
    }
    for query in [
        format!("?project_id={}", world.blog.id),
        "?scope=organization".to_owned(),
        "?q=foreign".to_owned(),
    ] {
        let page = member.get(&format!("/v1/keys{query}")).await.expect(200);
        assert_eq!(
            (ids(&page).len(), &page["total"]),
            (0, &json!(0)),
            "{query}"
        );
    }
    member.get(&own.path("")).await.expect(200);
    for hidden in [&foreign, &everywhere] {
        member.get(&hidden.path("")).await.problem(404, "not_found");
    }
    let projects = member.get("/v1/projects").await.expect(200);
    assert_eq!(projects["data"].as_array().unwrap().len(), 1);
    assert_eq!(projects["data"][0]["slug"], json!(world.shop.slug));
}

#[tokio::test]
async fn an_unassigned_member_sees_nothing() {
    let world = World::new().await;
    world.reading_key().await;
    world.organization_key().await;
    let member = world.server.member("new@lighthouse.test", "member");
    assert_eq!(member.get("/v1/keys").await.expect(200)["data"], json!([]));
    assert_eq!(
        member.get("/v1/projects").await.expect(200)["data"],
        json!([])
    );
}

#[tokio::test]
async fn rule_1_a_member_manages_nothing_else_either() {
    let world = World::new().await;
    let member = member(&world).await;
    let id = member.get("/v1/session").await.expect(200)["member"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let shop = format!("/v1/projects/{}", world.shop.id);
    for (method, path, body) in [
        (
            Method::PATCH,
            "/v1/organization",
            json!({ "calls_per_minute": 1_000 }),
        ),
        (
            Method::PATCH,
            &format!("/v1/members/{id}"),
            json!({ "role": "owner" }),
        ),
        (
            Method::PATCH,
            &format!("/v1/members/{id}"),
            json!({ "projects": [world.shop.id, world.blog.id] }),
        ),
        (Method::DELETE, &format!("/v1/members/{id}"), json!({})),
        (Method::PATCH, &shop, json!({ "name": "Mine" })),
        (Method::DELETE, &shop, json!({})),
        (Method::GET, "/v1/audit", json!({})),
        (Method::GET, "/v1/audit/verify", json!({})),
    ] {
        member
            .send(method, path, Some(body))
            .await
            .problem(403, "forbidden");
    }
    for path in [
        "/v1/organization",
        "/v1/limits",
        "/v1/operations",
        "/v1/members",
        "/v1/session",
        "/v1/sessions",
    ] {
        member.get(path).await.expect(200);
    }
}

#[tokio::test]
async fn rule_1_a_member_creates_projects_and_is_assigned_to_them() {
    let world = World::new().await;
    let member = member(&world).await;
    let made = Project::create(&member, "Mine").await;
    let body = new_key("In it", made.scope(), "none", "read");
    let key = world.issue(body).await;
    member.get(&key.path("")).await.expect(200);
    let projects = member.get("/v1/projects").await.expect(200);
    assert_eq!(projects["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn projects_that_a_member_creates_at_once_are_all_theirs() {
    let world = World::new().await;
    let member = member(&world).await;
    tokio::join!(
        Project::create(&member, "One"),
        Project::create(&member, "Two"),
        Project::create(&member, "Three"),
        Project::create(&member, "Four"),
    );
    let projects = member.get("/v1/projects").await.expect(200);
    assert_eq!(
        projects["data"].as_array().unwrap().len(),
        5,
        "{projects:#}"
    );
}

/// What a session may do follows the member's role of now, not the one it was opened with.
#[tokio::test]
async fn a_change_of_role_takes_effect_at_once() {
    let world = World::new().await;
    let person = world.server.member("person@lighthouse.test", "member");
    let id = person.get("/v1/session").await.expect(200)["member"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let body = || new_key("Theirs", organization(), "read", "none");
    person
        .post("/v1/keys", body())
        .await
        .problem(403, "forbidden");
    let role = async |role: &str| {
        world
            .owner
            .patch(&format!("/v1/members/{id}"), json!({ "role": role }))
            .await
            .expect(200)
    };
    role("admin").await;
    world.take(person.post("/v1/keys", body()).await.expect(201));
    role("member").await;
    person
        .post("/v1/keys", body())
        .await
        .problem(403, "forbidden");
    assert_eq!(person.get("/v1/keys").await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn a_removed_member_is_out_at_once_and_their_keys_stay_or_go_as_asked() {
    let world = World::new().await;
    for (keys, works) in [("", true), ("?keys=keep", true), ("?keys=revoke", false)] {
        let person = world.server.member("person@lighthouse.test", "admin");
        let id = person.get("/v1/session").await.expect(200)["member"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let body = new_key("Theirs", organization(), "read", "none");
        let made = world.take(person.post("/v1/keys", body).await.expect(201));
        let theirs = world.owner.get(&format!("/v1/keys?created_by={id}")).await;
        assert_eq!(ids(&theirs.expect(200)), [made.id.as_str()]);

        let member = format!("/v1/members/{id}");
        world
            .owner
            .delete(&format!("{member}?keys=perhaps"))
            .await
            .problem(400, "malformed");
        person.delete(&member).await.problem(403, "forbidden");
        world
            .owner
            .delete(&format!("{member}{keys}"))
            .await
            .expect(204);
        person
            .get("/v1/session")
            .await
            .problem(401, "unauthenticated");
        let holder = world.holder(&made);
        match works {
            true => drop(holder.get("/projects").await.expect(200)),
            false => drop(holder.get("/projects").await.refusal(401, "key_revoked")),
        }
        let listed = world.owner.get("/v1/members").await.expect(200);
        assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed:#}");
        let key = world.owner.get(&made.path("")).await.expect(200);
        assert_eq!(key["created_by"], "person@lighthouse.test");
        world.owner.delete(&member).await.problem(404, "not_found");
    }
    let id = world.owner.get("/v1/session").await.expect(200)["member"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    world
        .owner
        .delete(&format!("/v1/members/{id}"))
        .await
        .problem(409, "last_owner");
}

fn ids(page: &Value) -> Vec<&str> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap())
        .collect()
}
