//! Links lead back to the gateway, and a project key's list of projects shows that one.

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use http::Method;
use http::header::{CONTENT_TYPE, HOST};
use serde_json::{Value, json};

use crate::support::server::Server;
use crate::support::upstream::Upstream;
use crate::support::wire::Wire;
use crate::support::world::{Project, World, new_key};

/// Monitors as a Phare shows them that makes its links of the host it is called by.
fn listing() -> Router {
    let monitors = async |headers: HeaderMap| {
        let base = format!("http:\\/\\/{}", headers[HOST].to_str().unwrap());
        let page = format!(
            r#"{{"data":[{{"id":1,"request":{{"url":"{base}\/"}}}}],"links":{{"next":"{base}\/uptime\/monitors?page=2"}}}}"#
        );
        ([(CONTENT_TYPE, "application/json")], page)
    };
    Router::new().route("/uptime/monitors", get(monitors))
}

#[tokio::test]
async fn a_client_that_follows_a_link_comes_to_the_gateway() {
    let upstream = Upstream::with(listing());
    let world = World::before(&upstream).await;
    let key = world.reading_key().await;
    let page = world.holder(&key).get("/uptime/monitors").await.expect(200);
    let next = format!("{}/uptime/monitors?page=2", world.server.gateway());
    assert_eq!(page["links"]["next"], next);
    // What a person wrote stays: written back, it would be another monitor.
    assert_eq!(
        page["data"][0]["request"]["url"],
        format!("{}/", upstream.url())
    );

    // One that names no host, or a name that is none, is led nowhere else.
    for (version, host) in [
        ("1.0", ""),
        ("1.0", "Host: evil.example/?\r\n"),
        ("1.1", "Host: u@evil.example\r\n"),
    ] {
        let secret = &key.secret;
        let head = format!(
            "GET /uptime/monitors HTTP/{version}\r\n{host}Authorization: Bearer {secret}\r\n\r\n"
        );
        let Some(answer) = Wire::exchange(world.server.gateway(), head).await else {
            panic!("no answer to {host}");
        };
        let next = &answer.json()["links"]["next"];
        assert!(
            answer.status == 400 || next == "/uptime/monitors?page=2",
            "{host}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn links_begin_with_what_people_are_told_to_call() {
    let upstream = Upstream::with(listing());
    let address = "https://keys.example/phare/";
    for phare in ["sandbox", &upstream.url()] {
        let arguments = ["--phare", phare, "--gateway-url", address];
        let server = Server::start_with(
            &arguments,
            &[("PHARE_API_KEY", "pha_org_TheKeyOfThisTestOnly")],
        );
        let owner = server.member("owner@lighthouse.test", "owner");
        if phare == "sandbox" {
            Project::create(&owner, "Shop").await;
        }
        let key = new_key("Any", json!({ "type": "organization" }), "read", "read");
        let made = owner.post("/v1/keys", key).await.expect(201);
        let secret = made["secret"].as_str().unwrap();
        server.remember(secret);
        let holder = server.key_holder(secret).header("x-phare-project-id", "1");
        let page = holder.get("/uptime/monitors").await.expect(200);
        let links = page["links"].as_object().unwrap();
        let mut led = links.values().filter_map(Value::as_str);
        assert!(
            led.all(|link| link.starts_with("https://keys.example/phare/uptime/monitors?")),
            "{page:#}"
        );
        let session = owner.get("/v1/session").await.expect(200);
        assert_eq!(session["gateway"], "https://keys.example/phare");
    }
}

#[tokio::test]
async fn rule_2_a_project_key_does_not_learn_how_many_projects_there_are() {
    let world = World::new().await;
    for number in 0..25 {
        Project::create(&world.owner, &format!("Another {number}")).await;
    }
    let last = Project::create(&world.owner, "Last").await;
    for project in [&world.shop, &last] {
        let key = world
            .issue(new_key("One", project.scope(), "read", "none"))
            .await;
        let holder = world.holder(&key);
        let used = async || world.owner.get("/v1/limits").await.expect(200)["used"].as_u64();
        let before = used().await.unwrap();
        for query in ["", "?page=1&per_page=100", "?per_page=1"] {
            let page = holder.get(&format!("/projects{query}")).await.expect(200);
            let record = holder
                .get(&format!("/projects/{}", project.id))
                .await
                .expect(200);
            assert_eq!(page["data"], json!([record]), "{query}");
            let (meta, links) = (&page["meta"], &page["links"]);
            assert_eq!(
                (&meta["from"], &meta["to"]),
                (&json!(1), &json!(1)),
                "{page:#}"
            );
            assert_eq!(
                (&links["next"], &links["prev"]),
                (&Value::Null, &Value::Null)
            );
            let first = links["first"].as_str().unwrap();
            assert!(
                first.starts_with(&format!("{}/projects?", world.server.gateway())),
                "{first}"
            );
        }
        let page = holder.get("/projects?page=2").await.expect(200);
        assert_eq!(
            (&page["data"], &page["links"]["next"]),
            (&json!([]), &Value::Null)
        );
        let head = holder.send(Method::HEAD, "/projects", None).await;
        head.expect(200);
        assert_eq!(used().await, Some(before + 8), "one call each");
    }
}
