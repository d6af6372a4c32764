use serde_json::{Value, json};

use super::tour::status_page;
use super::{World, http_monitor};

const PAGES: &str = "/uptime/status-pages";
const PAGE: &str = "/uptime/status-pages/1";

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\r\n--edg\r\n\xff\x00";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF";
const SVG: &[u8] = b"<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>";

/// A world with monitors 1 to 3 in project 1.
async fn world() -> World {
    let world = World::new().await;
    for _ in 0..3 {
        world
            .post("/uptime/monitors", Some(1), http_monitor())
            .await;
    }
    world
}

async fn images(world: &World) -> usize {
    world
        .documents
        .list("images", None, 0, 99)
        .await
        .unwrap()
        .len()
}

#[tokio::test]
async fn a_new_page_is_complete_and_keeps_its_order() {
    let world = world().await;
    let mut body = status_page();
    body["theme"] = json!({ "light": { "background": "#123456" }, "border_width": 3 });
    body["subscription_channels"] = json!(["slack", "rss"]);
    let made = world.post(PAGES, Some(1), body.clone()).await;
    assert_eq!(made.status, 201);
    let page = made.body;
    assert_eq!(page["theme"]["light"]["background"], "#123456");
    assert_eq!(page["theme"]["light"]["foreground"], "#000000");
    assert_eq!(page["theme"]["dark"]["foreground"], "#ffffff");
    assert_eq!(
        (&page["theme"]["rounded"], &page["theme"]["border_width"]),
        (&json!(true), &json!(3))
    );
    assert_eq!(page["subscription_channels"], body["subscription_channels"]);
    let expected = json!([
        {
            "componentable_type": "uptime/group",
            "name": "Front",
            "is_expanded": false,
            "components": [{
                "componentable_type": "uptime/monitor",
                "componentable_id": 1,
                "display_name": null,
            }],
        },
        { "componentable_type": "uptime/monitor", "componentable_id": 1, "display_name": "Shop" },
    ]);
    // The order of a group's fields is nobody's concern, that of components is.
    assert_eq!(page["components"], expected);
    for (field, value) in [
        ("is_private", json!(false)),
        ("access_token_enabled", json!(false)),
        ("access_password_enabled", json!(false)),
        ("domain", Value::Null),
        ("color_scheme", json!("all")),
        ("timeframe", json!(90)),
        ("show_response_times", json!(true)),
        ("access_ips", Value::Null),
    ] {
        assert_eq!(page[field], value, "{field}");
    }
}

#[tokio::test]
async fn secrets_are_told_by_their_presence_only() {
    let world = world().await;
    let mut body = status_page();
    body["access_token"] = json!("very-secret-token");
    let made = world.post(PAGES, Some(1), body).await.body;
    let flags = |page: &Value| {
        [
            "access_token_enabled",
            "access_password_enabled",
            "is_private",
        ]
        .map(|flag| page[flag] == true)
    };
    assert_eq!(flags(&made), [true, false, true]);
    let stored = world.documents.get("status_pages", 1).await.unwrap();
    assert!(!format!("{stored:?}").contains("very-secret"));
    let change = |change: Value| world.post(PAGE, Some(1), change);
    let page = change(json!({ "title": "Other" })).await.body;
    assert_eq!(flags(&page), [true, false, true]);
    let page = change(json!({ "access_token": null, "access_password": "very-secret-word" }))
        .await
        .body;
    assert_eq!(flags(&page), [false, true, true]);
    let page = change(json!({ "access_password": null })).await.body;
    assert_eq!(flags(&page), [false, false, false]);
    let page = change(json!({ "access_ips": ["10.0.0.0/8"] })).await.body;
    assert_eq!(flags(&page), [false, false, true]);
    let short = change(json!({ "access_token": "short" })).await;
    assert!(short.body["errors"]["access_token"].is_array());
}

#[tokio::test]
async fn a_subdomain_is_taken_once_in_the_whole_sandbox() {
    let world = world().await;
    world.post(PAGES, Some(1), status_page()).await;
    let mut body = status_page();
    body["components"] = json!([]);
    body["subdomain"] = json!("SHOP");
    let refused = world.post(PAGES, Some(2), body.clone()).await;
    let message = "The subdomain has already been taken.";
    let expected = json!({ "message": message, "errors": { "subdomain": [message] } });
    assert_eq!((refused.status, refused.body), (422, expected));
    body["subdomain"] = json!("blog");
    assert_eq!(world.post(PAGES, Some(2), body).await.status, 201);
    let to = |subdomain| json!({ "subdomain": subdomain });
    assert_eq!(world.post(PAGE, Some(1), to("blog")).await.status, 422);
    assert_eq!(world.post(PAGE, Some(1), to("shop")).await.status, 200);
}

/// The provider's way: all fields as texts, then the files.
#[tokio::test]
async fn a_form_changes_what_json_made() {
    let world = world().await;
    let mut body = status_page();
    body["show_response_times"] = json!(false);
    let before = world.post(PAGES, Some(1), body).await.body;
    let texts = [
        ("name", "Status"),
        ("title", "New title"),
        ("description", "How the shop is"),
        ("website_url", "https://shop.example"),
        ("search_engine_indexed", "1"),
        ("subdomain", "shop"),
        ("domain", "status.shop.example"),
        ("color_scheme", "dark"),
        ("timeframe", "30"),
        ("components[0][componentable_type]", "uptime/monitor"),
        ("components[0][componentable_id]", "3"),
        ("components[1][componentable_type]", "uptime/group"),
        ("components[1][name]", "Both"),
        ("components[1][is_expanded]", "1"),
        (
            "components[1][components][0][componentable_type]",
            "uptime/monitor",
        ),
        ("components[1][components][0][componentable_id]", "2"),
        (
            "components[1][components][1][componentable_type]",
            "uptime/monitor",
        ),
        ("components[1][components][1][componentable_id]", "1"),
        ("subscription_channels[0]", "atom"),
        ("subscription_channels[1]", "rss"),
        ("access_ips[0]", "10.0.0.1"),
        ("tags", "a,b"),
        ("theme[rounded]", "0"),
        ("theme[border_width]", "2"),
        ("theme[light][operational]", "#111111"),
    ];
    let files: &[(&str, &[u8])] = &[("logo_light", PNG), ("favicon_dark", SVG)];
    let changed = world.form(PAGE, Some(1), &texts, files).await;
    let shown = |id: i64| json!({ "componentable_type": "uptime/monitor", "componentable_id": id, "display_name": null });
    let mut expected = before;
    for (field, value) in [
        ("title", json!("New title")),
        ("search_engine_indexed", json!(true)),
        ("domain", json!("status.shop.example")),
        ("color_scheme", json!("dark")),
        ("timeframe", json!(30)),
        (
            "components",
            json!([
                shown(3),
                {
                    "componentable_type": "uptime/group",
                    "name": "Both",
                    "is_expanded": true,
                    "components": [shown(2), shown(1)],
                },
            ]),
        ),
        ("subscription_channels", json!(["atom", "rss"])),
        ("access_ips", json!(["10.0.0.1"])),
        ("is_private", json!(true)),
        ("tags", json!(["a", "b"])),
    ] {
        expected[field] = value;
    }
    expected["theme"]["rounded"] = json!(false);
    expected["theme"]["border_width"] = json!(2);
    expected["theme"]["light"]["operational"] = json!("#111111");
    assert_eq!((changed.status, &changed.body), (200, &expected));
    assert_eq!(world.get(PAGE, Some(1)).await.body, expected);
    assert_eq!(images(&world).await, 2);
}

#[tokio::test]
async fn images_are_replaced_removed_and_go_with_their_page() {
    let world = world().await;
    let texts: Vec<(&str, &str)> = vec![
        ("name", "Status"),
        ("subdomain", "form"),
        ("title", "Made by a form"),
        ("description", "All of it"),
        ("search_engine_indexed", "0"),
        ("website_url", "https://shop.example"),
        ("components[0][componentable_type]", "uptime/monitor"),
        ("components[0][componentable_id]", "1"),
    ];
    let logos: &[(&str, &[u8])] = &[("logo_light", PNG), ("logo_dark", JPEG)];
    assert_eq!(world.form(PAGES, Some(1), &texts, logos).await.status, 201);
    assert_eq!(images(&world).await, 2);
    world.form(PAGE, Some(1), &[], &[("logo_light", SVG)]).await;
    let stored = world.documents.list("images", Some(1), 0, 9).await.unwrap();
    assert_eq!(stored.len(), 2);
    world
        .post(
            PAGE,
            Some(1),
            json!({ "title": "Same images", "logo_dark": null }),
        )
        .await;
    assert_eq!(images(&world).await, 2);
    let answer = world
        .form(PAGE, Some(1), &[("logo_light", "false")], &[])
        .await;
    assert_eq!((answer.status, images(&world).await), (200, 1));
    world
        .post(
            PAGE,
            Some(1),
            json!({ "logo_dark": "false", "favicon_dark": "false" }),
        )
        .await;
    assert_eq!(images(&world).await, 0);
    world
        .form(PAGE, Some(1), &[], &[("favicon_light", PNG)])
        .await;
    assert_eq!(images(&world).await, 1);
    assert_eq!(world.delete(PAGE, Some(1)).await.status, 204);
    assert_eq!(images(&world).await, 0);
}

#[tokio::test]
async fn what_is_no_image_is_refused_and_changes_nothing() {
    let world = world().await;
    let before = world.post(PAGES, Some(1), status_page()).await.body;
    let large = [PNG, &vec![0; 2 * 1024 * 1024]].concat();
    for (field, bytes, message) in [
        (
            "logo_light",
            &b"GIF89a"[..],
            "The logo light field must be a file of type: jpeg, png, svg.",
        ),
        (
            "logo_dark",
            b"",
            "The logo dark field must be a file of type: jpeg, png, svg.",
        ),
        (
            "favicon_dark",
            JPEG,
            "The favicon dark field must be a file of type: png, svg.",
        ),
        (
            "logo_light",
            &large,
            "The logo light field must not be greater than 2048 kilobytes.",
        ),
    ] {
        let refused = world
            .form(PAGE, Some(1), &[("title", "Changed")], &[(field, bytes)])
            .await;
        let expected = json!({ "message": message, "errors": { field: [message] } });
        assert_eq!((refused.status, refused.body), (422, expected));
    }
    let text = world
        .post(PAGE, Some(1), json!({ "logo_light": "picture.png" }))
        .await;
    assert_eq!(
        text.body["message"],
        "The logo light field must be an image."
    );
    let flood = vec![0; 11 * 1024 * 1024];
    assert_eq!(
        world
            .form(PAGE, Some(1), &[], &[("logo_light", &flood)])
            .await
            .status,
        413
    );
    for (kind, body) in [
        ("multipart/form-data", "--edge--\r\n"),
        ("multipart/form-data; boundary=edge", "--edge\r\ncut"),
    ] {
        let broken = world
            .exchange("POST", PAGE, Some(1), kind, body.into())
            .await;
        assert_eq!(broken.status, 422, "{kind}");
    }
    assert_eq!(images(&world).await, 0);
    assert_eq!(world.get(PAGE, Some(1)).await.body, before);
}

#[tokio::test]
async fn a_form_is_for_status_pages_only() {
    let world = world().await;
    let refused = world
        .form("/uptime/monitors/1", Some(1), &[("name", "Other")], &[])
        .await;
    assert_eq!(refused.body["message"], "The body must be a JSON object.");
}
