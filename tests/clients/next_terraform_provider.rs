//! The official Terraform provider after v0.0.12: phare/terraform-provider-phare, internal/client/monitors.go,
//! internal/client/status_pages.go and internal/provider/resources/uptime_monitor_icmp_resource.go. It sends `tags` with
//! every monitor and status page, null where there are none, joined by commas in the form; it lists by them; and it has
//! monitors that ping. Its acceptance tests name the user `terraform@phare.io` as the member of their projects.

use serde_json::{Value, json};

use super::terraform_provider::form::{BOUNDARY, fields, form};
use super::{Client, Library, made, shop_key};
use crate::support::world::World;

fn provider(world: &World, key: &crate::support::world::Issued) -> Client {
    Client::new(Library::Go, world, key)
        .with("Accept", "application/json")
        .with("Content-Type", "application/json")
}

fn rows(listed: &Value) -> &[Value] {
    listed["data"].as_array().unwrap()
}

/// No copy stands between the members and the users.
#[tokio::test]
async fn a_member_is_a_user_from_the_next_call_on_and_until_they_are_removed() {
    let world = World::new().await;
    let provider = provider(&world, &world.organization_key().await);
    let users = "/users?email=terraform%40phare.io&page=1&per_page=100";
    assert_eq!(
        rows(&provider.get(users).await.expect(200)),
        [Value::Null; 0]
    );

    let member = world.server.member("terraform@phare.io", "member");
    let found = provider.get(users).await.expect(200);
    let [user] = rows(&found) else {
        panic!("{found:#}");
    };
    assert_eq!(
        (&user["email"], &user["role"]),
        (&json!("terraform@phare.io"), &json!("member"))
    );
    let project = json!({ "name": "Test Project", "members": [user["id"]] });
    let project = provider.post_json("/projects", &project).await.expect(201);
    assert_eq!(project["members"], json!([user["id"]]));

    let id = member.get("/v1/session").await.expect(200)["member"]["id"].clone();
    let path = format!("/v1/members/{}", id.as_str().unwrap());
    world
        .owner
        .patch(&path, json!({ "role": "admin" }))
        .await
        .expect(200);
    let path_of_user = format!("/users/{}", user["id"]);
    assert_eq!(
        provider.get(&path_of_user).await.expect(200)["role"],
        "admin"
    );
    world.owner.delete(&path).await.expect(204);
    provider.get(&path_of_user).await.expect(404);
    assert_eq!(
        rows(&provider.get(users).await.expect(200)),
        [Value::Null; 0]
    );
}

#[tokio::test]
async fn a_monitor_that_pings_lives_with_its_tags() {
    let world = World::new().await;
    let provider = provider(&world, &shop_key(&world, "none", "read_write").await);
    let mut monitor = json!({
        "name": "Router",
        "protocol": "icmp",
        "request": { "host": "192.0.2.1" },
        "interval": 60,
        "timeout": 1000,
        "incident_confirmations": 1,
        "recovery_confirmations": 1,
        "region_threshold": 1,
        "regions": ["eu-fra-cdg"],
        "tags": ["environment:production", "team:café-1"],
    });
    let made = provider
        .post_json("/uptime/monitors", &monitor)
        .await
        .expect(201);
    let path = format!("/uptime/monitors/{}", made["id"]);
    for field in ["protocol", "request", "tags"] {
        assert_eq!(made[field], monitor[field], "{field}");
    }
    assert_eq!(provider.get(&path).await.expect(200), made);
    for (tags, found) in [
        ("tag=environment%3Aproduction&tag=other", 1),
        ("tag=team%3Acaf%C3%A9-1", 1),
        ("tag=other", 0),
    ] {
        let listed = provider
            .get(&format!("/uptime/monitors?page=1&per_page=100&{tags}"))
            .await;
        assert_eq!(rows(&listed.expect(200)).len(), found, "{tags}");
    }
    monitor["tags"] = Value::Null;
    let updated = provider.post_json(&path, &monitor).await.expect(200);
    assert_eq!(updated["tags"], Value::Null);
    assert_eq!(provider.get(&path).await.expect(200), updated);
    provider.delete(&path).await.expect(204);
}

/// The form after the JSON has the tags in one field, empty where there are none, and what v0.0.12 does not know.
#[tokio::test]
async fn a_status_page_keeps_its_tags_and_names_over_the_form() {
    let world = World::new().await;
    let provider = provider(&world, &shop_key(&world, "none", "read_write").await);
    let monitor = made(&provider, "Router").await;
    let shown = |name| json!({ "componentable_type": "uptime/monitor", "componentable_id": monitor, "display_name": name });
    let mut page = json!({
        "name": "Status page tags",
        "title": "Tags test status page",
        "description": "Status page used to test the tags parameter.",
        "search_engine_indexed": false,
        "website_url": "https://shop.example",
        "subdomain": "tags-test",
        "color_scheme": "all",
        "timeframe": 30,
        "show_response_times": false,
        "components": [
            shown("Edge, router"),
            { "componentable_type": "uptime/group", "name": "Core", "is_expanded": true, "components": [shown("Inner")] },
        ],
        "tags": ["environment:production", "team:café-1"],
    });
    let made = provider.post_json("/uptime/status-pages", &page).await;
    let path = format!("/uptime/status-pages/{}", made.expect(201)["id"]);
    let uploading = provider.clone().with(
        "Content-Type",
        &format!("multipart/form-data; boundary={BOUNDARY}"),
    );
    for (tags, joined) in [
        (page["tags"].clone(), "environment:production,team:café-1"),
        (json!(["team:café-1"]), "team:café-1"),
        (json!([]), ""),
        (json!(["again"]), "again"),
        (Value::Null, ""),
    ] {
        page["tags"] = tags.clone();
        let mut expected = provider.post_json(&path, &page).await.expect(200);
        assert_eq!(expected["tags"], tags);
        let mut texts = fields(&page, &[]);
        texts.extend(
            [
                ("show_response_times", "0"),
                ("components[0][display_name]", "Edge, router"),
                ("components[1][components][0][display_name]", "Inner"),
                ("tags", joined),
            ]
            .map(|(name, text)| (name.to_owned(), text.to_owned())),
        );
        let sent = form(&texts, &[("logo_light", "logo.svg", b"<svg/>")]);
        uploading.send("POST", &path, Some(&sent)).await.expect(200);
        let mut read = provider.get(&path).await.expect(200);
        // To the provider a list without items and none are the same.
        if joined.is_empty() {
            assert!(read["tags"].as_array().is_none_or(Vec::is_empty), "{read}");
            read["tags"] = tags;
        }
        expected["updated_at"] = read["updated_at"].clone();
        assert_eq!(read, expected);
    }
    provider.delete(&path).await.expect(204);
}
