//! The data sources: what is looked up by name, and lists.

use serde_json::Value;

use super::{MONITORS, PAGES, Provider};
use crate::clients::made;
use crate::support::world::World;

/// The data sources: users and integrations without a project header, whatever the key; all else within the project.
#[tokio::test]
async fn data_sources_find_what_is_there() {
    let world = World::new().await.unlimited().await;
    let [with_project_key, by_slug, _] = Provider::scoped(&world).await;
    let everywhere = Provider::everywhere(&world).await;
    let front = made(&with_project_key.0, "Front").await;
    for provider in [&with_project_key, &everywhere] {
        let users =
            "/users?email=owner%40lighthouse.test%2Cnobody%40lighthouse.test&page=1&per_page=100";
        let users = page(provider.0.get(users).await.expect(200));
        assert_eq!(users.len(), 1);
        assert_eq!(users[0]["email"], "owner@lighthouse.test");
        let path = format!("/users/{}", users[0]["id"]);
        assert_eq!(provider.0.get(&path).await.expect(200), users[0]);

        let named = "/apps/email/integrations?name=Default&page=1&per_page=100";
        let named = page(provider.0.get(named).await.expect(200));
        assert!(named.iter().any(|found| found["name"] == "Default"));
        let path = format!("/apps/email/integrations/{}", named[0]["id"]);
        assert_eq!(provider.0.get(&path).await.expect(200), named[0]);
    }
    for provider in [&with_project_key, &by_slug] {
        let monitors = provider.0.get("/uptime/monitors?page=1&per_page=100").await;
        assert_eq!(page(monitors.expect(200))[0]["id"], front);
        for list in ["/alert-rules", PAGES] {
            let listed = provider.0.get(&format!("{list}?page=1&per_page=100")).await;
            assert_eq!(page(listed.expect(200)), [Value::Null; 0]);
        }
    }
    let projects = everywhere.0.get("/projects?page=1&per_page=100").await;
    let projects = page(projects.expect(200));
    assert!(
        projects
            .iter()
            .any(|project| project["slug"] == world.shop.slug)
    );
    // Where it would name one and has no scope, a plan fails before this is asked.
    everywhere.0.get(MONITORS).await.expect_project_missing();
}

/// What its decoder takes for a page: whole numbers, and links that are texts or null.
fn page(listed: Value) -> Vec<Value> {
    for number in ["current_page", "from", "to", "per_page"] {
        let number = &listed["meta"][number];
        assert!(number.is_u64() || number.is_null(), "{listed:#}");
    }
    assert!(listed["meta"]["path"].is_string(), "{listed:#}");
    for link in ["first", "last", "prev", "next"] {
        let link = &listed["links"][link];
        assert!(link.is_string() || link.is_null(), "{listed:#}");
    }
    listed["data"].as_array().unwrap().clone()
}
