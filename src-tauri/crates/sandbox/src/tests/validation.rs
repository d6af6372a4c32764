use serde_json::{Value, json};

use super::{World, http_monitor};

/// The complaints when these parts of a good monitor are other than they should be.
async fn complaints(changes: &[(&str, Value)]) -> Value {
    let world = World::new().await;
    let mut body = http_monitor();
    for (pointer, value) in changes {
        *body
            .pointer_mut(pointer)
            .unwrap_or_else(|| panic!("{pointer}")) = value.clone();
    }
    let answer = world.post("/uptime/monitors", Some(1), body).await;
    assert_eq!(answer.status, 422, "{changes:?} {}", answer.body);
    assert_eq!(
        world.documents.list("monitors", None, 0, 9).await.unwrap(),
        []
    );
    answer.body["errors"].clone()
}

#[tokio::test]
async fn each_wrong_field_is_named_in_laravels_words() {
    let long = |count: usize| json!("é".repeat(count));
    for (pointer, value, field, message) in [
        ("/name", Value::Null, "name", "The name field is required."),
        ("/name", json!("  "), "name", "The name field is required."),
        (
            "/name",
            json!(" a "),
            "name",
            "The name field must be at least 2 characters.",
        ),
        (
            "/name",
            long(46),
            "name",
            "The name field must not be greater than 45 characters.",
        ),
        (
            "/name",
            json!(12),
            "name",
            "The name field must be a string.",
        ),
        (
            "/protocol",
            json!("udp"),
            "protocol",
            "The selected protocol is invalid.",
        ),
        (
            "/request",
            json!("GET"),
            "request",
            "The request field must be an object.",
        ),
        (
            "/request/url",
            Value::Null,
            "request.url",
            "The request.url field is required.",
        ),
        (
            "/request/url",
            json!(format!("https://a.example/{}", "é".repeat(238))),
            "request.url",
            "The request.url field must not be greater than 255 characters.",
        ),
        (
            "/request/method",
            json!("get"),
            "request.method",
            "The selected request.method is invalid.",
        ),
        (
            "/regions",
            json!([]),
            "regions",
            "The regions field is required.",
        ),
        (
            "/regions",
            json!("eu-deu-fra"),
            "regions",
            "The regions field must be an array.",
        ),
        (
            "/regions/1",
            json!("eu-nld-ams"),
            "regions.1",
            "The selected regions.1 is invalid.",
        ),
    ] {
        let errors = complaints(&[(pointer, value)]).await;
        assert_eq!(errors, json!({ field: [message] }), "{pointer}");
    }
}

#[tokio::test]
async fn optional_fields_are_checked_when_sent() {
    let world = World::new().await;
    for (field, value, message) in [
        ("interval", json!(61), "The selected interval is invalid."),
        ("interval", json!("60"), "The selected interval is invalid."),
        ("interval", json!(null), "The selected interval is invalid."),
        (
            "region_threshold",
            json!(0),
            "The region threshold field must be at least 1.",
        ),
        (
            "region_threshold",
            json!(11),
            "The region threshold field must not be greater than 10.",
        ),
        (
            "region_threshold",
            json!(1.5),
            "The region threshold field must be an integer.",
        ),
        (
            "region_threshold",
            json!(3),
            "The region threshold field must not be greater than the number of regions.",
        ),
        (
            "success_assertions",
            json!(null),
            "The success assertions field must be an array.",
        ),
    ] {
        let mut body = http_monitor();
        body[field] = value;
        let answer = world.post("/uptime/monitors", Some(1), body).await;
        assert_eq!(
            (answer.status, &answer.body["errors"]),
            (422, &json!({ field: [message] })),
            "{field}"
        );
    }
}

#[tokio::test]
async fn assertions_are_told_apart_by_type() {
    let world = World::new().await;
    for (assertion, field, message) in [
        (
            json!({ "operator": "in", "value": "2xx" }),
            "type",
            "field is required.",
        ),
        (
            json!({ "type": "speed", "operator": "in", "value": "2xx" }),
            "type",
            "is invalid.",
        ),
        (
            json!({ "type": "status_code", "operator": "contains", "value": "2xx" }),
            "operator",
            "is invalid.",
        ),
        (
            json!({ "type": "response_body", "operator": "in", "value": "2xx" }),
            "operator",
            "is invalid.",
        ),
        (
            json!({ "type": "response_header", "operator": "equals", "value": "2" }),
            "selector",
            "field is required.",
        ),
    ] {
        let mut body = http_monitor();
        body["success_assertions"] = json!([assertion]);
        let answer = world.post("/uptime/monitors", Some(1), body).await;
        let errors = answer.body["errors"].as_object().unwrap().clone();
        assert_eq!(errors.len(), 1, "{errors:?}");
        let lines = &errors[&format!("success_assertions.0.{field}")];
        assert!(lines[0].as_str().unwrap().ends_with(message), "{lines}");
    }
}

#[tokio::test]
async fn the_protocol_decides_the_shape_of_the_request() {
    let errors = complaints(&[("/protocol", json!("tcp"))]).await;
    let fields: Vec<&String> = errors.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        ["request.host", "request.port", "request.connection"]
    );
    let tcp = json!({ "host": "a", "port": 443, "connection": "tls" });
    let errors = complaints(&[("/protocol", json!("tcp")), ("/request", tcp)]).await;
    assert_eq!(
        errors,
        json!({ "request.port": ["The request.port field must be a string."] })
    );

    let world = World::new().await;
    world
        .post("/uptime/monitors", Some(1), http_monitor())
        .await;
    let switch = world
        .post("/uptime/monitors/1", Some(1), json!({ "protocol": "tcp" }))
        .await;
    assert_eq!(switch.status, 422);
    let tcp = json!({ "protocol": "tcp", "request": { "host": "a", "port": "1", "connection": "plain" } });
    assert_eq!(
        world.post("/uptime/monitors/1", Some(1), tcp).await.status,
        200
    );
}

#[tokio::test]
async fn all_errors_come_at_once_under_one_line() {
    let world = World::new().await;
    let answer = world.post("/uptime/monitors", Some(1), json!({})).await;
    assert_eq!(
        answer.body,
        json!({
            "message": "The name field is required. (and 3 more errors)",
            "errors": {
                "name": ["The name field is required."],
                "protocol": ["The protocol field is required."],
                "request": ["The request field is required."],
                "regions": ["The regions field is required."],
            },
        })
    );
    let answer = world
        .post(
            "/projects",
            None,
            json!({ "settings": { "use_incident_ai": 1 }, "members": [1] }),
        )
        .await;
    assert_eq!(
        answer.body["message"],
        "The name field is required. (and 1 more error)"
    );
    let line = "The settings.use incident ai field must be true or false.";
    assert_eq!(
        answer.body["errors"]["settings.use_incident_ai"],
        json!([line])
    );
}

#[tokio::test]
async fn a_refused_update_changes_nothing() {
    let world = World::new().await;
    let before = world
        .post("/uptime/monitors", Some(1), http_monitor())
        .await
        .body;
    for change in [
        json!({ "name": "", "interval": 30 }),
        json!({ "name": null }),
        json!({ "region_threshold": 3 }),
        json!({ "interval": 30, "request": { "method": "GET" } }),
        json!({ "regions": [] }),
    ] {
        let answer = world
            .post("/uptime/monitors/1", Some(1), change.clone())
            .await;
        assert_eq!(answer.status, 422, "{change}");
    }
    assert_eq!(world.get("/uptime/monitors/1", Some(1)).await.body, before);
}

#[tokio::test]
async fn projects_are_checked() {
    let world = World::new().await;
    let good = json!({ "name": "A", "members": [1] });
    for (field, value, errors) in [
        (
            "name",
            json!("a".repeat(26)),
            json!({ "name": ["The name field must not be greater than 25 characters."] }),
        ),
        (
            "members",
            json!([]),
            json!({ "members": ["The members field is required."] }),
        ),
        (
            "members",
            json!([1, "2"]),
            json!({ "members.1": ["The members.1 field must be an integer."] }),
        ),
        (
            "members",
            json!([0]),
            json!({ "members.0": ["The members.0 field must be at least 1."] }),
        ),
        (
            "members",
            json!(vec![1; 101]),
            json!({ "members": ["The members field must not have more than 100 items."] }),
        ),
        (
            "settings",
            json!({ "incident_merging_time_window": 7 }),
            json!({ "settings.incident_merging_time_window": ["The selected settings.incident merging time window is invalid."] }),
        ),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let answer = world.post("/projects", None, body).await;
        assert_eq!((answer.status, &answer.body["errors"]), (422, &errors));
    }
    assert_eq!(
        world
            .post("/projects", None, json!({ "name": "A", "members": [1.0] }))
            .await
            .body["members"],
        json!([1])
    );
}

#[tokio::test]
async fn bodies_that_are_no_json_object_are_refused() {
    let world = World::new().await;
    for body in [
        "{",
        "[]",
        "\"name\"",
        "null",
        "name=A",
        "{\"name\":\"A\",}",
        "\u{0}",
        &"[".repeat(5000),
    ] {
        let answer = world.send("POST", "/projects", None, body).await;
        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(answer.body["message"], "The body must be a JSON object.");
        assert_eq!(
            world.send("POST", "/projects/1", None, body).await.status,
            422
        );
    }
    let empty = world.send("POST", "/projects", None, " \n").await;
    assert_eq!(
        empty.body["message"],
        "The name field is required. (and 1 more error)"
    );
    let huge = format!("{{\"name\":\"{}\"}}", "a".repeat(3 << 20));
    assert_eq!(
        world.send("POST", "/projects", None, &huge).await.status,
        413
    );
}

#[tokio::test]
async fn a_change_takes_a_body_and_may_name_no_field() {
    let world = World::new().await;
    for body in ["", " \n"] {
        let answer = world.send("POST", "/projects/1", None, body).await;
        let errors = json!({ "body": ["The body field is required."] });
        assert_eq!((answer.status, &answer.body["errors"]), (422, &errors));
    }
    let before = world.get("/projects/1", None).await;
    assert_eq!(world.post("/projects/1", None, json!({})).await, before);
}

#[tokio::test]
async fn values_at_their_limits_are_fine() {
    let world = World::new().await;
    for (field, value) in [
        ("name", json!("éà")),
        ("name", json!(format!("  {}  ", "灯".repeat(45)))),
        ("interval", json!(3600)),
        ("timeout", json!(30000)),
        ("region_threshold", json!(2)),
        ("regions", json!(["oc-aus-syd"])),
        ("success_assertions", json!([])),
    ] {
        let mut body = http_monitor();
        body[field] = value;
        let answer = world.post("/uptime/monitors", Some(1), body).await;
        assert_eq!(answer.status, 201, "{field} {}", answer.body);
    }
    let long = json!({ "name": "灯".repeat(25), "members": vec![1; 100] });
    assert_eq!(world.post("/projects", None, long).await.status, 201);
}

/// What the specification says of a text in words alone. An empty body is none of it: the specification allows it, and
/// Terraform insists that it comes back as it was sent.
#[tokio::test]
async fn texts_are_what_the_specification_says_in_words() {
    let world = World::new().await;
    for (pointer, good, bad) in [
        (
            "/request/url",
            &[
                "https://a.example",
                "HTTP://[::1]:8080/?q=1#f",
                "http://müller.example",
            ][..],
            &[
                "ftp://a.example",
                "a.example",
                "https://",
                "https:///a",
                "https://a b",
                "x",
            ][..],
        ),
        (
            "/success_assertions/0/value",
            &["2xx,30x,418", "200, 5x3", "xxx"],
            &["9xx", "099", "20", "2000", "2xx,", "2xx;3xx", "ok"],
        ),
        ("/request/body", &[""], &[]),
    ] {
        let mut body = http_monitor();
        body["request"]["body"] = json!("x");
        body["success_assertions"] =
            json!([{ "type": "status_code", "operator": "in", "value": "200" }]);
        for (texts, status) in [(good, 201), (bad, 422)] {
            for text in texts {
                *body.pointer_mut(pointer).unwrap() = json!(text);
                let answer = world.post("/uptime/monitors", Some(1), body.clone()).await;
                assert_eq!(answer.status, status, "{text} {}", answer.body);
                if status == 201 {
                    assert_eq!(answer.body.pointer(pointer), Some(&json!(text)));
                    continue;
                }
                let field = pointer[1..].replace('/', ".");
                let complaint = format!("The {} field format is invalid.", field.replace('_', " "));
                assert_eq!(answer.body["errors"][field], json!([complaint]));
            }
        }
    }
}
