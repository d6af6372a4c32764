//! What is pressed meets what is shown, whatever comes and goes meanwhile.

use fantoccini::actions::MOUSE_BUTTON_LEFT;
use fantoccini::actions::{InputSource as _, MouseActions, PointerAction};
use serde_json::Value;

use super::person::{Form, in_row, row};
use crate::support::desktop::Desk;
use crate::support::keyboard::{DELETE, ESCAPE};
use crate::support::world::{World, new_key, organization};

/// The cursor was on an old key. Whoever makes a new one and revokes means the new one.
#[tokio::test]
async fn revoking_after_making_a_key_meets_the_new_one() {
    let desk = Desk::start().await;
    desk.found().await;
    let old = ["One", "Two", "Three"];
    for name in old {
        desk.keep_key(Form::everything(name)).await;
    }
    for (name, done) in [("Left with Esc", false), ("Left with Done", true)] {
        desk.click(&row("Two")).await;
        desk.wait_for("drawer").await;
        desk.press(ESCAPE).await;
        desk.wait_gone("drawer").await;
        assert_eq!(desk.focused_key().await, "Two");
        desk.press('n').await;
        desk.wait_focus("key-name").await;
        desk.fill_in(Form::everything(name)).await;
        desk.click("create-key").await;
        desk.wait_for("fresh-sheet").await;
        if done {
            desk.click("fresh-done").await;
        } else {
            desk.press(ESCAPE).await;
        }
        desk.wait_gone("fresh-sheet").await;
        desk.press(DELETE).await;
        desk.wait_for(&format!("{}[data-status='revoked']", row(name)))
            .await;
        assert_eq!(desk.focused_key().await, name);
        for name in old {
            assert_eq!(
                desk.attribute(&row(name), "data-status").await,
                "active",
                "{name}"
            );
        }
    }
}

/// The pointer lies on a button while somebody else makes keys: nothing moves under it.
#[tokio::test]
async fn a_click_meets_the_row_that_is_shown_while_keys_are_made_elsewhere() {
    let world = World::new().await;
    let make = async |name: &str| {
        world
            .issue(new_key(name, organization(), "read", "read"))
            .await
    };
    let mut keys = Vec::new();
    for name in ["One", "Two", "Three"] {
        keys.push(make(name).await);
    }
    let token = world.server.token("owner@lighthouse.test", "owner");
    let desk = Desk::start().await;
    desk.join(world.server.management(), &token).await;
    let target = in_row("Two", "row-revoke");
    let element = desk.wait_for(&target).await;
    let over = PointerAction::MoveToElement {
        element,
        duration: None,
        x: 0.,
        y: 0.,
    };
    let pointer = MouseActions::new("mouse".to_owned());
    desk.page()
        .perform_actions(pointer.then(over))
        .await
        .unwrap();
    desk.wait_for(&format!("{}:hover", row("Two"))).await;
    let places = desk.places().await;

    for (name, words) in [("Four", "1 new key"), ("Five", "2 new keys")] {
        make(name).await;
        desk.wait_text("arrivals", words).await;
        assert_eq!(desk.places().await, places);
    }
    desk.look_unmoved("arrivals").await;
    // No move: the click falls where the pointer lies.
    let button = MOUSE_BUTTON_LEFT;
    let click = MouseActions::new("mouse".to_owned())
        .then(PointerAction::Down { button })
        .then(PointerAction::Up { button });
    desk.page().perform_actions(click).await.unwrap();
    desk.wait_for(&format!("{}[data-status='revoked']", row("Two")))
        .await;
    let all = world.owner.get("/v1/keys").await.expect(200);
    for key in all["data"].as_array().unwrap() {
        let status = if key["name"] == "Two" {
            "revoked"
        } else {
            "active"
        };
        assert_eq!(key["status"], status, "{key:#}");
    }

    // Once the pointer and the cursor have left the list, the new ones come in.
    let away = PointerAction::MoveTo {
        duration: None,
        x: 60.,
        y: 500.,
    };
    let leave = MouseActions::new("mouse".to_owned()).then(away);
    desk.page().perform_actions(leave).await.unwrap();
    desk.click("nav-keys").await;
    desk.wait_for(&row("Five")).await;
    desk.wait_for(&row("Four")).await;
}

impl Desk {
    /// Which key stands where.
    async fn places(&self) -> Value {
        let script = "return [...document.querySelectorAll('[data-testid=key-row]')]
            .map((row) => [row.dataset.keyName, row.getBoundingClientRect().top])";
        self.run(script, vec![]).await
    }
}
