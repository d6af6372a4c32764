//! Everything without a mouse.

use super::person::{Form, MONITORS, row, toast};
use crate::support::desktop::{Desk, free_port};
use crate::support::keyboard::{CONTROL, DELETE, DOWN, ENTER, ESCAPE, RIGHT, SHIFT, SPACE, TAB};
use crate::support::people::Caller;

#[tokio::test]
async fn from_the_first_start_to_a_revoked_key() {
    let desk = Desk::start().await;
    let port = free_port();
    desk.tab_to("organization").await;
    desk.type_text("Lighthouse").await;
    desk.tab_to("email").await;
    desk.type_text("ada@lighthouse.test").await;
    desk.tab_to("port").await;
    desk.chord(CONTROL, 'a').await;
    desk.type_text(&port.to_string()).await;
    desk.press(ENTER).await;
    desk.wait_for("page-keys").await;

    desk.tab_to("nav-projects").await;
    desk.press(ENTER).await;
    desk.wait_for("page-projects").await;
    for name in ["Shop", "Blog"] {
        desk.press('n').await;
        desk.wait_focus("project-name").await;
        desk.type_text(name).await;
        desk.press(ENTER).await;
        desk.wait_for(&format!("[data-project-name='{name}']"))
            .await;
    }

    desk.chord(CONTROL, 'k').await;
    desk.wait_focus("palette-input").await;
    desk.type_text("new key").await;
    desk.wait_for("[data-action='New key']").await;
    desk.press(ENTER).await;
    desk.wait_focus("key-name").await;
    desk.type_text("Dashboard").await;
    desk.tab_to("scope-project").await;
    desk.tab_to("project-picker").await;
    desk.type_text("Shop").await;
    desk.tab_to("uptime-none").await;
    desk.press(RIGHT).await;
    desk.wait_for("[data-testid='uptime-read'][data-state='checked']")
        .await;
    desk.tab_to("create-key").await;
    desk.press(ENTER).await;
    desk.wait_for("fresh-sheet").await;
    desk.wait_focus("fresh-copy").await;
    desk.press(ESCAPE).await;
    desk.wait_gone("fresh-sheet").await;

    // N, and Esc without having done anything.
    desk.press('n').await;
    desk.wait_focus("key-name").await;
    desk.press(ESCAPE).await;
    desk.wait_gone("new-key-sheet").await;

    desk.press('j').await;
    desk.wait_focus("key-row").await;
    desk.press('c').await;
    let secret = desk.paste_secret("Copied the secret of “Dashboard”").await;
    let holder = Caller::with(&format!("http://127.0.0.1:{port}"), &secret);
    holder.get(MONITORS).await.expect(200);

    desk.press(ENTER).await;
    desk.wait_for("drawer").await;
    desk.tab_to("drawer-copy").await;
    desk.press(ESCAPE).await;
    desk.wait_gone("drawer").await;
    desk.wait_focus("key-row").await;

    desk.press('r').await;
    desk.wait_for("rotate-dialog").await;
    desk.tab_to("confirm-rotate").await;
    desk.press(ESCAPE).await;
    desk.wait_gone("rotate-dialog").await;
    desk.wait_focus("key-row").await;
    assert_eq!(
        desk.attribute(&row("Dashboard"), "data-status").await,
        "active"
    );

    desk.press(DELETE).await;
    desk.wait_for(&format!("{}[data-status='revoked']", row("Dashboard")))
        .await;
    holder.get(MONITORS).await.refusal(401, "key_revoked");
    desk.chord(CONTROL, 'z').await;
    desk.wait_for(&format!("{}[data-status='active']", row("Dashboard")))
        .await;
    holder.get(MONITORS).await.expect(200);
    desk.press(DELETE).await;
    desk.wait_for(&format!("{}[data-status='revoked']", row("Dashboard")))
        .await;
    holder.get(MONITORS).await.refusal(401, "key_revoked");
}

#[tokio::test]
async fn a_list_is_searched_walked_and_revoked_from() {
    let desk = Desk::start().await;
    desk.found().await;
    for name in ["One", "Two", "Three"] {
        desk.keep_key(Form::everything(name)).await;
    }
    desk.press('/').await;
    desk.wait_focus("search").await;
    desk.type_text("two").await;
    desk.wait_gone(&row("One")).await;
    desk.press(DOWN).await;
    desk.wait_focus("key-row").await;
    assert_eq!(desk.focused_key().await, "Two");
    desk.press('/').await;
    desk.chord(CONTROL, 'a').await;
    desk.press(DELETE).await;
    desk.wait_for(&row("One")).await;
    desk.press(ESCAPE).await;

    // Newest first; the one below is chosen too.
    desk.press('j').await;
    desk.press('k').await;
    desk.press('k').await;
    desk.wait_focus("key-row").await;
    assert_eq!(desk.focused_key().await, "Three");
    desk.chord(SHIFT, DOWN).await;
    desk.wait_text("bulk-count", "2 selected").await;
    desk.press('x').await;
    desk.wait_text("bulk-count", "1 selected").await;
    desk.press('x').await;
    desk.wait_text("bulk-count", "2 selected").await;
    desk.press(DELETE).await;
    desk.wait_text("doomed-keys", "Three").await;
    desk.wait_text("doomed-keys", "Two").await;
    desk.tab_to("confirm-revoke").await;
    desk.press(SPACE).await;
    desk.wait_text(&toast("revoked"), "Revoked 2 keys").await;
    assert_eq!(desk.attribute(&row("One"), "data-status").await, "active");
    desk.press('?').await;
    desk.wait_for("shortcuts").await;
    desk.press(ESCAPE).await;
    desk.wait_gone("shortcuts").await;
}

impl Desk {
    /// Presses Tab until this has the focus, and insists that the focus is seen at every stop.
    pub async fn tab_to(&self, testid: &str) {
        // Its own, or that of the box that it fills.
        let seen = "const outlined = (each) => {
                const { outlineStyle, outlineWidth } = getComputedStyle(each);
                return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
            };
            const stop = document.activeElement;
            return stop === document.body || [stop, stop.closest('.picker')].some((each) => each && outlined(each))";
        for _ in 0..60 {
            if self.focus().await == testid {
                return;
            }
            self.press(TAB).await;
            let at = self.focus().await;
            assert_eq!(
                self.run(seen, vec![]).await,
                true,
                "the focus on {at:?} is not seen"
            );
        }
        panic!("Tab does not lead to {testid}");
    }

    pub async fn focused_key(&self) -> String {
        let script = "return document.activeElement.dataset.keyName";
        self.run_until(script, vec![])
            .await
            .as_str()
            .unwrap()
            .to_owned()
    }
}
