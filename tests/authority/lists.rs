//! Lists of keys: pages without gaps, filters.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::world::{Issued, World, new_key, organization};

fn ids(page: &Value) -> Vec<String> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn pages_miss_and_repeat_nothing_while_keys_are_made() {
    let world = World::new().await;
    let mut made = Vec::new();
    for number in 0..120 {
        made.push(
            world
                .issue(new_key(
                    &format!("Key {number}"),
                    organization(),
                    "read",
                    "none",
                ))
                .await
                .id,
        );
    }
    made.reverse();

    let mut seen = Vec::new();
    let mut cursor: Option<String> = None;
    for round in 0.. {
        assert!(round < 20, "no end of pages");
        let after = cursor
            .as_ref()
            .map_or(String::new(), |cursor| format!("&cursor={cursor}"));
        let page = world
            .owner
            .get(&format!("/v1/keys?limit=25{after}"))
            .await
            .expect(200);
        assert!(page["data"].as_array().unwrap().len() <= 25);
        seen.extend(ids(&page));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = Some(next.to_owned());
        // Made and changed meanwhile.
        world
            .issue(new_key("Meanwhile", organization(), "read", "none"))
            .await;
        let oldest = format!("/v1/keys/{}", made[119]);
        world
            .owner
            .patch(&oldest, json!({ "name": format!("Renamed {round}") }))
            .await
            .expect(200);
    }
    assert_eq!(seen, made, "newest first, each once");

    let first = world.owner.get("/v1/keys").await.expect(200);
    assert_eq!(first["data"].as_array().unwrap().len(), 50);
    assert!(first["total"].as_u64().unwrap() > 120);
    let whole = world.owner.get("/v1/keys?limit=500").await.expect(200);
    let distinct: HashSet<String> = ids(&whole).into_iter().collect();
    assert_eq!(distinct.len() as u64, whole["total"].as_u64().unwrap());
    assert_eq!(whole["next_cursor"], Value::Null);
}

#[tokio::test]
async fn filters_keep_what_they_say() {
    let world = World::new().await;
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48);
    let issue = async |name: &str, scope: Value, platform: &str, uptime: &str, more: Value| {
        let mut body = new_key(name, scope, platform, uptime);
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        world.issue(body).await
    };
    let ci = issue(
        "CI",
        organization(),
        "read_write",
        "read_write",
        json!({ "note": "Build 100%_done" }),
    )
    .await;
    let shop = issue(
        "Night",
        world.shop.scope(),
        "none",
        "read",
        json!({ "expires_at": soon }),
    )
    .await;
    let blog = issue("Day", world.blog.scope(), "read", "none", json!({})).await;
    let revoked = issue("Old", world.blog.scope(), "read", "read", json!({})).await;
    world.revoke(&revoked).await;
    let rotating = issue("Turning", organization(), "none", "read", json!({})).await;
    world.take(
        world
            .owner
            .post(&rotating.path("/rotate"), json!({ "grace_seconds": 600 }))
            .await
            .expect(200),
    );

    let tail = ci.key["display"]
        .as_str()
        .unwrap()
        .split('…')
        .nth(1)
        .unwrap()
        .to_owned();
    let shop_id = world.shop.id.to_string();
    let filters: Vec<(String, Vec<&Issued>)> = vec![
        (String::new(), vec![&rotating, &revoked, &blog, &shop, &ci]),
        ("q=nIgHt".into(), vec![&shop]),
        ("q=build".into(), vec![&ci]),
        ("q=blog".into(), vec![&revoked, &blog]),
        (format!("q={tail}"), vec![&ci]),
        ("q=100%25_d".into(), vec![&ci]),
        // Not wildcards.
        ("q=%25".into(), vec![&ci]),
        ("q=1__%25".into(), vec![]),
        ("q=%27%20OR%201=1".into(), vec![]),
        ("q=+".into(), vec![&rotating, &revoked, &blog, &shop, &ci]),
        ("scope=organization".into(), vec![&rotating, &ci]),
        ("scope=project".into(), vec![&revoked, &blog, &shop]),
        (format!("project_id={shop_id}"), vec![&shop]),
        ("project_id=4711".into(), vec![]),
        ("status=active".into(), vec![&blog, &shop, &ci]),
        ("status=revoked".into(), vec![&revoked]),
        ("status=rotating".into(), vec![&rotating]),
        ("status=expired".into(), vec![]),
        ("platform=read".into(), vec![&revoked, &blog]),
        ("uptime=read_write".into(), vec![&ci]),
        (
            "usage=never".into(),
            vec![&rotating, &revoked, &blog, &shop, &ci],
        ),
        ("usage=stale".into(), vec![]),
        ("expires_within_days=1".into(), vec![]),
        ("expires_within_days=3".into(), vec![&shop]),
        ("live=true".into(), vec![&rotating, &blog, &shop, &ci]),
        (
            "live=false".into(),
            vec![&rotating, &revoked, &blog, &shop, &ci],
        ),
        ("live=true&status=revoked".into(), vec![]),
        (
            "sort=name&order=ascending".into(),
            vec![&ci, &blog, &shop, &revoked, &rotating],
        ),
        (
            "sort=name&live=true".into(),
            vec![&rotating, &shop, &blog, &ci],
        ),
        (
            "sort=created&order=ascending".into(),
            vec![&ci, &shop, &blog, &revoked, &rotating],
        ),
        (
            "sort=scope&order=ascending".into(),
            vec![&ci, &rotating, &blog, &revoked, &shop],
        ),
        (
            "sort=expires&order=ascending".into(),
            vec![&shop, &ci, &blog, &revoked, &rotating],
        ),
        (
            "sort=last_used".into(),
            vec![&rotating, &revoked, &blog, &shop, &ci],
        ),
        (
            "scope=project&status=active&uptime=none".into(),
            vec![&blog],
        ),
    ];
    for (query, expected) in filters {
        let page = world
            .owner
            .get(&format!("/v1/keys?{query}"))
            .await
            .expect(200);
        let expected: Vec<_> = expected.into_iter().map(|key| key.id.clone()).collect();
        assert_eq!(ids(&page), expected, "{query}");
        assert_eq!(page["total"], json!(expected.len()), "{query}");
    }
    let first = world
        .owner
        .get("/v1/keys?scope=project&limit=2")
        .await
        .expect(200);
    assert_eq!((ids(&first).len(), &first["total"]), (2, &json!(3)));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = world
        .owner
        .get(&format!("/v1/keys?scope=project&limit=2&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(ids(&second), [shop.id.as_str()]);
}

/// Each order by its own pages, while keys are made and used; a cursor of one is none of another.
#[tokio::test]
async fn pages_of_any_order_miss_and_repeat_nothing() {
    let world = World::new().await.unlimited().await;
    let mut used = Vec::new();
    for number in 0..15 {
        let scope = match number % 3 {
            0 => organization(),
            1 => world.shop.scope(),
            _ => world.blog.scope(),
        };
        let name = format!("{} {}", ["b", "B", "a", "Ä"][number % 4], number / 4);
        let mut body = new_key(&name, scope, "read", "read");
        if number % 4 == 0 {
            let days = 24 * (20 - number as i64);
            let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(days);
            body["expires_at"] = json!(end);
        }
        let key = world.issue(body).await;
        if number % 5 == 0 {
            world.holder(&key).get("/projects").await.expect(200);
            used.push(key);
        }
    }
    for key in used {
        // What is used while it is listed may move.
        while world.owner.get(&key.path("")).await.expect(200)["last_used_at"].is_null() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
    for sort in ["created", "name", "scope", "last_used", "expires"] {
        for order in ["ascending", "descending"] {
            let list = async |more: &str| {
                let path = format!("/v1/keys?sort={sort}&order={order}{more}");
                world.owner.get(&path).await
            };
            let there = ids(&list("&limit=500").await.expect(200));
            let mut seen = Vec::new();
            let mut more = String::new();
            loop {
                let page = list(&format!("&limit=7{more}")).await.expect(200);
                seen.extend(ids(&page));
                let Some(next) = page["next_cursor"].as_str() else {
                    break;
                };
                more = format!("&cursor={next}");
                let name = format!("Meanwhile {}", seen.len());
                world
                    .issue(new_key(&name, organization(), "read", "none"))
                    .await;
                let another = if sort == "name" { "expires" } else { "name" };
                let path = format!("/v1/keys?sort={another}&order={order}{more}");
                let refused = world.owner.get(&path).await.problem(422, "invalid");
                let words = refused["errors"]["cursor"][0].as_str().unwrap();
                assert!(words.contains("another order"), "{words}");
            }
            let distinct: HashSet<_> = seen.iter().collect();
            assert_eq!(distinct.len(), seen.len(), "{sort} {order}");
            seen.retain(|id| there.contains(id));
            assert_eq!(seen, there, "{sort} {order}");
        }
    }
    for wrong in ["sort=age", "order=up", "live=maybe"] {
        let answer = world.owner.get(&format!("/v1/keys?{wrong}")).await;
        answer.problem(400, "malformed");
    }
}

#[tokio::test]
async fn the_operations_are_listed_as_phare_has_them() {
    let world = World::new().await;
    let page = world.owner.get("/v1/operations").await.expect(200);
    let rows = page["data"].as_array().unwrap();
    assert_eq!((rows.len(), &page["next_cursor"]), (48, &Value::Null));
    let create = rows
        .iter()
        .find(|row| row["id"] == "createProject")
        .unwrap();
    let expected = json!({
        "id": "createProject",
        "method": "POST",
        "path": "/projects",
        "product": "platform",
        "access": "write",
        "project_header": "not-used",
        "manages_projects": true,
        "summary": "Create a project",
        "doing": "creating a project",
        "group": "Projects",
    });
    assert_eq!(create, &expected);
    let writes = rows.iter().filter(|row| row["access"] == "write").count();
    let reads = rows.iter().filter(|row| row["method"] == "GET").count();
    assert_eq!(writes + reads, 48);
}
