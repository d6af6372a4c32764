use gardien_phare::OPERATIONS;
use serde_json::json;

use super::World;
use crate::collection::Step;
use crate::figures::FIGURES;
use crate::specification::Specification;
use crate::table::COLLECTIONS;

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
async fn unknown_paths_and_methods_are_not_found() {
    let world = World::new().await;
    for (method, path) in [
        ("GET", "/nothing"),
        ("PUT", "/projects/1"),
        ("PATCH", "/uptime/monitors/1"),
        ("DELETE", "/users/1"),
        ("GET", "/projects/one"),
        ("GET", "/users/4711"),
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
    world.tour().await;
    let paths = [
        "/projects",
        "/projects/2",
        "/users",
        "/apps/email/integrations",
        "/alert-rules",
        "/uptime/monitors",
        "/uptime/incidents",
        "/uptime/incidents/1/updates",
        "/uptime/maintenance-windows",
        "/uptime/status-pages",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(world.get(path, Some(1)).await);
    }
    // Soon enough for no window to begin or end.
    let world = world.reopened("2026-03-10T00:10:47Z").await;
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(before.status, 200);
        assert_eq!(world.get(path, Some(1)).await, before);
    }
    assert_eq!(
        world
            .documents
            .list("users", None, 0, 9)
            .await
            .unwrap()
            .len(),
        1
    );
    let integrations = world.documents.list("integrations", None, 0, 99).await;
    assert_eq!(integrations.unwrap().len(), 9);
}

#[test]
fn every_operation_is_a_row_of_the_table_or_a_figure() {
    let specification = Specification::load().unwrap();
    for operation in OPERATIONS {
        let steps = COLLECTIONS
            .iter()
            .filter_map(|collection| Some((collection, collection.step(operation)?)));
        let steps: Vec<_> = steps.collect();
        let special = operation.id == "getInfo" || FIGURES.contains(&operation.id);
        assert_eq!(steps.len(), usize::from(!special), "{}", operation.id);
        if let [(collection, Step::Create | Step::Update)] = steps[..] {
            let contract = specification.contract(operation).unwrap();
            let creation = specification.creation(collection.path);
            assert!(
                contract.taken.is_some() && creation.is_some(),
                "{}",
                operation.id
            );
        }
    }
}

#[test]
fn what_rows_refer_to_is_in_the_table() {
    for collection in COLLECTIONS {
        for reference in collection.references {
            let other = COLLECTIONS
                .iter()
                .find(|other| other.name == reference.collection);
            assert!(other.is_some(), "{}", reference.collection);
        }
    }
}
