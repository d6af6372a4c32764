//! What else the built-in Phare answers.

use gardien_phare::OPERATIONS;
use serde_json::json;

use super::records::Records;
use crate::support::world::World;

#[tokio::test]
async fn every_operation_is_offered() {
    let world = World::new().await;
    let key = world.organization_key().await;
    let holder = world.holder_in(&key, &world.shop);
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
        assert!(answer.status.as_u16() < 500, "{}: {answer:?}", operation.id);
    }
    assert_eq!(holder.get("/").await.expect(200)["title"], "Phare");
}

#[tokio::test]
async fn everything_outlives_a_restart_and_a_kill() {
    let mut world = World::new().await;
    let key = world.organization_key().await;
    let records = Records::make(&world.holder_in(&key, &world.shop), "lasting").await;
    let monitor = records.path("/uptime/monitors/{monitorId}");
    world
        .holder_in(&key, &world.shop)
        .post(&format!("{monitor}/pause"), json!({}))
        .await
        .expect(204);
    let paths = [
        "/projects".to_owned(),
        format!("/projects/{}", world.blog.id),
        "/users".to_owned(),
        "/apps/email/integrations".to_owned(),
        monitor,
        records.path("/alert-rules/{alertRuleId}"),
        records.path("/uptime/status-pages/{statusPageId}"),
        records.path("/uptime/incidents/{incidentId}"),
        records.path("/uptime/incidents/{incidentId}/updates"),
        records.path("/uptime/maintenance-windows/{maintenanceWindowId}"),
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
