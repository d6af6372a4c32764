use std::sync::Arc;

use gardien_phare::OPERATIONS;
use serde_json::json;

use super::memory::Memory;
use super::{World, clock, http_monitor};
use crate::Sandbox;
use crate::collection::{COLLECTIONS, Step};
use crate::specification::Specification;

#[tokio::test]
async fn the_api_says_what_it_is() {
    let world = World::new().await;
    let info = world.get("/", None).await;
    let expected = json!({
        "title": "Phare",
        "version": "1.0",
        "support": "support@phare.io",
        "website": "https://phare.io",
        "documentation": "https://docs.phare.io/",
    });
    assert_eq!((info.status, info.body), (200, expected));
}

#[tokio::test]
async fn every_operation_is_offered_or_says_that_it_is_not() {
    let world = World::new().await;
    let mut offered = Vec::new();
    for operation in OPERATIONS {
        let path = operation.path.replace("{app}", "email");
        let path: Vec<&str> = path
            .split('/')
            .map(|segment| {
                if segment.starts_with('{') {
                    "77"
                } else {
                    segment
                }
            })
            .collect();
        let answer = world
            .send(operation.method.as_str(), &path.join("/"), Some(1), "")
            .await;
        if answer.status == 501 {
            let message = "The sandbox does not offer this operation yet.";
            assert_eq!(answer.body, json!({ "message": message }));
        } else {
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
}

#[tokio::test]
async fn unknown_paths_and_methods_are_not_found() {
    let world = World::new().await;
    for (method, path) in [
        ("GET", "/nothing"),
        ("PUT", "/projects/1"),
        ("PATCH", "/uptime/monitors/1"),
        ("DELETE", "/users/1"),
        ("GET", "/projects/one"),
        ("GET", "/projects/"),
        ("GET", "/uptime/../projects"),
        ("GET", "/uptime/monitors/99999999999999999999"),
    ] {
        let answer = world.send(method, path, Some(1), "").await;
        assert_eq!(
            answer.body,
            json!({ "message": "Resource not found" }),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let world = World::new().await;
    world
        .post("/uptime/monitors", Some(1), http_monitor())
        .await;
    world
        .send("POST", "/uptime/monitors/1/pause", Some(1), "")
        .await;
    let paths = [
        "/projects",
        "/projects/2",
        "/users",
        "/uptime/monitors",
        "/uptime/monitors/1",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(world.get(path, Some(1)).await);
    }
    let world = world.reopened("2027-01-01T00:00:00Z").await;
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(before.status, 200);
        assert_eq!(world.get(path, Some(1)).await, before);
    }
    assert_eq!(users(&world).await, 1);
}

async fn users(world: &World) -> usize {
    world
        .documents
        .list("users", None, 0, 9)
        .await
        .unwrap()
        .len()
}

#[tokio::test]
async fn links_start_with_the_configured_base() {
    let sandbox = Sandbox::open(Arc::new(Memory::default()), clock("2026-01-01T00:00:00Z"))
        .await
        .unwrap()
        .with_base("https://phare.example/api/");
    let mut world = World::new().await;
    world.router = sandbox.router();
    let page = world.get("/users", None).await.body;
    assert_eq!(page["meta"]["path"], "https://phare.example/api/users");
}

#[test]
fn the_specification_describes_what_the_table_offers() {
    let specification = Specification::load().unwrap();
    for collection in COLLECTIONS {
        let mut listed = false;
        for operation in OPERATIONS {
            let contract = specification.contract(operation).unwrap();
            match collection.step(operation) {
                Some(Step::List) => listed = true,
                Some(Step::Create | Step::Update) => {
                    let creation = specification.creation(collection.path);
                    assert!(
                        contract.taken.is_some() && creation.is_some(),
                        "{}",
                        operation.id
                    );
                }
                _ => {}
            }
        }
        assert!(listed, "{}", collection.path);
    }
}
