//! What else the built-in Phare answers.

use gardien_phare::OPERATIONS;
use serde_json::json;

use super::http_monitor;
use crate::support::world::World;

#[tokio::test]
async fn every_operation_is_offered_or_says_that_it_is_not() {
    let world = World::new().await;
    let key = world.organization_key().await;
    let holder = world.holder_in(&key, &world.shop);
    let mut offered = Vec::new();
    for operation in OPERATIONS {
        let path = operation.path.split('/').map(|part| match part {
            "{app}" => "email",
            part if part.starts_with('{') => "4711",
            part => part,
        });
        let path = path.collect::<Vec<_>>().join("/");
        let answer = holder
            .send(operation.method.as_str().parse().unwrap(), &path, None)
            .await;
        if answer.status == 501 {
            let message = "The sandbox does not offer this operation yet.";
            assert_eq!(answer.body, json!({ "message": message }));
        } else {
            assert!(answer.status.as_u16() < 500, "{}: {answer:?}", operation.id);
            offered.push(operation.id);
        }
    }
    let expected = [
        "getInfo",
        "getProjects",
        "createProject",
        "getProject",
        "updateProject",
        "deleteProject",
        "getUsers",
        "getUser",
        "getUptimeMonitors",
        "createUptimeMonitor",
        "getUptimeMonitor",
        "updateUptimeMonitor",
        "deleteUptimeMonitor",
        "pauseUptimeMonitor",
        "resumeUptimeMonitor",
    ];
    assert_eq!(offered, expected);
    assert_eq!(holder.get("/").await.expect(200)["title"], "Phare");
}

#[tokio::test]
async fn everything_outlives_a_restart_and_a_kill() {
    let mut world = World::new().await;
    let key = world.organization_key().await;
    let monitor = world
        .holder_in(&key, &world.shop)
        .post("/uptime/monitors", http_monitor("Lasting"))
        .await
        .expect(201);
    let monitor = format!("/uptime/monitors/{}", monitor["id"]);
    world
        .holder_in(&key, &world.shop)
        .post(&format!("{monitor}/pause"), json!({}))
        .await
        .expect(204);
    let paths = [
        "/projects".to_owned(),
        format!("/projects/{}", world.blog.id),
        "/users".to_owned(),
        monitor,
    ];
    let base = world.server.gateway().to_owned();
    let mut before = Vec::new();
    for path in &paths {
        before.push(
            world
                .holder_in(&key, &world.shop)
                .get(path)
                .await
                .expect(200),
        );
    }
    for killed in [false, true] {
        if killed {
            world.server.kill9()
        } else {
            world.server.terminate()
        }
        world.restart();
        for (path, before) in paths.iter().zip(&before) {
            let after = world
                .holder_in(&key, &world.shop)
                .get(path)
                .await
                .expect(200)
                .to_string();
            // Links name the address of the day.
            let after = after.replace(world.server.gateway(), &base);
            assert_eq!(after, before.to_string(), "{path}");
        }
    }
}
