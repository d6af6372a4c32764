//! Projects: made, renamed and deleted at Phare and here in one step.

use serde_json::json;

use crate::support::world::{Project, World};

#[tokio::test]
async fn a_project_made_here_is_one_of_phares() {
    let world = World::new().await;
    let key = world.organization_key().await;
    let at_phare = world
        .holder(&key)
        .get(&format!("/projects/{}", world.shop.id))
        .await
        .expect(200);
    assert_eq!(
        (&at_phare["name"], &at_phare["slug"]),
        (&json!("Shop"), &json!(world.shop.slug))
    );
    let list = world.owner.get("/v1/projects").await.expect(200);
    let names: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].clone())
        .collect();
    assert_eq!(names, ["Blog", "Shop"], "by name");
    let same = Project::create(&world.owner, "Shop").await;
    assert!(same.id != world.shop.id && same.slug != world.shop.slug);
}

#[tokio::test]
async fn a_renamed_project_keeps_its_slug_and_its_keys() {
    let world = World::new().await;
    let key = world.reading_key().await;
    let path = format!("/v1/projects/{}", world.shop.id);
    let renamed = world
        .owner
        .patch(&path, json!({ "name": "Market" }))
        .await
        .expect(200);
    let shown = (&renamed["name"], &renamed["slug"], &renamed["live_keys"]);
    assert_eq!(
        shown,
        (&json!("Market"), &json!(world.shop.slug), &json!(1))
    );
    assert_eq!(
        world.owner.get(&key.path("")).await.expect(200)["project_name"],
        "Market"
    );
    let holder = world
        .holder(&key)
        .header("x-phare-project-slug", &world.shop.slug);
    holder.get("/uptime/monitors").await.expect(200);
}

#[tokio::test]
async fn a_deleted_project_takes_its_keys_along_at_once() {
    let world = World::new().await;
    let key = world.reading_key().await;
    let everywhere = world.organization_key().await;
    let path = format!("/v1/projects/{}", world.shop.id);
    world.owner.delete(&path).await.expect(204);
    world
        .holder(&key)
        .get("/uptime/monitors")
        .await
        .refusal(401, "key_revoked");
    assert_eq!(
        world.owner.get(&key.path("")).await.expect(200)["status"],
        "revoked"
    );
    let holder = world.holder_in(&everywhere, &world.shop);
    holder
        .get("/uptime/monitors")
        .await
        .refusal(403, "project_unknown");
    world
        .holder(&everywhere)
        .get(&format!("/projects/{}", world.shop.id))
        .await
        .expect(404);
    world.owner.delete(&path).await.problem(404, "not_found");
    world
        .owner
        .patch(&path, json!({ "name": "Back" }))
        .await
        .problem(404, "not_found");
    let body = crate::support::world::new_key("Late", world.shop.scope(), "none", "read");
    world
        .owner
        .post("/v1/keys", body)
        .await
        .problem(422, "invalid");
    // What another project has is untouched.
    world
        .holder_in(&everywhere, &world.blog)
        .get("/uptime/monitors")
        .await
        .expect(200);
}

#[tokio::test]
async fn a_name_that_phare_would_refuse_is_refused() {
    let world = World::new().await;
    let shop = format!("/v1/projects/{}", world.shop.id);
    // The last is Phare's own limit, told by Phare.
    for (name, code) in [
        ("", "invalid"),
        ("   ", "invalid"),
        (&"n".repeat(101), "invalid"),
        (&"n".repeat(26), "upstream_refused"),
    ] {
        let body = || json!({ "name": name });
        let refused = world
            .owner
            .post("/v1/projects", body())
            .await
            .problem(422, code);
        assert!(refused["errors"]["name"][0].is_string(), "{refused:#}");
        assert!(
            !refused["detail"].as_str().unwrap().ends_with(".."),
            "{refused:#}"
        );
        world.owner.patch(&shop, body()).await.problem(422, code);
    }
    for id in ["x", "0", "-1", "99999999999999999999"] {
        world
            .owner
            .patch(&format!("/v1/projects/{id}"), json!({ "name": "New" }))
            .await
            .problem(404, "not_found");
    }
    assert_eq!(
        world.owner.get("/v1/projects").await.expect(200)["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
