//! The smallest window that is allowed. `GARDIEN_SCREENSHOTS=DIR` keeps its pictures.

use std::fs;

use serde_json::{Value, json};

use super::person::{Form, row};
use crate::support::desktop::Desk;

/// The longest names that are allowed, in the smallest window.
#[tokio::test]
async fn the_longest_words_in_the_smallest_window() {
    let mut desk = Desk::start().await;
    desk.found().await;
    desk.close_app().await;
    // As the app writes it down when somebody made the window smaller.
    let sizes = desk
        .session()
        .home()
        .join(".config/dev.gardien.desktop/.window-state.json");
    let mut state: Value = serde_json::from_slice(&fs::read(&sizes).unwrap()).unwrap();
    state["main"]["width"] = json!(900);
    state["main"]["height"] = json!(600);
    fs::write(&sizes, state.to_string()).unwrap();
    desk.open_app().await;
    desk.run_until("return innerWidth === 900 && innerHeight === 600", vec![])
        .await;
    let project = "W".repeat(25);
    let key = "supercalifragilisticexpialidocious-".repeat(3)[..100].to_owned();
    desk.make_project(&project).await;
    desk.look("small-projects").await;
    desk.go("keys").await;
    desk.click("new-key").await;
    desk.fill(
        "key-note",
        &"Handed to the people who keep the lamp burning. ".repeat(8),
    )
    .await;
    desk.fill_in(Form::reader(&key, &project)).await;
    desk.look("small-key-new").await;
    desk.click("create-key").await;
    desk.wait_for("fresh-sheet").await;
    desk.look("small-fresh").await;
    desk.copy_at("fresh-copy", "Copied the secret of “supercali")
        .await;
    desk.click("fresh-done").await;
    desk.wait_for(&row(&key)).await;
    desk.look("small-keys").await;
    desk.click(&row(&key)).await;
    desk.wait_for("trail-row").await;
    desk.look("small-drawer").await;
    desk.click("drawer-close").await;
    desk.revoke(&key).await;
    desk.look("small-revoked").await;
    desk.click("undo").await;
    desk.go("projects").await;
    desk.click("delete-project").await;
    desk.wait_for("doomed-keys").await;
    desk.look("small-project-delete").await;
    desk.click("cancel").await;
    desk.go("activity").await;
    desk.wait_for("audit-row").await;
    desk.look("small-activity").await;
    desk.go("settings").await;
    desk.look("small-settings").await;
    desk.go("keys").await;
    desk.make_key(Form::reader("status-bot", &project)).await;
    desk.look_at_more("small-").await;
    // Nothing is wider than the window.
    let overflow = "return document.documentElement.scrollWidth > innerWidth";
    assert_eq!(desk.run(overflow, vec![]).await, false);
}
