//! The list of projects that a project key gets.

use serde_json::{Value, json};

use crate::support::*;

const RECORD: &str = r#"{"name": "a", "id":1, "members":[1],"settings":{},"odd":1.50}"#;

fn answering(status: &str, body: &str) -> Script {
    Script::Answer(format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\netag: \"1\"\r\ncontent-md5: x\r\n\
         last-modified: Fri, 06 Nov 2026 08:49:37 GMT\r\nlink: <http://127.0.0.1/>\r\nx-own: 1\r\n\
         location: http://127.0.0.1/\r\ncontent-location: http://127.0.0.1/\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

async fn world(status: &str, body: &str) -> World {
    World::with(100, Upstream::answering(answering(status, body)).await).await
}

fn links(first: &str, prev: Option<&str>) -> Value {
    json!({ "first": first, "last": null, "prev": prev, "next": null })
}

#[tokio::test]
async fn rule_2_a_project_key_is_shown_its_one_project_on_page_1_and_no_trace_of_others() {
    let world = world("200 OK", RECORD).await;
    let list = "http://localhost/projects";
    for (query, page, per_page, first, prev) in [
        ("", 1, 20, "?page=1", None),
        ("?page=1&per_page=100", 1, 100, "?per_page=100&page=1", None),
        ("?per_page=1", 1, 1, "?per_page=1&page=1", None),
        ("?page=2", 2, 20, "?page=1", Some("?page=1")),
        (
            "?a=%22&page=26&per_page=1",
            26,
            1,
            "?a=%22&per_page=1&page=1",
            Some("?a=%22&per_page=1&page=25"),
        ),
        ("?page=x&page=1", 1, 20, "?page=1", None),
        (
            "?page=9223372036854775807",
            i64::MAX,
            20,
            "?page=1",
            Some("?page=9223372036854775806"),
        ),
    ] {
        let answer = world.get(&world.reader, &format!("/projects{query}")).await;
        assert_eq!(answer.status, 200, "{query}");
        let (records, position) = match page {
            1 => (json!([serde_json::from_str::<Value>(RECORD).unwrap()]), 1),
            _ => (json!([]), 0),
        };
        let meta = json!({
            "current_page": page, "from": position, "to": position, "per_page": per_page, "path": list,
        });
        let prev = prev.map(|prev| format!("{list}{prev}"));
        let links = links(&format!("{list}{first}"), prev.as_deref());
        assert_eq!(
            answer.json(),
            json!({ "data": records, "meta": meta, "links": links }),
            "{query}"
        );
    }
    for (query, field, message) in [
        ("page=0", "page", "The page field must be at least 1."),
        ("page=-1", "page", "The page field must be at least 1."),
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
            "The per page field must be at most 100.",
        ),
    ] {
        // As the upstream refuses it of others.
        let answer = world
            .get(&world.reader, &format!("/projects?{query}"))
            .await;
        let told = json!({ "message": message, "errors": { field: [message] } });
        assert_eq!((answer.status, answer.json()), (422, told), "{query}");
    }
    let seen = world.upstream.seen();
    assert!(
        seen.iter()
            .all(|seen| seen.starts_with("GET /projects/1 HTTP/1.1\r\n")),
        "{seen:?}"
    );
    assert_eq!(world.gateway.limits().used, 7, "one call each");
}

#[tokio::test]
async fn its_record_is_as_phare_has_it_and_no_validator_of_anything_else_comes_with_it() {
    let world = world("200 OK", RECORD).await;
    let bearer = world.reader.bearer();
    let conditions = [
        ("authorization", bearer.as_str()),
        ("if-none-match", "\"1\""),
        ("if-modified-since", "Fri, 06 Nov 2026 08:49:37 GMT"),
        ("range", "bytes=0-1"),
        ("if-range", "\"1\""),
    ];
    let answer = world.send(request("GET", "/projects", &conditions)).await;
    assert!(String::from_utf8_lossy(&answer.body).contains(RECORD));
    for name in [
        "etag",
        "last-modified",
        "content-md5",
        "link",
        "location",
        "content-location",
    ] {
        assert_eq!(answer.header(name), "", "{name}");
    }
    assert_eq!(answer.header("x-own"), "1");
    let seen = world.upstream.seen().pop().unwrap();
    for (name, _) in &conditions[1..] {
        assert!(!seen.contains(&format!("{name}:")), "{seen}");
    }
    let head = world.send(request("HEAD", "/projects", &conditions)).await;
    assert_eq!(head.header("content-length"), answer.body.len().to_string());
    assert!(head.body.is_empty());
}

#[tokio::test]
async fn a_project_that_phare_has_no_more_is_an_empty_list() {
    let world = world("404 Not Found", r#"{"message":"Resource not found"}"#).await;
    let answer = world.get(&world.reader, "/projects").await;
    assert_eq!((answer.status, &answer.json()["data"]), (200, &json!([])));
    assert_eq!(answer.json()["meta"]["from"], 0);
}

#[tokio::test]
async fn whatever_is_not_the_project_is_not_passed_on_as_one() {
    for body in [
        "{\"id\":2}",
        "{\"data\":[{\"id\":1},{\"id\":2}]}",
        "{\"id\":1},{\"id\":2}",
        "<html>",
        "",
    ] {
        let world = world("200 OK", body).await;
        let answer = world.get(&world.reader, "/projects").await;
        assert_eq!(
            (answer.status, answer.code()),
            (502, "upstream_unreachable".to_owned()),
            "{body}"
        );
    }
    let world = world("500 Oops", "{\"message\":\"no\"}").await;
    let answer = world.get(&world.reader, "/projects").await;
    assert_eq!(
        (answer.status, answer.json()),
        (500, json!({"message": "no"}))
    );
}

/// A client that follows it has its key sent there.
#[tokio::test]
async fn what_is_no_page_leads_back_to_the_gateway_as_well() {
    let moved = |own: &str| {
        let body = format!(r#"{{"links":{{"self":"{own}/projects/1"}}}}"#);
        Script::Answer(format!(
            "HTTP/1.1 307 Temporary Redirect\r\ncontent-type: application/json\r\n\
             location: {own}/projects/1\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
    };
    let world = World::with(100, Upstream::knowing(moved).await).await;
    let answer = world.get(&world.reader, "/projects").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (307, "http://localhost/projects/1")
    );
    let link = &answer.json()["links"]["self"];
    assert_eq!(link, "http://localhost/projects/1");
}

#[tokio::test]
async fn an_organization_key_gets_the_list_as_it_is() {
    let list = r#"{"data":[{"id":1},{"id":2}],"meta":{"path":"/"}}"#;
    let world = world("200 OK", list).await;
    let answer = world.get(&world.owner, "/projects?page=2").await;
    assert_eq!(
        (&answer.body[..], answer.header("etag")),
        (list.as_bytes(), "\"1\"")
    );
    assert!(world.upstream.seen()[0].starts_with("GET /projects?page=2 HTTP"));
}
