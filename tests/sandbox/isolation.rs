//! A record of one project from the keys of another, on every operation that takes an id or lists records.

use gardien_phare::OPERATIONS;
use serde_json::{Value, json};

use super::records::Records;
use crate::support::world::{World, new_key};

/// The organization's, for every key alike. What keys may do with projects is told where projects are tested.
const SHARED: [&str; 10] = [
    "getInfo",
    "getProjects",
    "createProject",
    "getProject",
    "updateProject",
    "deleteProject",
    "getUsers",
    "getUser",
    "getIntegrations",
    "getIntegration",
];

#[tokio::test]
async fn no_operation_reaches_the_records_of_another_project() {
    let world = World::new().await.unlimited().await;
    let holder = async |name: &str, scope: Value| {
        let key = world
            .issue(new_key(name, scope, "read_write", "read_write"))
            .await;
        world.holder(&key)
    };
    let shop = holder("Shop", world.shop.scope()).await;
    let records = Records::make(&shop, "shop").await;
    let before = records.seen(&shop).await;
    let everywhere = world.organization_key().await;
    let strangers = [
        holder("Blog", world.blog.scope()).await,
        world.holder_in(&everywhere, &world.blog),
    ];
    for stranger in &strangers {
        let mut tried = 0;
        for operation in OPERATIONS
            .iter()
            .filter(|operation| !SHARED.contains(&operation.id))
        {
            let method: reqwest::Method = operation.method.as_str().parse().unwrap();
            let path = records.path(operation.path);
            assert!(!path.contains('{'), "{path}");
            let body = (method == "POST").then(|| {
                json!({ "name": "Stolen", "title": "Stolen", "state": "resolved", "content": "Stolen" })
            });
            if path != operation.path {
                let answer = stranger.send(method, &path, body).await;
                let missing = json!({ "message": "Resource not found" });
                assert_eq!(answer.expect(404), missing, "{}", operation.id);
            } else if method == "GET" {
                let listed = stranger.get(&path).await.expect(200);
                let rows = listed.get("data").or(listed.get("monitors")).unwrap();
                assert_eq!(rows, &json!([]), "{}", operation.id);
            } else {
                continue;
            }
            tried += 1;
        }
        assert_eq!(tried, 33);
    }
    assert_eq!(records.seen(&shop).await, before);
}
