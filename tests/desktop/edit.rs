//! Changing a key that exists.

use serde_json::json;

use super::person::{Form, MONITORS, in_row, row};
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
