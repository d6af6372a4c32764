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
