use serde_json::json;

use super::World;

#[tokio::test]
async fn each_app_has_one_and_mail_has_the_default() {
    let world = World::new().await;
    let mail = world.get("/apps/email/integrations", None).await.body;
    let expected = json!([{
        "id": 1,
        "name": "Default",
        "paused": false,
        "created_at": "2026-03-10T00:10:46+00:00",
        "updated_at": "2026-03-10T00:10:46+00:00",
    }]);
    assert_eq!(mail["data"], expected);
    let apps = world.specification.named("AppKey")["enum"].clone();
    for app in apps.as_array().unwrap() {
        let path = format!("/apps/{}/integrations", app.as_str().unwrap());
        let rows = world.get(&path, Some(1)).await.body["data"].clone();
        assert_eq!(rows.as_array().unwrap().len(), 1, "{app}");
        let one = world
            .get(&format!("{path}/{}", rows[0]["id"]), Some(2))
            .await;
        assert_eq!(one.body, rows[0]);
    }
}

#[tokio::test]
async fn integrations_are_found_by_name_and_under_their_app_only() {
    let world = World::new().await;
    for (query, found) in [
        ("", 1),
        ("?name=default", 1),
        ("?name=x&name=Default", 1),
        ("?name=Def", 0),
    ] {
        let path = format!("/apps/email/integrations{query}");
        let rows = world.get(&path, None).await.body["data"].clone();
        assert_eq!(rows.as_array().unwrap().len(), found, "{query}");
    }
    for path in [
        "/apps/carrier-pigeon/integrations",
        "/apps/slack/integrations/1",
    ] {
        assert_eq!(world.get(path, None).await.status, 404, "{path}");
    }
}
