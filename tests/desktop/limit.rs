//! One program uses up the limit, and another that people look at has to answer all the same.

use std::time::{Duration, Instant};

use acceptance::session::Keychain;
use futures_util::future::join_all;
use serde_json::json;

use super::person::{Form, MONITORS, monitors};
use crate::support::background::Background;
use crate::support::desktop::Desk;
use crate::support::people::Caller;
use crate::support::upstream::{PHARE_KEY, Upstream};
use crate::support::world::World;

const TOLD: &str = "Lighthouse has reached its limit of calls a minute";

fn use_of(name: &str) -> String {
    format!("[data-testid='limit-use'][data-key-name='{name}']")
}

#[tokio::test]
async fn who_is_starved_is_given_ten_with_one_press_and_answers() {
    let phare = Upstream::start();
    let mut desk =
        Desk::start_with(Keychain::Unlocked, &[("GARDIEN_PHARE_URL", &phare.url())]).await;
    let gateway = desk.found_over_phare(PHARE_KEY).await;
    desk.keep_key(Form::reader("Terraform", "Shop")).await;
    let terraform = desk.copy("Terraform").await;
    desk.keep_key(Form::reader("Status bot", "Shop")).await;
    let bot = desk.copy("Status bot").await;
    desk.go("settings").await;
    desk.click("at-limit-reject").await;

    let notices = desk.notices().await;
    let (called, secret) = (gateway.clone(), terraform.clone());
    let _terraform = Background::run(async move || {
        loop {
            monitors(&called, &secret).await;
        }
    });
    let (called, secret) = (gateway.clone(), bot.clone());
    let _bot = Background::run(async move || {
        loop {
            monitors(&called, &secret).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    notices.wait_for(TOLD).await;
    notices.wait_for("The key “Terraform” has").await;
    desk.wait_text(&use_of("Status bot"), "refused").await;
    desk.look_to("limit-starved", &use_of("Status bot")).await;

    desk.click(&format!(
        "{} [data-testid='keep-free']",
        use_of("Status bot")
    ))
    .await;
    desk.wait_text(&use_of("Status bot"), "10 a minute kept free")
        .await;
    desk.look_to("limit-kept", &use_of("Status bot")).await;
    // What Terraform called before counts for a minute. Each call that leaves it is the bot's, whatever Terraform does.
    let asked = Instant::now();
    let mut answered = 0;
    while answered < 9 {
        answered += u32::from(monitors(&gateway, &bot).await.status == 200);
        assert!(asked.elapsed() < Duration::from_secs(120), "still starved");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_person_moves_the_point_between_burst_and_rate_and_sees_who_waits() {
    let phare = Upstream::start();
    let desk = Desk::start_with(Keychain::Unlocked, &[("GARDIEN_PHARE_URL", &phare.url())]).await;
    let gateway = desk.found_over_phare(PHARE_KEY).await;
    desk.keep_key(Form::reader("Terraform", "Shop")).await;
    let terraform = desk.copy("Terraform").await;
    desk.go("settings").await;
    desk.wait_text("pace", "40 calls at once, then 60 a minute")
        .await;
    desk.click("pace-change").await;
    desk.wait_focus("burst").await;
    desk.fill("burst", "100").await;
    desk.wait_text("burst-problem", "A number from 1 to 99")
        .await;
    desk.look_to("limit-pace", "burst").await;
    desk.fill("burst", "95").await;
    desk.fill("longest-wait", "24").await;
    desk.click("pace-save").await;
    desk.wait_text("pace", "95 calls at once, then 5 a minute")
        .await;
    desk.wait_text("pace", "no call waits over 24 s").await;

    // Five a minute after the first: some wait, and others could not go in time.
    let called = join_all((0..105).map(|_| monitors(&gateway, &terraform)));
    let seen = async {
        desk.wait_text(&use_of("Terraform"), "waiting, the first for")
            .await;
        desk.look_to("limit-waiting", &use_of("Terraform")).await;
    };
    let (called, ()) = tokio::join!(called, seen);
    let with = |status| {
        called
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!(with(200) + with(429), 105);
    assert!(with(429) > 0, "nobody was refused");
}

#[tokio::test]
async fn whoever_is_at_a_teams_server_hears_that_its_limit_is_reached_and_by_whom() {
    let world = World::new().await;
    let few = json!({ "name": "Lighthouse", "calls_per_minute": 3, "at_limit": "reject" });
    let changed = world.owner.patch("/v1/organization", few).await;
    changed.expect(200);
    let key = world.reading_key().await;
    let token = world.server.token("adam@lighthouse.test", "admin");
    let variables = [("RUST_LOG", "warn,gardien=info,gardien_desktop=debug")];
    let mut desk = Desk::start_with(Keychain::Unlocked, &variables).await;
    desk.join(world.server.management(), &token).await;
    let notices = desk.notices().await;
    // What it says first is not told.
    desk.wait_logged("a limit is looked at").await;
    let holder = world.holder(&key);
    while holder.get(MONITORS).await.status == 200 {}
    notices.wait_for(TOLD).await;
    notices.wait_for("The key “Reader” has 3 calls").await;
}

#[tokio::test]
async fn whoever_calls_phare_past_gardien_is_told_of() {
    let phare = Upstream::counting(100);
    let desk = Desk::start_with(Keychain::Unlocked, &[("GARDIEN_PHARE_URL", &phare.url())]).await;
    let gateway = desk.found_over_phare(PHARE_KEY).await;
    desk.keep_key(Form::reader("Status bot", "Shop")).await;
    let bot = desk.copy("Status bot").await;
    monitors(&gateway, &bot).await.expect(200);
    desk.go("settings").await;
    desk.wait_for(&use_of("Status bot")).await;
    desk.wait_gone("direct-use").await;

    let somebody = Caller::with(&phare.url(), "pha_org_AnotherKeyOfTheSameOrganization");
    for _ in 0..12 {
        somebody.get("/users").await.expect(200);
    }
    // Beside a call of Gardien's own they are not told apart at once.
    for _ in 0..10 {
        monitors(&gateway, &bot).await.expect(200);
    }
    let told = "Somebody uses Phare’s key directly: at least 12 calls";
    desk.wait_text("direct-use", told).await;
    desk.look_to("direct-use", "direct-use").await;
    desk.click("gauge-open").await;
    desk.wait_text("gauge-direct", told).await;
    desk.look("gauge-direct").await;
}
