//! Documents in numbered collections.

use std::collections::BTreeSet;

use gardien_store::Document;
use serde_json::json;

use crate::support::Database;

pub(crate) async fn ids_count_from_one_and_are_never_used_again(database: &dyn Database) {
    let store = database.open().await;
    for id in 1..=3 {
        let made = store.insert("monitors", Some(1), &json!({})).await;
        assert_eq!(made.unwrap().id, id);
    }
    assert!(store.delete("monitors", 3).await.unwrap());
    assert!(!store.delete("monitors", 3).await.unwrap());
    assert!(!store.replace("monitors", 3, &json!({})).await.unwrap());
    store.delete_of_project(1).await.unwrap();
    store.close().await;

    let store = database.open().await;
    let next = store.insert("monitors", None, &json!({})).await.unwrap();
    assert_eq!(next.id, 4);
    let elsewhere = store.insert("projects", None, &json!({})).await.unwrap();
    assert_eq!(elsewhere.id, 1);
    assert_eq!(store.get("monitors", 1).await.unwrap(), None);
}

pub(crate) async fn content_keeps_its_order_and_its_numbers(database: &dyn Database) {
    let store = database.open().await;
    let text =
        r#"{"z":1,"a":{"é":[null,true,1.5,18446744073709551615,-9007199254740993]},"":"\u0000\n"}"#;
    let body: serde_json::Value = serde_json::from_str(text).unwrap();
    let made = store.insert("monitors", Some(9), &body).await.unwrap();
    let found = store.get("monitors", made.id).await.unwrap();
    assert_eq!(found, Some(made));
    assert_eq!(found.unwrap().body.to_string(), text);

    let other = json!({"name": "other"});
    assert!(store.replace("monitors", 1, &other).await.unwrap());
    let replaced = Document {
        id: 1,
        project: Some(9),
        body: other,
    };
    assert_eq!(store.get("monitors", 1).await.unwrap(), Some(replaced));
}

pub(crate) async fn each_project_sees_its_own(database: &dyn Database) {
    let store = database.open().await;
    for project in [Some(1), Some(2), None, Some(1), Some(1)] {
        store.insert("monitors", project, &json!({})).await.unwrap();
    }
    store
        .insert("incidents", Some(1), &json!({}))
        .await
        .unwrap();
    let ids = |project, offset, limit| {
        let store = &store;
        async move {
            let found = store
                .list("monitors", project, offset, limit)
                .await
                .unwrap();
            found.into_iter().map(|found| found.id).collect::<Vec<_>>()
        }
    };
    assert_eq!(ids(Some(1), 0, 10).await, [1, 4, 5]);
    assert_eq!(ids(Some(1), 1, 1).await, [4]);
    assert_eq!(ids(Some(2), 0, 10).await, [2]);
    assert_eq!(ids(Some(3), 0, 10).await, [] as [i64; 0]);
    assert_eq!(ids(None, 1, 3).await, [2, 3, 4]);
    assert_eq!(ids(None, u64::MAX, 3).await, [] as [i64; 0]);
}

pub(crate) async fn a_page_far_into_a_list_is_found(database: &dyn Database) {
    let store = database.open().await;
    let numbered = |numbers: std::ops::Range<i64>| -> Vec<_> {
        numbers.map(|number| json!({ "number": number })).collect()
    };
    // Ids 1 to 2,600, in stretches of two projects and of none.
    let mut expected: Vec<(i64, Option<i64>)> = Vec::new();
    for (project, ids) in [
        (Some(1), 1..901),
        (Some(2), 901..1_300),
        (None, 1_300..1_301),
        (Some(1), 1_301..2_601),
    ] {
        let bodies = numbered(ids.clone());
        store
            .insert_all("monitors", project, &bodies)
            .await
            .unwrap();
        expected.extend(ids.map(|id| (id, project)));
    }
    store
        .insert_all("incidents", Some(1), &numbered(1..50))
        .await
        .unwrap();
    for id in (1..2_601).step_by(7).chain(1_990..2_020) {
        store.delete("monitors", id).await.unwrap();
        expected.retain(|(kept, _)| *kept != id);
    }
    for project in [None, Some(1), Some(2), Some(3)] {
        let all: Vec<i64> = expected
            .iter()
            .filter(|(_, of)| project.is_none() || *of == project)
            .map(|(id, _)| *id)
            .collect();
        let offsets = (0..2_700)
            .step_by(89)
            .chain([all.len().saturating_sub(1), all.len()]);
        for offset in offsets {
            let found = store.list("monitors", project, offset as u64, 3).await;
            let found = found.unwrap();
            let ids: Vec<i64> = found.iter().map(|document| document.id).collect();
            let wanted: Vec<i64> = all.iter().skip(offset).take(3).copied().collect();
            assert_eq!(ids, wanted, "{project:?}, {offset}");
            assert!(
                found
                    .iter()
                    .all(|document| document.body["number"] == document.id)
            );
        }
    }
    store.delete_of_project(1).await.unwrap();
    let left = store.list("monitors", None, 1, 1).await.unwrap();
    let of_two = expected.iter().filter(|(_, of)| *of == Some(2));
    assert_eq!(left[0].id, of_two.map(|(id, _)| *id).nth(1).unwrap());
    assert_eq!(store.list("monitors", Some(1), 1, 1).await.unwrap(), []);
    assert!(store.insert_all("monitors", None, &[]).await.is_ok());
    let next = store.insert("monitors", None, &json!({})).await.unwrap();
    assert_eq!(next.id, 2_601);
}

pub(crate) async fn deleting_a_project_takes_its_documents_everywhere(database: &dyn Database) {
    let store = database.open().await;
    for collection in ["monitors", "incidents"] {
        for project in [Some(1), Some(2), None] {
            store.insert(collection, project, &json!({})).await.unwrap();
        }
    }
    store.delete_of_project(1).await.unwrap();
    for collection in ["monitors", "incidents"] {
        let left = store.list(collection, None, 0, 10).await.unwrap();
        let projects: Vec<_> = left.iter().map(|found| found.project).collect();
        assert_eq!(projects, [Some(2), None]);
    }
}

pub(crate) async fn concurrent_inserts_get_different_ids(database: &dyn Database) {
    let stores = [database.open().await, database.open().await];
    let inserts: Vec<_> = (0..50)
        .map(|number| {
            let store = stores[number % 2].clone();
            tokio::spawn(async move {
                let made = store.insert("monitors", None, &json!({})).await;
                made.unwrap().id
            })
        })
        .collect();
    let mut ids = BTreeSet::new();
    for insert in inserts {
        ids.insert(insert.await.unwrap());
    }
    assert_eq!(ids, (1..=50).collect());
}
