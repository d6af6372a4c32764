use serde_json::{Value, json};

use super::{World, http_monitor};

const BASE: &str = "http://127.0.0.1:7420/uptime/monitors";

async fn with_monitors(count: usize) -> World {
    let world = World::new().await;
    for number in 1..=count {
        let mut monitor = http_monitor();
        monitor["name"] = json!(format!("Monitor {number}"));
        world.post("/uptime/monitors", Some(1), monitor).await;
        world
            .post("/uptime/monitors", Some(2), http_monitor())
            .await;
    }
    world
}

fn names(body: &Value) -> Vec<&str> {
    let rows = body["data"].as_array().unwrap();
    rows.iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn an_empty_listing() {
    let world = World::new().await;
    let page = world.get("/uptime/monitors", Some(1)).await;
    let expected = json!({
        "data": [],
        "meta": { "current_page": 1, "from": 0, "to": 0, "per_page": 20, "path": BASE },
        "links": { "first": format!("{BASE}?page=1"), "last": null, "prev": null, "next": null },
    });
    assert_eq!((page.status, page.body), (200, expected));
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let world = with_monitors(5).await;
    let first = world.get("/uptime/monitors?per_page=2", Some(1)).await.body;
    assert_eq!(names(&first), ["Monitor 1", "Monitor 2"]);
    assert_eq!(first["links"]["prev"], Value::Null);

    let mut page = first;
    let mut seen = names(&page).len();
    while let Some(next) = page["links"]["next"].as_str() {
        let path = next
            .strip_prefix("http://127.0.0.1:7420")
            .unwrap()
            .to_owned();
        page = world.get(&path, Some(1)).await.body;
        assert_eq!(page["meta"]["from"], json!(seen + 1));
        seen += names(&page).len();
        assert_eq!(page["meta"]["to"], json!(seen));
    }
    assert_eq!(seen, 5);
    assert_eq!(names(&page), ["Monitor 5"]);
    assert_eq!(page["meta"]["current_page"], 3);
    assert_eq!(
        page["links"]["prev"],
        json!(format!("{BASE}?per_page=2&page=2"))
    );
    assert_eq!(
        page["links"]["first"],
        json!(format!("{BASE}?per_page=2&page=1"))
    );
}

#[tokio::test]
async fn a_page_that_is_just_full_has_no_next() {
    let world = with_monitors(4).await;
    let page = world
        .get("/uptime/monitors?page=2&per_page=2", Some(1))
        .await
        .body;
    assert_eq!(
        (names(&page).len(), &page["links"]["next"]),
        (2, &Value::Null)
    );
    let beyond = world
        .get("/uptime/monitors?page=3&per_page=2", Some(1))
        .await
        .body;
    assert_eq!(beyond["data"], json!([]));
    assert_eq!(beyond["meta"]["from"], 0);
    let far = "/uptime/monitors?page=9223372036854775806&per_page=100";
    assert_eq!(world.get(far, Some(1)).await.body["data"], json!([]));
}

#[tokio::test]
async fn twenty_rows_unless_asked_otherwise() {
    let world = with_monitors(21).await;
    assert_eq!(
        names(&world.get("/uptime/monitors", Some(1)).await.body).len(),
        20
    );
    let most = world
        .get("/uptime/monitors?per_page=100", Some(1))
        .await
        .body;
    assert_eq!(names(&most).len(), 21);
}

#[tokio::test]
async fn odd_pages_are_refused() {
    let world = World::new().await;
    for (query, field, message) in [
        ("page=0", "page", "The page field must be at least 1."),
        ("page=-1", "page", "The page field must be at least 1."),
        ("page=two", "page", "The page field must be an integer."),
        ("page=1.5", "page", "The page field must be an integer."),
        ("page=", "page", "The page field must be an integer."),
        (
            "page=99999999999999999999",
            "page",
            "The page field must be an integer.",
        ),
        (
            "per_page=0",
            "per_page",
            "The per page field must be at least 1.",
        ),
        (
            "per_page=101",
            "per_page",
            "The per page field must not be greater than 100.",
        ),
        (
            "per_page=x",
            "per_page",
            "The per page field must be an integer.",
        ),
    ] {
        let answer = world
            .get(&format!("/uptime/monitors?{query}"), Some(1))
            .await;
        assert_eq!(answer.status, 422, "{query}");
        assert_eq!(
            answer.body,
            json!({ "message": message, "errors": { field: [message] } })
        );
    }
}
