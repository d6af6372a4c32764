//! Every screen, light and dark: axe finds nothing. `GARDIEN_SCREENSHOTS=DIR` keeps their pictures.

use futures_util::{StreamExt as _, stream};
use serde_json::json;

use super::person::{Form, in_row, row, toast};
use crate::support::desktop::Desk;
use crate::support::keyboard::{CONTROL, ESCAPE};
use crate::support::world::{World, new_key, organization};

#[tokio::test]
async fn from_nothing_to_three_keys() {
    let desk = Desk::start().await;
    desk.axe_has_eyes().await;
    desk.look("first-start").await;
    desk.click("start").await;
    desk.wait_for("organization-problem").await;
    desk.click("upstream-phare").await;
    desk.look("first-start-problems").await;
    desk.click("tab-connect").await;
    desk.look("first-start-connect").await;
    desk.fill("server-url", "http://gardien.example.com").await;
    desk.click("connect").await;
    desk.look("first-start-connect-problems").await;
    desk.click("tab-found").await;
    desk.click("upstream-sandbox").await;
    desk.found().await;
    desk.look("keys-0").await;
    desk.go("projects").await;
    desk.wait_for("empty").await;
    desk.look("projects-0").await;
    desk.click("new-project").await;
    desk.look("project-new").await;
    desk.click("save-project").await;
    desk.wait_for("project-name-problem").await;
    desk.look("project-new-problem").await;
    desk.click("cancel").await;
    desk.go("keys").await;
    desk.click("new-key").await;
    desk.wait_for("no-project").await;
    desk.look("key-new-without-project").await;
    desk.click("cancel").await;

    desk.make_project("Shop").await;
    desk.make_project("Status page of the lamp").await;
    desk.look("projects-2").await;
    desk.go("keys").await;
    desk.click("new-key").await;
    desk.look("key-new").await;
    desk.click("create-key").await;
    desk.wait_for("key-name-problem").await;
    desk.look("key-new-problems").await;
    desk.click("scope-organization").await;
    desk.click("preset-terraform").await;
    desk.click("expiry-date").await;
    desk.untick("keep-secret").await;
    desk.look("key-new-organization").await;
    desk.click("cancel").await;
    desk.wait_for("leave-draft").await;
    desk.look("key-new-leaving").await;
    desk.click("draft-discard").await;
    desk.make_key(Form::everything("terraform-production"))
        .await;
    desk.look("fresh").await;
    desk.click("form-terraform").await;
    desk.click("fresh-reveal").await;
    desk.wait_for("[data-testid='fresh-secret'][data-revealed='true']")
        .await;
    desk.look("fresh-revealed").await;
    desk.click("fresh-done").await;
    desk.make_key(Form {
        keep: false,
        ..Form::reader("grafana-production", "Shop")
    })
    .await;
    desk.click("fresh-done").await;
    desk.look("fresh-leaving").await;
    desk.click("fresh-abandon").await;
    desk.keep_key(Form::reader("status-bot", "Shop")).await;
    desk.look("keys-3").await;

    desk.click(&row("terraform-production")).await;
    desk.wait_for("trail-row").await;
    desk.look("drawer").await;
    desk.click("drawer-reveal").await;
    desk.wait_for("drawer-secret").await;
    desk.look("drawer-revealed").await;
    desk.click("drawer-edit").await;
    desk.wait_for("edit-key").await;
    desk.look("edit").await;
    desk.fill("edit-name", "").await;
    desk.click("save-key").await;
    desk.wait_for("edit-name-problem").await;
    desk.look("edit-problem").await;
    desk.click("cancel").await;
    desk.click("draft-discard").await;
    desk.wait_gone("edit-key").await;
    desk.click("drawer-close").await;
    desk.click(&in_row("status-bot", "row-menu")).await;
    desk.wait_for("replace-key").await;
    desk.look("row-menu").await;
    desk.click("rotate-key").await;
    desk.wait_for("rotate-dialog").await;
    desk.look("rotate").await;
    desk.click("cancel").await;
    desk.click("filter-status").await;
    desk.wait_for("filter-status-active").await;
    desk.look("filter").await;
    desk.click("filter-status-expired").await;
    desk.wait_for("clear-filters").await;
    desk.look("keys-none-match").await;
    desk.click("clear-filters").await;
    desk.click(&in_row("status-bot", "row-select")).await;
    desk.click(&in_row("grafana-production", "row-select"))
        .await;
    desk.look("bulk").await;
    desk.click("bulk-revoke").await;
    desk.look("bulk-revoke").await;
    desk.click("confirm-revoke").await;
    desk.wait_text(&toast("revoked"), "Revoked 2 keys").await;
    desk.look("bulk-revoked").await;
    desk.click("undo").await;
    desk.wait_gone("[data-testid='key-row'][data-status='revoked']")
        .await;

    desk.go("projects").await;
    desk.click("[data-project-name='Shop'] [data-testid='rename-project']")
        .await;
    desk.look("project-rename").await;
    desk.click("cancel").await;
    desk.click("[data-project-name='Shop'] [data-testid='delete-project']")
        .await;
    desk.wait_for("doomed-keys").await;
    desk.look("project-delete").await;
    desk.click("cancel").await;
    desk.go("activity").await;
    desk.click("verify").await;
    desk.wait_for("verification").await;
    desk.look("activity").await;
    desk.go("settings").await;
    desk.wait_for("calls-per-minute").await;
    desk.look("settings").await;
    desk.fill("gateway-port", "80").await;
    desk.wait_for("gateway-port-problem").await;
    desk.look("settings-problem").await;
    desk.click("connect-to-team").await;
    desk.look("settings-connect").await;
    desk.press(ESCAPE).await;
    desk.wait_gone("connect-dialog").await;
    desk.click("nav-shortcuts").await;
    desk.look("shortcuts").await;
    desk.press(ESCAPE).await;
    desk.wait_gone("shortcuts").await;
}

/// What lies over the list, and what is left of a key that works no more.
#[tokio::test]
async fn what_is_found_tried_and_revoked() {
    let desk = Desk::start().await;
    desk.found().await;
    desk.make_project("Shop").await;
    desk.make_project("Status page of the lamp").await;
    desk.keep_key(Form::everything("terraform-production"))
        .await;
    desk.make_key(Form::reader("status-bot", "Shop")).await;
    desk.look_at_more("").await;

    desk.click("drawer-close").await;
    desk.click(&in_row("terraform-production", "row-menu"))
        .await;
    desk.click("replace-key").await;
    desk.wait_text("fresh-sheet", "is replaced").await;
    desk.look("replaced").await;
    desk.chord(CONTROL, 'z').await;
    desk.wait_gone("fresh-sheet").await;
    desk.look("replaced-undone").await;
    desk.go("activity").await;
    desk.click("filter-subject").await;
    desk.wait_for("filter-subject-key").await;
    desk.look("activity-subjects").await;
    desk.press(ESCAPE).await;
    desk.click("filter-time").await;
    desk.wait_for("filter-time-range").await;
    desk.look("activity-times").await;
    desk.press(ESCAPE).await;
    desk.wait_gone("filter-time-range").await;
}

#[tokio::test]
async fn five_thousand_keys() {
    let world = World::new().await;
    stream::iter(0..5_000_u32)
        .for_each_concurrent(16, |number| {
            let scope = match number % 3 {
                0 => organization(),
                1 => world.shop.scope(),
                _ => world.blog.scope(),
            };
            let mut key = new_key(&name(number), scope, "read", "read_write");
            if number % 4 == 0 {
                key["note"] =
                    json!("Handed to the people who keep the lamp burning through the night");
            }
            let days = i64::from(number % 200) + 1;
            let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
            key["expires_at"] = json!(end);
            async {
                world.owner.post("/v1/keys", key).await.expect(201);
            }
        })
        .await;
    let token = world.server.token("owner@lighthouse.test", "owner");
    let desk = Desk::start().await;
    desk.join(world.server.management(), &token).await;
    desk.wait_for(&row(&name(4_999))).await;
    desk.wait_text("page-keys", "5,000 keys").await;
    desk.look("keys-5000").await;
    let rows = "return document.querySelectorAll('[data-testid=key-row]').length";
    assert!(
        desk.run(rows, vec![]).await.as_u64().unwrap() < 60,
        "all rows are in the page"
    );

    // To the end by scrolling: the rows there come, and those above go.
    let scroll = "document.querySelector('[data-testid=key-table] .scroll').scrollTop = 1e9";
    desk.run(scroll, vec![]).await;
    desk.wait_for(&row(&name(0))).await;
    desk.look("keys-5000-end").await;
    desk.fill("search", "service-01234").await;
    desk.wait_text("page-keys", "1 key").await;
    desk.wait_for(&row(&name(1_234))).await;
    desk.look("keys-5000-search").await;
    desk.fill("search", "").await;
    desk.click("filter-project").await;
    desk.look("keys-5000-filter").await;
    desk.click(&format!("filter-project-{}", world.shop.id))
        .await;
    desk.wait_text("page-keys", "1,667 keys").await;
    desk.click(&row(&name(4_999))).await;
    desk.wait_for("trail-row").await;
    desk.look("keys-5000-drawer").await;
    desk.click("drawer-close").await;
    desk.go("activity").await;
    desk.wait_for("audit-more").await;
    desk.look("activity-5000").await;
    desk.go("settings").await;
    desk.look("settings-team").await;
    desk.click("disconnect").await;
    desk.look("disconnect").await;
}

fn name(number: u32) -> String {
    format!("service-{number:05}")
}

impl Desk {
    /// From the sheet of a fresh reader called `status-bot` to its drawer once it is revoked.
    pub async fn look_at_more(&self, size: &str) {
        let see = async |name: &str| self.look(&format!("{size}{name}")).await;
        self.click("try-key").await;
        self.wait_for("[data-testid='trial'][data-status='200']")
            .await;
        see("trial").await;
        let secret = self.copy_fresh("status-bot").await;
        see("fresh-copied").await;
        self.click("fresh-done").await;
        self.click("gauge-open").await;
        self.wait_for("gauge-key").await;
        see("gauge").await;
        self.press(ESCAPE).await;
        self.wait_gone("gauge-key").await;
        self.click("connection").await;
        self.wait_for("home-connect").await;
        see("home-menu-alone").await;
        self.press(ESCAPE).await;
        self.wait_gone("home-menu").await;

        self.chord(CONTROL, 'k').await;
        self.wait_focus("palette-input").await;
        see("palette").await;
        self.type_text("status").await;
        self.wait_for("palette-key").await;
        see("palette-found").await;
        self.press(ESCAPE).await;
        self.wait_gone("palette").await;
        for (name, text) in [("pasted-cut", &secret[..30]), ("pasted", &secret)] {
            self.set_clipboard(text);
            self.press('/').await;
            self.wait_focus("search").await;
            self.chord(CONTROL, 'v').await;
            self.wait_for("[data-testid='pasted'] li").await;
            see(name).await;
            self.press(ESCAPE).await;
            self.wait_gone("pasted").await;
            self.press(ESCAPE).await;
        }
        self.window().ask_to_close();
        self.wait_focus("leave-keep").await;
        see("closing").await;
        self.click("cancel").await;
        self.wait_gone("closing-dialog").await;

        self.go("activity").await;
        self.click("audit-toggle").await;
        self.wait_for("audit-detail").await;
        see("activity-opened").await;
        self.go("keys").await;
        self.revoke("status-bot").await;
        self.click(&row("status-bot")).await;
        self.wait_for("can-do-nothing").await;
        self.wait_for("trail-row").await;
        see("drawer-dead").await;
    }
}
