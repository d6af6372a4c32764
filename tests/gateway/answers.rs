//! The table of answers, row by row.

use reqwest::Method;
use serde_json::json;

use crate::support::people::Caller;
use crate::support::upstream::Upstream;
use crate::support::wire::Wire;
use crate::support::world::{Project, World, new_key, organization};

const MONITORS: &str = "/uptime/monitors";

#[tokio::test]
async fn rule_5_without_one_whole_known_secret_401() {
    let upstream = Upstream::start();
    let world = World::before(&upstream).await;
    let secret = world.organization_key().await.secret;
    let base = world.server.gateway();
    for scheme in ["Bearer", "bearer", "BEARER", "bEARER"] {
        let caller = Caller::anonymous(base).header("authorization", &format!("{scheme} {secret}"));
        caller.get("/projects").await.expect(200);
    }
    let granted = upstream.calls().len();

    let (begin, last) = secret.split_at(secret.len() - 1);
    let other_random = format!(
        "{}{}",
        &secret[..12],
        secret[12..].chars().rev().collect::<String>()
    );
    for wrong in [
        String::new(),
        secret.clone(),
        "Bearer".to_owned(),
        format!("Basic {secret}"),
        format!("Token {secret}"),
        format!("Bearer {begin}"),
        format!("Bearer {begin}{}", if last == "x" { "y" } else { "x" }),
        format!("Bearer {secret}x"),
        format!("Bearer {secret} {secret}"),
        format!("Bearer {secret},Bearer {secret}"),
        format!("Bearer \"{secret}\""),
        format!("Bearer {}", secret.to_lowercase()),
        format!("Bearer {}", secret.replace("_org_", "_prj_")),
        format!("Bearer {}", secret.replace("_gdn_", "_")),
        format!("Bearer {other_random}"),
    ] {
        let refused = Caller::anonymous(base)
            .header("authorization", &wrong)
            .get("/projects")
            .await
            .refusal(401, "");
        assert_eq!(refused, json!({ "message": "Unauthorized" }));
    }
    let good = format!("Bearer {secret}");
    for second in [good.as_str(), "Bearer x", "Basic Og=="] {
        for pair in [[good.as_str(), second], [second, good.as_str()]] {
            let caller = Caller::anonymous(base)
                .header("authorization", pair[0])
                .header("authorization", pair[1]);
            caller.get("/projects").await.refusal(401, "");
        }
    }
    let stranger = Caller::anonymous(base);
    for query in ["api_key", "access_token", "token"] {
        stranger
            .get(&format!("/projects?{query}={secret}"))
            .await
            .refusal(401, "");
    }
    for name in ["x-api-key", "proxy-authorization", "cookie"] {
        stranger
            .clone()
            .header(name, &good)
            .get("/projects")
            .await
            .refusal(401, "");
    }
    // Nobody learns what exists.
    for path in ["/nothing", "/uptime//monitors", MONITORS] {
        stranger.get(path).await.refusal(401, "");
    }
    assert_eq!(upstream.calls().len(), granted);
}

#[tokio::test]
async fn a_dead_key_is_told_since_when_and_nothing_else() {
    let world = World::new().await;
    let soon = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second() + 4).unwrap();
    let mut body = new_key("Brief", world.shop.scope(), "none", "read");
    body["expires_at"] = json!(soon);
    let brief = world.issue(body).await;
    let revoked = world.reading_key().await;
    world.holder(&brief).get(MONITORS).await.expect(200);
    world.revoke(&revoked).await;
    tokio::time::sleep(std::time::Duration::from_millis(4_100)).await;
    for path in [MONITORS, "/nothing", "/uptime//monitors"] {
        let expired = world
            .holder(&brief)
            .get(path)
            .await
            .refusal(401, "key_expired");
        assert!(
            expired["message"]
                .as_str()
                .unwrap()
                .contains(&soon.to_string()),
            "{expired}"
        );
        let refused = world
            .holder(&revoked)
            .get(path)
            .await
            .refusal(401, "key_revoked");
        let year = jiff::Timestamp::now().to_string()[..4].to_owned();
        assert!(
            refused["message"].as_str().unwrap().contains(&year),
            "{refused}"
        );
    }
    // A revocation outweighs an expiry.
    world.revoke(&brief).await;
    world
        .holder(&brief)
        .get(MONITORS)
        .await
        .refusal(401, "key_revoked");
}

#[tokio::test]
async fn rule_4_a_missing_permission_is_told_in_phares_words() {
    let upstream = Upstream::start();
    let world = World::before(&upstream).await.unlimited().await;
    let levels = ["none", "read", "read_write"];
    for platform in levels {
        for uptime in levels
            .into_iter()
            .filter(|uptime| (platform, *uptime) != ("none", "none"))
        {
            let key = world
                .issue(new_key("Some", organization(), platform, uptime))
                .await;
            let holder = world.holder_in(&key, &world.shop);
            for (product, level, path) in [
                ("platform", platform, "/alert-rules"),
                ("uptime", uptime, MONITORS),
            ] {
                for (method, access) in [(Method::GET, "read"), (Method::POST, "write")] {
                    let answer = holder.send(method, path, None).await;
                    if level == "read_write" || (level, access) == ("read", "read") {
                        answer.expect(200);
                        continue;
                    }
                    let message = format!(
                        "The {product}:{access} permission is required to perform this action."
                    );
                    assert_eq!(answer.refusal(403, ""), json!({ "message": message }));
                }
            }
        }
    }
}

#[tokio::test]
async fn rule_2_a_project_key_works_in_its_project_only() {
    let upstream = Upstream::start();
    let world = World::before(&upstream).await;
    let key = world
        .issue(new_key(
            "Shop",
            world.shop.scope(),
            "read_write",
            "read_write",
        ))
        .await;
    let holder = || world.holder(&key);
    let id = |project: &Project| project.id.to_string();
    for (header, value) in [
        ("x-other", "1".to_owned()),
        ("x-phare-project-id", id(&world.shop)),
        ("x-phare-project-slug", world.shop.slug.clone()),
    ] {
        holder()
            .header(header, &value)
            .get(MONITORS)
            .await
            .expect(200);
        assert_eq!(
            upstream
                .calls()
                .last()
                .unwrap()
                .header("x-phare-project-id"),
            Some(id(&world.shop).as_str())
        );
    }
    for (header, value) in [
        ("x-phare-project-id", id(&world.blog)),
        ("x-phare-project-slug", world.blog.slug.clone()),
        ("x-phare-project-id", "4711".to_owned()),
        ("x-phare-project-slug", "nothing".to_owned()),
    ] {
        for path in [MONITORS, "/users"] {
            holder()
                .header(header, &value)
                .get(path)
                .await
                .refusal(403, "project_forbidden");
        }
    }
    let project = format!("/projects/{}", world.shop.id);
    for (method, path) in [
        (Method::POST, "/projects"),
        (Method::POST, project.as_str()),
        (Method::DELETE, project.as_str()),
    ] {
        let refused = holder()
            .send(method, path, Some(json!({ "name": "x" })))
            .await;
        refused.refusal(403, "project_management_forbidden");
    }
    holder().get(&project).await.expect(200);
    holder()
        .get(&format!("/projects/{}", world.blog.id))
        .await
        .refusal(403, "project_forbidden");
}

#[tokio::test]
async fn rule_3_an_organization_key_names_its_project() {
    let upstream = Upstream::start();
    let world = World::before(&upstream).await;
    let key = world.organization_key().await;
    let (shop, blog) = (&world.shop.id.to_string(), &world.blog.id.to_string());
    let slug = &world.blog.slug;
    let empty = &String::new();
    let (by_id, by_slug) = ("X-Phare-Project-Id", "X-Phare-Project-Slug");
    for (headers, path, sent) in [
        (vec![(by_id, shop)], MONITORS, Some(shop)),
        (vec![(by_slug, slug)], MONITORS, Some(blog)),
        (vec![(by_id, blog), (by_slug, slug)], MONITORS, Some(blog)),
        (vec![(by_id, shop)], "/users", Some(shop)),
        (vec![], "/users", None),
        (vec![], "/projects", None),
        (vec![(by_id, shop)], "/projects", None),
        // Templates send the header that they were given nothing for.
        (vec![(by_id, shop), (by_slug, empty)], MONITORS, Some(shop)),
        (vec![(by_id, empty), (by_slug, slug)], MONITORS, Some(blog)),
        (vec![(by_slug, empty)], "/users", None),
        (vec![(by_id, empty)], "/projects", None),
    ] {
        let holder = headers
            .iter()
            .fold(world.holder(&key), |holder, (name, value)| {
                holder.header(name, value)
            });
        holder.get(path).await.expect(200);
        let seen = upstream.calls().last().unwrap().clone();
        assert_eq!(
            seen.header("x-phare-project-id"),
            sent.map(String::as_str),
            "{headers:?} {path}"
        );
        assert_eq!(seen.header("x-phare-project-slug"), None);
    }
    let unknown = &"4711".to_owned();
    let nothing = &"nothing".to_owned();
    for path in [MONITORS, "/users"] {
        for (name, value) in [(by_id, unknown), (by_slug, nothing)] {
            world
                .holder(&key)
                .header(name, value)
                .get(path)
                .await
                .refusal(403, "project_unknown");
        }
    }
    let odd = &"one".to_owned();
    for (headers, named) in [
        (vec![], by_id),
        (vec![(by_id, odd)], by_id),
        (vec![(by_id, empty)], by_id),
        (vec![(by_slug, empty)], by_id),
        (vec![(by_id, shop), (by_id, shop)], by_id),
        (vec![(by_slug, slug), (by_slug, slug)], by_slug),
        (vec![(by_id, shop), (by_slug, slug)], by_slug),
    ] {
        let holder = headers
            .iter()
            .fold(world.holder(&key), |holder, (name, value)| {
                holder.header(name, value)
            });
        let refused = holder.get(MONITORS).await.refusal(422, "");
        assert!(
            refused["errors"][named][0].is_string(),
            "{headers:?}: {refused:#}"
        );
    }
}

#[tokio::test]
async fn what_the_catalogue_does_not_know_is_not_forwarded() {
    let upstream = Upstream::start();
    let world = World::before(&upstream).await;
    let key = world.organization_key().await;
    let holder = world.holder_in(&key, &world.shop);
    for (method, path) in [
        ("GET", "/nothing"),
        ("GET", "/uptime"),
        ("GET", "/projects/one"),
        ("PUT", "/nothing"),
    ] {
        let answer = holder.send(method.parse().unwrap(), path, None).await;
        assert_eq!(
            answer.refusal(404, ""),
            json!({ "message": "Resource not found" }),
            "{method} {path}"
        );
    }
    // A client takes 404 on an update for deleted.
    for (method, path, allow) in [
        ("PUT", "/uptime/monitors/1", "GET, HEAD, POST, DELETE"),
        ("PATCH", "/projects/1", "GET, HEAD, POST, DELETE"),
        ("GET", "/uptime/monitors/1/pause", "POST"),
        ("DELETE", "/uptime/monitors", "GET, HEAD, POST"),
        ("OPTIONS", "/projects", "GET, HEAD, POST"),
        ("QUERY", "/projects", "GET, HEAD, POST"),
    ] {
        let answer = holder.send(method.parse().unwrap(), path, None).await;
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
        answer.refusal(405, "method_not_allowed");
        // Keys do not belong into pages: a browser asks first, without one.
        let stranger = world.server.key_holder("nobody");
        let answer = stranger.send(method.parse().unwrap(), path, None).await;
        assert_eq!(answer.header("allow"), None, "{method} {path}");
        answer.refusal(401, "");
    }
    assert_eq!(upstream.calls(), []);
}

#[tokio::test]
async fn head_says_what_get_says_and_takes_one_call() {
    let world = World::new().await;
    let key = world.reading_key().await;
    let base = world.server.gateway();
    let ask = async |method: &str, path: &str, secret: &str| {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {secret}\r\n\r\n"
        );
        let mut wire = Wire::open(base).await;
        wire.send(head).await.unwrap();
        String::from_utf8(wire.rest().await).unwrap()
    };
    let used = async || world.owner.get("/v1/limits").await.expect(200)["used"].clone();
    for (path, secret, calls) in [
        (MONITORS, key.secret.as_str(), 2),
        ("/uptime/monitors/4711", &key.secret, 2),
        ("/users", &key.secret, 0),
        ("/nothing", &key.secret, 0),
        (MONITORS, "nobody", 0),
    ] {
        let before = used().await.as_u64().unwrap();
        let get = ask("GET", path, secret).await;
        let head = ask("HEAD", path, secret).await;
        assert_eq!(used().await, before + calls, "{path}");
        let (get, body) = get.split_once("\r\n\r\n").unwrap();
        let (head, nothing) = head.split_once("\r\n\r\n").unwrap();
        assert!(!body.is_empty() && nothing.is_empty(), "{path}");
        let lasting = |head: &str| {
            let ours = [
                "x-request-id",
                "x-ratelimit",
                "ratelimit",
                "server-timing",
                "date",
            ];
            let lines = head
                .lines()
                .filter(|line| !ours.iter().any(|name| line.starts_with(name)));
            lines
                .map(str::to_owned)
                .collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(lasting(head), lasting(get), "{path}");
    }
}
