//! What an Admin may do, and what is left to the Owner.

use serde_json::{Value, json};

use crate::support::people::Caller;
use crate::support::world::{World, new_key, organization};

async fn member_id(someone: &Caller) -> String {
    someone.get("/v1/session").await.expect(200)["member"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn rule_1_an_admin_does_everything_with_keys() {
    let world = World::new().await;
    let admin = world.server.member("admin@lighthouse.test", "admin");
    for scope in [organization(), world.shop.scope()] {
        let made = world.take(
            admin
                .post("/v1/keys", new_key("By an Admin", scope, "read", "read"))
                .await
                .expect(201),
        );
        assert_eq!(made.key["created_by"], "admin@lighthouse.test");
        let changed = admin
            .patch(&made.path(""), json!({ "note": "for the night shift" }))
            .await
            .expect(200);
        assert_eq!(changed["note"], "for the night shift");
        world.take(
            admin
                .post(&made.path("/rotate"), json!({ "grace_seconds": 60 }))
                .await
                .expect(200),
        );
        assert_eq!(
            admin
                .post(&made.path("/revoke"), json!({}))
                .await
                .expect(200)["status"],
            "revoked"
        );
        assert_eq!(
            admin
                .post(&made.path("/restore"), json!({}))
                .await
                .expect(200)["status"],
            "rotating"
        );
        world.take(
            admin
                .post(&made.path("/replace"), json!({}))
                .await
                .expect(201),
        );
        assert_eq!(
            admin.get(&made.path("")).await.expect(200)["status"],
            "revoked"
        );
    }
    // The Owner's keys too.
    let theirs = world.organization_key().await;
    admin
        .post(&theirs.path("/revoke"), json!({}))
        .await
        .expect(200);
    world
        .holder(&theirs)
        .get("/projects")
        .await
        .refusal(401, "key_revoked");
    let total = |page: Value| page["total"].as_u64().unwrap();
    assert_eq!(total(admin.get("/v1/keys").await.expect(200)), 5);
    assert_eq!(total(world.owner.get("/v1/keys").await.expect(200)), 5);
}

#[tokio::test]
async fn rule_1_only_an_owner_demotes() {
    let world = World::new().await;
    let admin = world.server.member("admin@lighthouse.test", "admin");
    let member = world.server.member("member@lighthouse.test", "member");
    let path = async |someone: &Caller| format!("/v1/members/{}", member_id(someone).await);
    let (of_owner, of_admin, of_member) = (
        path(&world.owner).await,
        path(&admin).await,
        path(&member).await,
    );

    for (path, role) in [
        (&of_admin, "member"),
        (&of_admin, "owner"),
        (&of_owner, "admin"),
        (&of_owner, "member"),
        (&of_member, "owner"),
    ] {
        admin
            .patch(path, json!({ "role": role }))
            .await
            .problem(403, "forbidden");
    }
    assert_eq!(
        admin
            .patch(&of_member, json!({ "role": "admin" }))
            .await
            .expect(200)["role"],
        "admin"
    );
    admin
        .patch(&of_member, json!({ "role": "member" }))
        .await
        .problem(403, "forbidden");

    for role in ["member", "admin", "owner", "member"] {
        assert_eq!(
            world
                .owner
                .patch(&of_member, json!({ "role": role }))
                .await
                .expect(200)["role"],
            role
        );
    }
    // Somebody has to be able to undo it.
    world
        .owner
        .patch(&of_owner, json!({ "role": "member" }))
        .await
        .problem(409, "last_owner");
    assert_eq!(
        world.owner.get("/v1/session").await.expect(200)["member"]["role"],
        "owner"
    );
}

#[tokio::test]
async fn members_are_listed_and_what_is_asked_of_them_is_checked() {
    let world = World::new().await;
    let member = world.server.member("a.member@lighthouse.test", "member");
    let path = format!("/v1/members/{}", member_id(&member).await);
    let list = world.owner.get("/v1/members").await.expect(200);
    let emails: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["email"].as_str().unwrap())
        .collect();
    assert_eq!(
        emails,
        ["a.member@lighthouse.test", "owner@lighthouse.test"]
    );

    let both =
        json!({ "role": "member", "projects": [world.blog.id, world.shop.id, world.blog.id] });
    let changed = world.owner.patch(&path, both).await.expect(200);
    let mut projects = [world.shop.id, world.blog.id];
    projects.sort_unstable();
    assert_eq!(changed["projects"], json!(projects));
    let refused = world
        .owner
        .patch(&path, json!({ "projects": [world.shop.id, 999] }))
        .await
        .problem(422, "invalid");
    assert!(refused["errors"]["projects"][0].is_string(), "{refused:#}");
    assert_eq!(
        member.get("/v1/session").await.expect(200)["member"]["projects"],
        json!(projects)
    );
    let unknown = "/v1/members/01890a5d-ac96-774b-bcce-b302099a8057";
    world
        .owner
        .patch(unknown, json!({ "role": "admin" }))
        .await
        .problem(404, "not_found");
}
