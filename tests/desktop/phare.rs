//! Phare's own keys in the window. The Phare is a Gardien of its own behind TLS: it has keys of both scopes and refuses
//! them as Phare does.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use acceptance::session::Keychain;
use gardien_phare::PANEL_URL;

use super::memory::{self, NETWORK, WEB};
use super::person::{Form, MONITORS, banner, monitors};
use crate::support::desktop::Desk;
use crate::support::people::Caller;
use crate::support::server::Server;
use crate::support::tls::TlsFront;
use crate::support::world::{Issued, World, new_key, organization};

/// A Phare behind TLS that has no limit of its own.
async fn phare() -> (World, TlsFront) {
    let phare = World::new().await.unlimited().await;
    let front = TlsFront::before(phare.server.gateway());
    (phare, front)
}

async fn desk_before(front: &TlsFront, variables: &[(&str, &str)]) -> Desk {
    let (url, ca) = (front.url(), front.ca_file());
    let trusting = [
        ("GARDIEN_PHARE_URL", url.as_str()),
        ("SSL_CERT_FILE", ca.as_str()),
    ];
    Desk::start_with(Keychain::Unlocked, &[&trusting, variables].concat()).await
}

#[tokio::test]
async fn a_phare_key_is_attached_checked_replaced_and_detached() {
    let (phare, front) = phare().await;
    let (old, new) = (
        phare.organization_key().await,
        phare.organization_key().await,
    );
    let mut desk = desk_before(&front, &[]).await;
    let monitor = desk.notices().await;
    let gateway = desk.found().await;
    desk.make_project("Rehearsal").await;
    desk.keep_key(Form::reader("Sandbox reader", "Rehearsal"))
        .await;
    let of_the_sandbox = desk.copy("Sandbox reader").await;

    // From the sandbox to Phare. What was made for the one must not open the other.
    desk.go("settings").await;
    desk.click("attach-phare").await;
    desk.fill("attach-name", "Main").await;
    desk.fill("attach-key", "pha_org_NobodyEverMadeThisOne")
        .await;
    desk.tick("leave-sandbox").await;
    desk.click("attach-submit").await;
    desk.wait_text("attach-key-problem", "Phare refuses this key.")
        .await;
    desk.look("phare-attach-refused").await;
    // Nothing is left behind for a key that cannot serve.
    let blind = phare
        .issue(new_key("Blind", organization(), "none", "read"))
        .await;
    desk.type_key("attach-key", &blind).await;
    desk.click("attach-submit").await;
    desk.wait_text("attach-key-problem", "cannot list the projects")
        .await;
    monitors(&gateway, &of_the_sandbox).await.expect(200);
    desk.type_key("attach-key", &old).await;
    desk.click("attach-submit").await;
    desk.wait_for(&card("Main")).await;
    desk.wait_text(&in_card("Main", "phare-findings"), "Read-write")
        .await;
    desk.look("phare-attached").await;
    desk.has_no_secret_in_the_page(&[&old]).await;
    monitors(&gateway, &of_the_sandbox)
        .await
        .refusal(401, "key_revoked");
    desk.go("projects").await;
    for project in ["Shop", "Blog"] {
        desk.wait_for(&format!("[data-project-name='{project}']"))
            .await;
    }
    desk.wait_gone("[data-project-name='Rehearsal']").await;
    desk.keep_key(Form::reader("Reader", "Shop")).await;
    let reader = desk.copy("Reader").await;
    monitors(&gateway, &reader).await.expect(200);

    // A new secret takes the place of the old one while a program goes on calling.
    desk.go("settings").await;
    desk.click(&in_card("Main", "phare-check")).await;
    desk.wait_text(&in_card("Main", "phare-check"), "Check again")
        .await;
    desk.click(&in_card("Main", "phare-calls-toggle")).await;
    desk.wait_text(&in_card("Main", "phare-calls"), "POST /projects")
        .await;
    desk.click(&in_card("Main", "phare-next")).await;
    desk.type_key("stage-key", &new).await;
    desk.click("stage-submit").await;
    desk.wait_for(&in_card("Main", "phare-switch")).await;
    desk.look("phare-drill").await;
    let over = AtomicBool::new(false);
    let program = async {
        let mut calls = 0;
        while !over.load(Ordering::Acquire) {
            monitors(&gateway, &reader).await.expect(200);
            calls += 1;
            // As many as the limit has room for, should the drill take long.
            let pause = if calls < 20 { 150 } else { 1_000 };
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        calls
    };
    let drill = async {
        desk.switch("Main", &new).await;
        desk.switch("Main", &old).await;
        desk.switch("Main", &new).await;
        // Only now is the old one taken out of Phare's panel.
        phare.revoke(&old).await;
        monitors(&gateway, &reader).await.expect(200);
        desk.look("phare-switched").await;
        desk.click(&in_card("Main", "phare-unstage")).await;
        desk.click("confirm-unstage").await;
        desk.wait_gone(&in_card("Main", "phare-unstage")).await;
        over.store(true, Ordering::Release);
    };
    let (calls, ()) = tokio::join!(program, drill);
    assert!(calls > 3, "only {calls} calls during the drill");

    // Phare refuses the key: the client keeps its own, and the person is told in the window and by the system.
    phare.revoke(&new).await;
    let refused = Instant::now();
    monitors(&gateway, &reader)
        .await
        .refusal(502, "upstream_key_refused");
    desk.wait_for(&banner("phare_refused")).await;
    desk.wait_for(&in_card("Main", "phare-refused")).await;
    monitor.wait_for("Phare refuses Gardien’s key").await;
    assert!(refused.elapsed() < Duration::from_secs(10));
    desk.look("phare-refused").await;
    phare
        .owner
        .send(reqwest::Method::POST, &new.path("/restore"), None)
        .await
        .expect(200);
    monitors(&gateway, &reader).await.expect(200);
    desk.wait_gone(&banner("phare_refused")).await;

    // The same after a restart; then detached.
    desk.restart_app().await;
    monitors(&gateway, &reader).await.expect(200);
    desk.go("settings").await;
    desk.wait_for(&card("Main")).await;
    desk.has_no_secret_in_the_memory_of_the_page(&[&old, &new]);
    desk.click(&in_card("Main", "phare-detach")).await;
    desk.look("phare-detach").await;
    desk.click("confirm-detach").await;
    desk.wait_gone(&card("Main")).await;
    monitors(&gateway, &reader)
        .await
        .refusal(503, "upstream_key_missing");
    desk.look("phare-detached").await;
    desk.restart_app().await;
    monitors(&gateway, &reader)
        .await
        .refusal(503, "upstream_key_missing");

    // And attached again: nothing of the organization was lost.
    desk.go("settings").await;
    desk.click("attach-phare").await;
    desk.fill("attach-name", "Again").await;
    desk.type_key("attach-key", &new).await;
    desk.click("attach-submit").await;
    desk.wait_for(&card("Again")).await;
    monitors(&gateway, &reader).await.expect(200);
    desk.has_no_secret_in_the_page(&[&old, &new]).await;
}

/// The same thing in the same way, where a team's server holds the keys.
#[tokio::test]
async fn a_phare_key_of_a_team_is_attached_replaced_and_detached() {
    let phare = World::new().await.unlimited().await;
    let given = phare.organization_key().await;
    let (old, new) = (
        phare
            .issue(new_key("Old", phare.shop.scope(), "read", "read"))
            .await,
        phare
            .issue(new_key("New", phare.shop.scope(), "read", "read"))
            .await,
    );
    let team = Server::start_with(
        &["--phare", phare.server.gateway()],
        &[("PHARE_API_KEY", &given.secret)],
    );
    let token = team.token("adam@lighthouse.test", "admin");
    let mut desk = Desk::start().await;
    desk.join(team.management(), &token).await;
    desk.go("settings").await;
    desk.click("attach-phare").await;
    desk.fill("attach-name", "Shop").await;
    desk.fill("attach-key", "pha_prj_NobodyEverMadeThisOne")
        .await;
    desk.click("attach-submit").await;
    desk.wait_text("attach-key-problem", "Phare refuses this key.")
        .await;
    desk.type_key("attach-key", &old).await;
    desk.click("attach-submit").await;
    desk.wait_for(&card("Shop")).await;
    desk.click(&in_card("Shop", "phare-next")).await;
    desk.type_key("stage-key", &new).await;
    desk.click("stage-submit").await;
    desk.wait_for(&in_card("Shop", "phare-switch")).await;
    desk.look("phare-team-drill").await;
    desk.switch("Shop", &new).await;
    desk.click(&in_card("Shop", "phare-unstage")).await;
    desk.click("confirm-unstage").await;
    desk.wait_gone(&in_card("Shop", "phare-unstage")).await;
    desk.restart_app().await;
    desk.go("settings").await;
    desk.wait_text(&card("Shop"), &new.secret[..16]).await;
    desk.has_no_secret_in_the_memory_of_the_page(&[&old, &new]);
    desk.click(&in_card("Shop", "phare-detach")).await;
    desk.click("confirm-detach").await;
    desk.wait_gone(&card("Shop")).await;
    assert!(!desk.is_there("use-sandbox").await);
    assert_eq!(team.leaks(), [""; 0]);
}

#[tokio::test]
async fn each_project_has_its_own_phare_key_and_an_issued_key_says_where_it_stops() {
    let (phare, front) = phare().await;
    let shop = phare
        .issue(new_key("Shop", phare.shop.scope(), "read", "read"))
        .await;
    let blog = phare
        .issue(new_key("Blog", phare.blog.scope(), "read", "read_write"))
        .await;
    let desk = desk_before(&front, &[]).await;
    let gateway = desk.found_over_phare(&shop.secret).await;
    desk.go("settings").await;
    desk.click("attach-phare").await;
    desk.fill("attach-name", "Blog").await;
    desk.type_key("attach-key", &blog).await;
    desk.click("attach-submit").await;
    desk.wait_for(&card("Blog")).await;
    desk.look("phare-two-keys").await;

    desk.go("keys").await;
    desk.click("new-key").await;
    let form = Form {
        uptime: "read_write",
        ..Form::reader("Deploy", "Shop")
    };
    desk.fill_in(form).await;
    desk.wait_text("key-stops", "No attached Phare key can write Uptime")
        .await;
    desk.look("phare-key-stops").await;
    desk.click("create-key").await;
    let deploy = desk.copy_fresh("Deploy").await;
    desk.click("fresh-done").await;
    desk.keep_key(Form {
        uptime: "read_write",
        ..Form::reader("Publish", "Blog")
    })
    .await;
    let publish = desk.copy("Publish").await;
    // Phare has the last word, and its words.
    let deploy = Caller::with(&gateway, &deploy);
    deploy.get(MONITORS).await.expect(200);
    let stopped = deploy
        .post(MONITORS, serde_json::json!({}))
        .await
        .expect(403);
    assert!(
        stopped["message"]
            .as_str()
            .unwrap()
            .contains("uptime:write"),
        "{stopped:#}"
    );
    let publish = Caller::with(&gateway, &publish);
    publish
        .post(MONITORS, serde_json::json!({}))
        .await
        .expect(422);
}

#[tokio::test]
async fn a_phare_key_is_kept_copied_and_revoked_in_phares_panel() {
    let (phare, front) = phare().await;
    let kept = phare
        .issue(new_key("Old script", phare.shop.scope(), "read", "read"))
        .await;
    let browser = Browser::new();
    let mut desk = desk_before(&front, &[("PATH", &browser.path())]).await;
    desk.found().await;
    desk.click("keys-tab-kept").await;
    desk.look("phare-kept-empty").await;
    desk.click("keep-phare-key").await;
    desk.fill("keep-name", "Old script").await;
    desk.type_key("keep-key", &kept).await;
    desk.click("keep-submit").await;
    desk.wait_for(&kept_row("Old script")).await;
    desk.wait_text(&kept_row("Old script"), "Shop").await;
    desk.look("phare-kept").await;
    // Apart from the issued ones.
    desk.click("keys-tab-issued").await;
    assert!(!desk.is_there(&kept_row("Old script")).await);

    desk.restart_app().await;
    desk.click("keys-tab-kept").await;
    desk.set_clipboard("nothing");
    desk.click(&format!(
        "{} [data-testid='kept-copy']",
        kept_row("Old script")
    ))
    .await;
    let copied = desk.wait_clipboard(|text| text.starts_with("pha_")).await;
    assert_eq!(copied, kept.secret);
    desk.has_no_secret_in_the_page(&[&kept]).await;
    // Since it was pasted in an earlier run, the page has had nothing to do with it.
    desk.has_no_secret_in_the_memory_of_the_page(&[&kept]);

    desk.click(&format!(
        "{} [data-testid='kept-revoke']",
        kept_row("Old script")
    ))
    .await;
    desk.look("phare-kept-revoke").await;
    desk.click("open-phare-panel").await;
    browser.opened(PANEL_URL).await;
    desk.press('\u{e00c}').await;
    // Phare says so itself once it was revoked there.
    phare.revoke(&kept).await;
    desk.click(&format!(
        "{} [data-testid='kept-check']",
        kept_row("Old script")
    ))
    .await;
    desk.wait_text(&kept_row("Old script"), "Refused").await;
    desk.click(&format!(
        "{} [data-testid='kept-remove']",
        kept_row("Old script")
    ))
    .await;
    desk.click("confirm-remove").await;
    desk.wait_gone(&kept_row("Old script")).await;
}

impl Desk {
    /// Pastes a key of Phare's into a field.
    async fn type_key(&self, place: &str, key: &Issued) {
        self.remember(&key.secret);
        self.fill(place, &key.secret).await;
    }

    /// Lets the two secrets of a key change places, and waits until this one is in use.
    async fn switch(&self, name: &str, to: &Issued) {
        self.click(&in_card(name, "phare-switch")).await;
        let shown = format!("{}…", &to.secret[..16]);
        self.wait_text(&in_card(name, "slot-current"), &shown).await;
    }

    /// Neither as text nor in a field.
    async fn has_no_secret_in_the_page(&self, keys: &[&Issued]) {
        let script = "const fields = [...document.querySelectorAll('input, textarea')];
            return document.documentElement.outerHTML + fields.map((field) => field.value).join()";
        let page = self.run(script, vec![]).await;
        let page = page.as_str().unwrap();
        for key in keys {
            assert!(!page.contains(&key.secret), "{} is in the page", key.id);
        }
    }

    /// Nor where it was, of a page that nobody pasted it into.
    fn has_no_secret_in_the_memory_of_the_page(&self, keys: &[&Issued]) {
        for key in keys {
            for program in [WEB, NETWORK] {
                let held = memory::holds(self, program, &key.secret);
                assert!(!held, "{} is in the memory of {program}", key.id);
            }
        }
    }
}

/// A browser that writes down what it is asked to open.
struct Browser {
    folder: tempfile::TempDir,
}

impl Browser {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("xdg-open");
        let script = format!(
            "#!/bin/sh\necho \"$1\" >> '{}'\n",
            folder.path().join("opened").display()
        );
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    fn path(&self) -> String {
        let others = std::env::var("PATH").unwrap();
        format!("{}:{others}", self.folder.path().display())
    }

    async fn opened(&self, url: &str) {
        let file: &Path = &self.folder.path().join("opened");
        let start = Instant::now();
        while fs::read_to_string(file).unwrap_or_default().trim() != url {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "nothing was opened"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn card(name: &str) -> String {
    format!("[data-testid='phare-key-card'][data-name='{name}']")
}

fn in_card(name: &str, testid: &str) -> String {
    format!("{} [data-testid='{testid}']", card(name))
}

fn kept_row(name: &str) -> String {
    format!("[data-testid='kept-row'][data-name='{name}']")
}
