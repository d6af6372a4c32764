//! What a key may have of the calls a minute, and what is kept free for it.

use serde_json::{Value, json};

use crate::support::world::{World, new_key, organization};

fn with(share: Value) -> Value {
    let mut key = new_key("Bot", organization(), "read", "read");
    key["share"] = share;
    key
}

#[tokio::test]
async fn a_share_is_whole_when_it_is_made_and_changed_by_field() {
    let world = World::new().await;
    let none = json!({ "at_most": null, "reserved": null, "weight": 1 });
    for nothing in [
        json!(null),
        json!({}),
        json!({ "at_most": null, "reserved": null }),
        json!({ "reserved": 0 }),
    ] {
        let key = world.issue(with(nothing.clone())).await;
        assert_eq!(key.key["share"], none, "{nothing}");
    }
    let key = world
        .issue(with(json!({ "at_most": 30, "reserved": 10 })))
        .await;
    assert_eq!(
        key.key["share"],
        json!({ "at_most": 30, "reserved": 10, "weight": 1 })
    );
    for (patch, share) in [
        (json!({ "at_most": 50 }), json!([50, 10, 1])),
        (json!({ "weight": 3 }), json!([50, 10, 3])),
        (json!({ "reserved": null }), json!([50, null, 3])),
        (json!({}), json!([50, null, 3])),
        (
            json!({ "at_most": null, "reserved": 5 }),
            json!([null, 5, 3]),
        ),
        (json!({ "reserved": 0 }), json!([null, null, 3])),
        (json!(null), json!([null, null, 1])),
    ] {
        let change = json!({ "share": patch });
        let changed = world.owner.patch(&key.path(""), change).await.expect(200);
        let shown = &changed["share"];
        let shown = json!([shown["at_most"], shown["reserved"], shown["weight"]]);
        assert_eq!(shown, share, "{patch}");
        assert_eq!(world.owner.get(&key.path("")).await.expect(200), changed);
    }
    // What is none is said by field, and nothing of it holds.
    for (patch, field) in [
        (json!({ "at_most": 0 }), "share.at_most"),
        (json!({ "at_most": 9, "reserved": 10 }), "share.reserved"),
        (json!({ "weight": 11 }), "share.weight"),
    ] {
        let change = json!({ "name": "Renamed", "share": patch });
        let refused = world.owner.patch(&key.path(""), change).await;
        let problem = refused.problem(422, "invalid");
        assert!(problem["errors"][field][0].is_string(), "{problem}");
    }
    let unknown = json!({ "share": { "at_least": 5 } });
    let refused = world.owner.patch(&key.path(""), unknown).await;
    refused.problem(400, "malformed");
    let unchanged = world.owner.get(&key.path("")).await.expect(200);
    assert_eq!(unchanged["name"], "Bot");
}

#[tokio::test]
async fn more_than_there_is_to_keep_is_refused_with_the_sum() {
    let world = World::new().await;
    let bot = world.issue(with(json!({ "reserved": 60 }))).await;
    let refused = world
        .owner
        .post("/v1/keys", with(json!({ "reserved": 40 })));
    let problem = refused.await.problem(422, "invalid");
    let why = problem["errors"]["share.reserved"][0].as_str().unwrap();
    assert!(
        why.contains("100 of 100") && why.contains("60 of them for other keys"),
        "{why}"
    );
    world.issue(with(json!({ "reserved": 39 }))).await;
    // Nothing more is kept, so nothing is in its way.
    let other = json!({ "share": { "at_most": 70 } });
    world.owner.patch(&bot.path(""), other).await.expect(200);
    let more = json!({ "share": { "reserved": 61 } });
    let refused = world.owner.patch(&bot.path(""), more).await;
    let problem = refused.problem(422, "invalid");
    let why = problem["errors"]["share.reserved"][0].as_str().unwrap();
    assert!(
        why.contains("39 of them") && why.contains("60 at most"),
        "{why}"
    );
    let limits = world.owner.get("/v1/limits").await.expect(200);
    let kept = |of: &Value| of["share"]["reserved"].as_u64().unwrap_or_default();
    let kept: u64 = limits["by_key"].as_array().unwrap().iter().map(kept).sum();
    assert_eq!(kept, 99);
}

#[tokio::test]
async fn what_a_share_would_have_meant_is_told_from_the_calls_that_were_made() {
    let world = World::new().await.rejecting().await;
    let limit = json!({ "calls_per_minute": 30 });
    world
        .owner
        .patch("/v1/organization", limit)
        .await
        .expect(200);
    let (terraform, bot) = (world.reading_key().await, world.organization_key().await);
    let asked = async |query: &str| {
        let path = format!("/v1/limits/what-if?{query}");
        world.owner.get(&path).await.expect(200)
    };
    let own = format!("key_id={}", terraform.id);
    let unknown = asked(&own).await;
    assert_eq!(
        unknown,
        json!({ "known_minutes": unknown["known_minutes"], "key": null, "other": null })
    );
    let holder = world.holder(&terraform);
    while holder.get("/uptime/monitors").await.status == 200 {}
    let answer = world.holder(&bot).get("/projects").await;
    assert_eq!(answer.status, 429);

    // All that was wanted counts, whichever minutes it came in.
    let told = asked(&format!("{own}&at_most=5")).await;
    let wanted = told["key"]["wanted"].as_u64().unwrap();
    assert!((16..=31).contains(&wanted), "{told}");
    assert_eq!(told["key"]["made"], 5);
    let at: jiff::Timestamp = told["key"]["at"].as_str().unwrap().parse().unwrap();
    let ago = jiff::Timestamp::now().duration_since(at).as_secs();
    assert!((0..300).contains(&ago), "{told}");
    assert_eq!(told["other"], Value::Null);
    let told = asked("reserved=29").await;
    assert_eq!(told["key"], Value::Null);
    assert_eq!(told["other"]["name"], "Reader", "{told}");

    let path = format!("/v1/limits/what-if?{own}&reserved=30");
    let refused = world.owner.get(&path).await.problem(422, "invalid");
    assert!(refused["errors"]["share.reserved"].is_array(), "{refused}");
}
