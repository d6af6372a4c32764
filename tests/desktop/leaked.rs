//! A key leaked. Its secret is pasted, replaced, and that taken back: three acts, in seconds.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::person::{Form, monitors, row};
use crate::support::desktop::Desk;
use crate::support::keyboard::{
    CONTROL, ENTER, PLACE_OF_J, PLACE_OF_K_HELD, PLACE_OF_N, PLACE_OF_SLASH, PLACE_OF_V_HELD,
    PLACE_OF_Z_HELD,
};
use crate::support::world::{World, new_key, organization};

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn is_replaced_and_back_with_a_mouse() {
    let leak = Leak::new().await;
    leak.desk.click("search").await;
    leak.is_pulled_back(
        async |desk| desk.chord(CONTROL, 'v').await,
        async |desk| desk.click("pasted-replace").await,
        async |desk| desk.click("undo").await,
    )
    .await;
}

#[tokio::test]
async fn is_replaced_and_back_without_a_mouse() {
    let leak = Leak::new().await;
    leak.desk.press('/').await;
    leak.is_pulled_back(
        async |desk| desk.chord(CONTROL, 'v').await,
        async |desk| desk.press(ENTER).await,
        async |desk| desk.chord(CONTROL, 'z').await,
    )
    .await;
}

/// The same keys, on a keyboard that types other letters.
#[tokio::test]
async fn is_replaced_and_back_with_a_cyrillic_keyboard() {
    let leak = Leak::new().await;
    let desk = &leak.desk;
    desk.type_cyrillic();
    desk.strike(PLACE_OF_N);
    desk.wait_focus("key-name").await;
    desk.strike(PLACE_OF_N);
    // What is typed is Cyrillic, so what was pressed before was, too.
    desk.run_until("return document.activeElement.value === 'т'", vec![])
        .await;
    desk.strike("BackSpace");
    desk.run_until("return document.activeElement.value === ''", vec![])
        .await;
    desk.strike("Escape");
    desk.wait_gone("new-key-sheet").await;
    desk.strike(PLACE_OF_K_HELD);
    desk.wait_focus("palette-input").await;
    desk.strike("Escape");
    desk.wait_gone("palette").await;
    desk.strike(PLACE_OF_J);
    desk.wait_focus("key-row").await;
    // The cursor was on the key that was made last.
    assert_eq!(desk.focused_key().await, "Grafana");
    desk.strike(PLACE_OF_SLASH);
    leak.is_pulled_back(
        async |desk| desk.strike(PLACE_OF_V_HELD),
        async |desk| desk.strike("Return"),
        async |desk| desk.strike(PLACE_OF_Z_HELD),
    )
    .await;
}

/// Three keys and much else in a log: all are found, and none is touched before somebody says which.
#[tokio::test]
async fn are_found_in_a_whole_log_and_nothing_is_done_to_them() {
    let world = World::new().await;
    let mut leaked = Vec::new();
    for name in ["Grafana", "Terraform", "Status page"] {
        let key = new_key(name, organization(), "read", "read");
        leaked.push(world.issue(key).await);
    }
    let untouched = world
        .issue(new_key("Quiet", organization(), "read", "read"))
        .await;
    let token = world.server.token("owner@lighthouse.test", "owner");
    let desk = Desk::start().await;
    desk.join(world.server.management(), &token).await;
    desk.wait_for(&row("Quiet")).await;
    let before = world.everything_told().await;

    let mut log = String::new();
    for line in 0..2_000 {
        let id = uuid::Uuid::now_v7();
        writeln!(
            log,
            "2026-02-11T04:12:{:02}Z GET /uptime/monitors 200 {id}",
            line % 60
        )
        .unwrap();
        if let Some(key) = leaked.get(line / 600).filter(|_| line % 600 == 300) {
            writeln!(log, "  authorization: \"Bearer {}\",", key.secret).unwrap();
        }
    }
    for key in &leaked {
        desk.remember(&key.secret);
    }
    desk.set_clipboard(&log);
    desk.press('/').await;
    desk.wait_focus("search").await;
    desk.chord(CONTROL, 'v').await;
    desk.wait_text("pasted-title", "3 keys of this organization found")
        .await;
    for key in &leaked {
        let place = format!("[data-testid='pasted-key'][data-key-id='{}']", key.id);
        desk.wait_text(&place, "Never used").await;
    }
    let place = format!("[data-testid='pasted-key'][data-key-id='{}']", untouched.id);
    assert!(!desk.is_there(&place).await);
    desk.look("pasted-log").await;
    // With several there is nothing under Enter.
    desk.press(ENTER).await;
    let secrets: Vec<&str> = leaked.iter().map(|key| key.secret.as_str()).collect();
    desk.page_holds_none_of(&secrets).await;
    assert_eq!(world.everything_told().await, before);

    let first = format!(
        "[data-key-id='{}'] [data-testid='pasted-revoke']",
        leaked[0].id
    );
    desk.click(&first).await;
    desk.wait_for(&format!("{}[data-status='revoked']", row("Grafana")))
        .await;
    world
        .holder(&leaked[0])
        .get("/v1/nothing")
        .await
        .refusal(401, "key_revoked");
    for key in [&leaked[1], &leaked[2], &untouched] {
        let status = world.owner.get(&key.path("")).await.expect(200)["status"].clone();
        assert_eq!(status, "active");
    }
    desk.page_holds_none_of(&secrets).await;
}

/// A desk with one key that is kept, whose secret is on the clipboard.
struct Leak {
    desk: Desk,
    gateway: String,
    secret: String,
}

impl Leak {
    async fn new() -> Self {
        let desk = Desk::start().await;
        let gateway = desk.found().await;
        desk.make_project("Shop").await;
        for name in ["Grafana", "Terraform"] {
            desk.keep_key(Form::reader(name, "Shop")).await;
        }
        let secret = desk.copy("Terraform").await;
        monitors(&gateway, &secret).await.expect(200);
        desk.set_clipboard(&secret);
        Self {
            desk,
            gateway,
            secret,
        }
    }

    /// Each of the three is one act.
    async fn is_pulled_back(
        &self,
        paste: impl AsyncFn(&Desk),
        replace: impl AsyncFn(&Desk),
        undo: impl AsyncFn(&Desk),
    ) {
        let Self {
            desk,
            gateway,
            secret,
        } = self;
        desk.wait_focus("search").await;
        let begin = Instant::now();
        paste(desk).await;
        desk.wait_text("pasted-name", "Terraform").await;
        desk.wait_for("pasted-replace").await;
        desk.page_holds_none_of(&[secret]).await;

        replace(desk).await;
        let new = desk
            .paste_secret("Copied the new secret of “Terraform”")
            .await;
        assert_ne!(&new, secret);
        monitors(gateway, secret).await.refusal(401, "key_revoked");
        monitors(gateway, &new).await.expect(200);
        desk.page_holds_none_of(&[secret, &new]).await;

        undo(desk).await;
        desk.wait_text("[data-testid='toast'][data-topic^='revoked-']", "Restored")
            .await;
        let took = begin.elapsed();
        monitors(gateway, secret).await.expect(200);
        monitors(gateway, &new).await.refusal(401, "key_revoked");
        assert!(took < PATIENCE, "{took:?}");

        desk.wait_gone("fresh-sheet").await;
        desk.wait_for(&format!("{}[data-status='active']", row("Terraform")))
            .await;
        desk.page_holds_none_of(&[secret, &new]).await;
        assert_eq!(
            desk.attribute(&row("Grafana"), "data-status").await,
            "active"
        );
    }
}

impl World {
    /// Every key with its last use, and the whole trail: looking leaves no trace in either.
    async fn everything_told(&self) -> Value {
        let keys = self.owner.get("/v1/keys").await.expect(200);
        let trail = self.owner.get("/v1/audit").await.expect(200);
        json!([keys, trail["data"]])
    }
}

impl Desk {
    /// Insists that neither the page, nor a field in it, nor what it stores holds one of these, whole or its random part.
    async fn page_holds_none_of(&self, secrets: &[&str]) {
        let script = "const fields = [...document.querySelectorAll('input, textarea')].map(({ value }) => value);
            const stored = [localStorage, sessionStorage].map((each) => JSON.stringify({ ...each }));
            const rest = [document.title, location.href, JSON.stringify(history.state)];
            return [document.documentElement.outerHTML, ...fields, ...stored, ...rest].join('\\n')";
        let page = self.run(script, vec![]).await;
        let page = page.as_str().unwrap();
        for secret in secrets {
            assert!(!page.contains(&secret[12..36]), "in the page: {page}");
        }
    }
}
