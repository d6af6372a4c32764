//! The window of somebody who works on a team's server.

use serde_json::json;

use super::person::{Form, MONITORS, in_row, in_toast, row, toast};
use crate::support::desktop::Desk;
use crate::support::keyboard::DELETE;
use crate::support::world::{World, new_key, organization};

/// A world with a key of each project and one of the organization, and a token of a Member who is assigned to Shop.
async fn with_member() -> (World, String) {
    let world = World::new().await;
    for (name, scope) in [
        ("Of Shop", world.shop.scope()),
        ("Of Blog", world.blog.scope()),
        ("Of all", organization()),
    ] {
        world.issue(new_key(name, scope, "none", "read")).await;
    }
    let token = world.server.token("mel@lighthouse.test", "member");
    let members = world.owner.get("/v1/members").await.expect(200);
    let members = members["data"].as_array().unwrap();
    let mel = members
        .iter()
        .find(|each| each["email"] == "mel@lighthouse.test")
        .unwrap();
    let path = format!("/v1/members/{}", mel["id"].as_str().unwrap());
    let assigned = json!({ "projects": [world.shop.id] });
    world.owner.patch(&path, assigned).await.expect(200);
    (world, token)
}

#[tokio::test]
async fn a_member_sees_the_keys_of_their_projects_and_why_they_cannot_change_them() {
    const CREATE: &str = "Only Owners and Admins can create API keys. Ask owner@lighthouse.test.";
    const CHANGE: &str =
        "Only Owners and Admins can rotate or revoke API keys. Ask owner@lighthouse.test.";
    let (world, token) = with_member().await;
    let before = world.owner.get("/v1/keys").await.expect(200);
    let mut desk = Desk::start().await;
    desk.join(world.server.management(), &token).await;

    for again in [false, true] {
        if again {
            // The token comes from the keychain: the file search at the end finds it nowhere.
            desk.restart_app().await;
        }
        assert_eq!(desk.text("role-badge").await, "Member");
        desk.wait_for(&row("Of Shop")).await;
        let shown = desk.shown().await;
        assert!(
            !shown.contains("Of Blog") && !shown.contains("Of all"),
            "{shown}"
        );
        assert_eq!(desk.text("why-not").await, CREATE);
        desk.nothing_to_change_keys_with().await;

        desk.click(&row("Of Shop")).await;
        desk.wait_for("drawer").await;
        assert_eq!(
            desk.text("[data-testid='drawer'] [data-testid='why-not']")
                .await,
            CHANGE
        );
        desk.nothing_to_change_keys_with().await;
        desk.click("drawer-close").await;
    }

    // Nor with the keyboard: it says why, and does nothing.
    for (key, words) in [
        ('n', CREATE),
        (
            'r',
            "Only Owners and Admins can rotate API keys. Ask owner@lighthouse.test.",
        ),
        (
            DELETE,
            "Only Owners and Admins can revoke API keys. Ask owner@lighthouse.test.",
        ),
    ] {
        desk.press(key).await;
        desk.wait_text(&toast("why-not"), words).await;
        desk.click(&in_toast("why-not", "toast-dismiss")).await;
    }
    desk.press('x').await;
    desk.nothing_to_change_keys_with().await;

    desk.go("projects").await;
    desk.wait_for("[data-project-name='Shop']").await;
    desk.wait_text(
        "why-not",
        "Only Owners and Admins can rename or delete projects.",
    )
    .await;
    for place in [
        "[data-project-name='Blog']",
        "rename-project",
        "delete-project",
    ] {
        assert!(!desk.is_there(place).await, "{place}");
    }
    desk.go("activity").await;
    desk.wait_text(
        "why-not",
        "Only Owners and Admins can read the audit trail.",
    )
    .await;
    assert!(!desk.is_there("verify").await);
    desk.go("settings").await;
    desk.wait_text("why-not", "Only Owners and Admins can change the limit.")
        .await;
    assert!(!desk.is_there("calls-per-minute").await);
    assert_eq!(world.owner.get("/v1/keys").await.expect(200), before);
}

#[tokio::test]
async fn an_admin_works_as_the_owner_does() {
    let world = World::new().await;
    let token = world.server.token("adam@lighthouse.test", "admin");
    let mut desk = Desk::start().await;
    desk.join(world.server.management(), &token).await;
    assert_eq!(desk.text("role-badge").await, "Admin");

    desk.keep_key(Form::reader("Dashboard", "Blog")).await;
    let first = desk.copy("Dashboard").await;
    let holder = |secret: &str| world.server.key_holder(secret);
    holder(&first).get(MONITORS).await.expect(200);
    let second = desk.rotate("Dashboard", "3600").await;
    for secret in [&first, &second] {
        holder(secret).get(MONITORS).await.expect(200);
    }

    desk.revoke("Dashboard").await;
    holder(&second)
        .get(MONITORS)
        .await
        .refusal(401, "key_revoked");
    desk.click("undo").await;
    desk.wait_for(&format!("{}[data-status='rotating']", row("Dashboard")))
        .await;
    holder(&second).get(MONITORS).await.expect(200);

    desk.click(&in_row("Dashboard", "row-menu")).await;
    desk.click("replace-key").await;
    let third = desk
        .paste_secret("Copied the new secret of “Dashboard”")
        .await;
    holder(&second)
        .get(MONITORS)
        .await
        .refusal(401, "key_revoked");
    holder(&third).get(MONITORS).await.expect(200);
    desk.click("fresh-done").await;

    desk.restart_app().await;
    assert_eq!(desk.copy("Dashboard").await, third);
    let audit = world.owner.get("/v1/audit").await.expect(200);
    let of_admin = |entry: &&serde_json::Value| entry["actor"] == "adam@lighthouse.test";
    assert!(
        audit["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(of_admin)
            .count()
            >= 5,
        "{audit:#}"
    );
}

impl Desk {
    /// Insists that there is nothing on the page that changes a key, and no button that does nothing.
    async fn nothing_to_change_keys_with(&self) {
        for place in [
            "new-key",
            "row-select",
            "row-copy",
            "row-revoke",
            "row-menu",
            "bulk-bar",
            "new-key-sheet",
            "edit-key",
            "rotate-dialog",
            "drawer-copy",
            "drawer-reveal",
            "drawer-edit",
            "drawer-rotate",
            "drawer-revoke",
            "drawer-replace",
            "button[disabled]",
            "[aria-disabled='true']",
        ] {
            assert!(
                !self.is_there(place).await,
                "{place}:\n{}",
                self.shown().await
            );
        }
    }
}
