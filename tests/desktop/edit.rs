//! Changing a key that exists.

use serde_json::json;

use super::person::{Form, MONITORS, in_row, monitors, row};
use crate::support::desktop::Desk;
use crate::support::people::Caller;

#[tokio::test]
async fn what_is_changed_of_a_key_holds_from_the_next_call_on() {
    let desk = Desk::start().await;
    let gateway = desk.found().await;
    desk.make_project("Shop").await;
    desk.keep_key(Form::reader("Dashboard", "Shop")).await;
    let secret = desk.copy("Dashboard").await;
    let holder = Caller::with(&gateway, &secret);
    holder.post(MONITORS, json!({})).await.refusal(403, "");

    desk.click(&in_row("Dashboard", "row-menu")).await;
    desk.click("edit-key-item").await;
    desk.fill("edit-name", "Dashboards").await;
    desk.click("uptime-none").await;
    desk.click("save-key").await;
    desk.wait_text("products-problem", "without any, a key does nothing")
        .await;
    desk.click("uptime-read_write").await;
    desk.click("save-key").await;
    desk.wait_gone("edit-key").await;
    desk.wait_for(&row("Dashboards")).await;

    // Now it is the sandbox that says what is missing.
    holder.post(MONITORS, json!({})).await.expect(422);
    assert_eq!(desk.copy("Dashboards").await, secret);
}

#[tokio::test]
async fn a_key_is_made_with_a_share_and_another_is_tried_before_it_is_saved() {
    let desk = Desk::start().await;
    let gateway = desk.found().await;
    desk.make_project("Shop").await;
    desk.go("keys").await;
    desk.click("new-key").await;
    desk.fill_in(Form::reader("Terraform", "Shop")).await;
    desk.look_to("key-new-share-closed", "share-toggle").await;
    desk.click("share-toggle").await;
    desk.fill("share-reserved", "100").await;
    desk.click("create-key").await;
    desk.wait_text("share-reserved-problem", "99 at most").await;
    desk.look_to("key-new-share-refused", "share-reserved-problem")
        .await;
    desk.fill("share-reserved", "10").await;
    desk.wait_text("what-if", "no other key").await;
    desk.look_to("key-new-share", "what-if").await;
    desk.click("create-key").await;
    desk.click("fresh-done").await;
    let secret = desk.copy("Terraform").await;
    for _ in 0..12 {
        monitors(&gateway, &secret).await.expect(200);
    }

    desk.click(&row("Terraform")).await;
    desk.wait_text("drawer", "10 a minute kept free").await;
    desk.click("drawer-edit").await;
    desk.fill("share-reserved", "").await;
    desk.fill("share-at-most", "5").await;
    desk.wait_text("what-if", "this key could have made 5 of its")
        .await;
    desk.look_to("edit-share", "what-if").await;
    desk.click("save-key").await;
    desk.wait_gone("edit-key").await;
    desk.wait_text("drawer", "At most 5 a minute").await;
    // However long ago it called before: of six in a minute one is too many, for whoever does not wait.
    let hasty = Caller::with(&gateway, &secret).header("prefer", "wait=0");
    for _ in 0..5 {
        hasty.get(MONITORS).await;
    }
    hasty.get(MONITORS).await.refusal(429, "share_used_up");
}
