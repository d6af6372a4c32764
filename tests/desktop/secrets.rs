//! Where the secret of a key is, and where it is not.

use std::time::{Duration, Instant};

use acceptance::session::Keychain;

use super::memory::{self, NETWORK, WEB};
use super::person::{Form, in_row, monitors, row, toast};
use crate::support::desktop::Desk;
use crate::support::people::Caller;
use crate::support::upstream::{PHARE_KEY, Upstream};

/// The files are searched when the desk is dropped.
#[tokio::test]
async fn what_was_never_revealed_is_in_no_file_and_not_in_the_memory_of_the_page() {
    let phare = Upstream::start();
    let variables = [
        ("GARDIEN_PHARE_URL", phare.url()),
        ("GARDIEN_CLIPBOARD_SECONDS", "2".to_owned()),
    ];
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let mut desk = Desk::start_with(Keychain::Unlocked, &variables).await;
    let gateway = desk.found_over_phare(PHARE_KEY).await;
    assert_eq!(desk.text("organization-name").await, "Lighthouse");

    // Everything that can be done with a secret but to reveal it.
    desk.make_key(Form::reader("Hidden", "Shop")).await;
    for (form, place, words) in [
        ("env", toast("clipboard"), "Copied as .env, with the secret"),
        ("curl", "toast-lane".to_owned(), "Copied as curl"),
        ("terraform", "toast-lane".to_owned(), "Copied as Terraform"),
    ] {
        desk.click(&format!("form-{form}")).await;
        desk.click("copy-form").await;
        desk.wait_text(&place, words).await;
    }
    let created = desk.copy_fresh("Hidden").await;
    desk.click("fresh-done").await;
    desk.keep_key(Form::everything("Shown")).await;
    let hidden = desk.rotate("Hidden", "0").await;
    assert_ne!(hidden, created);
    desk.revoke("Hidden").await;
    desk.click("undo").await;
    desk.wait_for(&format!("{}[data-status='active']", row("Hidden")))
        .await;
    assert_eq!(desk.copy("Hidden").await, hidden);
    let shown = desk.copy("Shown").await;
    monitors(&gateway, &hidden).await.expect(200);
    assert!(
        phare
            .calls()
            .iter()
            .any(|seen| seen.target == "/uptime/monitors")
    );

    desk.click(&row("Shown")).await;
    desk.click("drawer-reveal").await;
    assert_eq!(desk.text("drawer-secret").await, shown);
    assert!(
        memory::holds(&desk, WEB, &shown),
        "the search finds nothing"
    );
    for secret in [created.as_str(), &hidden] {
        for program in [WEB, NETWORK] {
            assert!(
                !memory::holds(&desk, program, secret),
                "in the memory of {program}"
            );
        }
    }

    // Whoever had a secret in hand is written down, with the way that it left.
    desk.click("drawer-close").await;
    desk.go("activity").await;
    for words in [
        "You copied the secret of “Hidden”",
        "You revealed the secret of “Shown”",
    ] {
        desk.wait_text("page-activity", words).await;
    }
    assert!(
        !desk
            .text("page-activity")
            .await
            .contains("revealed the secret of “Hidden”")
    );

    desk.restart_app().await;
    assert_eq!(desk.copy("Hidden").await, hidden);
    assert!(!memory::holds(&desk, WEB, &hidden) && !memory::holds(&desk, WEB, &shown));
    monitors(&gateway, &hidden).await.expect(200);
    desk.wait_clipboard(str::is_empty).await;
}

#[tokio::test]
async fn a_revealed_secret_leaves_the_page_by_itself() {
    const SHOWN: Duration = Duration::from_secs(10);
    let desk = Desk::start().await;
    desk.found().await;
    desk.make_project("Shop").await;
    desk.make_key(Form::reader("Dashboard", "Shop")).await;
    let secret = desk.copy_fresh("Dashboard").await;
    let in_page = async || {
        let page = "return document.documentElement.outerHTML";
        desk.run(page, vec![])
            .await
            .as_str()
            .unwrap()
            .contains(&secret)
    };
    assert!(!in_page().await);

    desk.click("fresh-reveal").await;
    desk.wait_for("[data-testid='fresh-secret'][data-revealed='true']")
        .await;
    assert_eq!(desk.text("fresh-secret").await, secret);
    desk.click("fresh-hide").await;
    assert!(!in_page().await);
    desk.click("fresh-reveal").await;
    desk.wait_for("[data-testid='fresh-secret'][data-revealed='true']")
        .await;
    desk.click("fresh-done").await;
    desk.wait_gone("fresh-sheet").await;
    assert!(!in_page().await);

    desk.click(&row("Dashboard")).await;
    let before = Instant::now();
    desk.click("drawer-reveal").await;
    assert_eq!(desk.text("drawer-secret").await, secret);
    let after = Instant::now();
    tokio::time::sleep_until((before + SHOWN - Duration::from_secs(2)).into()).await;
    assert!(in_page().await);
    tokio::time::sleep_until((after + SHOWN + Duration::from_secs(1)).into()).await;
    assert!(!in_page().await);
    desk.wait_for("drawer-reveal").await;
}

#[tokio::test]
async fn a_leaked_key_is_replaced_in_one_step() {
    let desk = Desk::start().await;
    let gateway = desk.found().await;
    desk.make_project("Shop").await;
    desk.keep_key(Form::reader("Dashboard", "Shop")).await;
    let leaked = desk.copy("Dashboard").await;
    monitors(&gateway, &leaked).await.expect(200);
    desk.set_clipboard("something else");

    desk.click(&in_row("Dashboard", "row-menu")).await;
    desk.click("replace-key").await;
    desk.wait_text("fresh-sheet", "The old key is revoked")
        .await;
    let new = desk
        .paste_secret("Copied the new secret of “Dashboard”")
        .await;
    assert_ne!(new, leaked);
    monitors(&gateway, &leaked)
        .await
        .refusal(401, "key_revoked");
    monitors(&gateway, &new).await.expect(200);

    desk.click("fresh-done").await;
    for status in ["active", "revoked"] {
        desk.wait_for(&format!("{}[data-status='{status}']", row("Dashboard")))
            .await;
    }
    assert_eq!(desk.copy("Dashboard").await, new);
}

#[tokio::test]
async fn a_rotated_key_has_two_secrets_for_a_while() {
    let desk = Desk::start().await;
    let gateway = desk.found().await;
    desk.make_project("Shop").await;
    desk.keep_key(Form::reader("Dashboard", "Shop")).await;
    let old = desk.copy("Dashboard").await;
    let new = desk.rotate("Dashboard", "3600").await;
    assert_ne!(new, old);
    desk.wait_for(&format!("{}[data-status='rotating']", row("Dashboard")))
        .await;
    for secret in [&old, &new] {
        monitors(&gateway, secret).await.expect(200);
    }
    desk.click(&row("Dashboard")).await;
    desk.wait_text("drawer", "Old secret").await;
    desk.click("drawer-close").await;

    let last = desk.rotate("Dashboard", "0").await;
    monitors(&gateway, &new)
        .await
        .refusal(401, "secret_replaced");
    monitors(&gateway, &last).await.expect(200);
}

#[tokio::test]
async fn a_project_takes_its_keys_along_only_when_asked() {
    let desk = Desk::start().await;
    let gateway = desk.found().await;
    desk.make_project("Shop").await;
    desk.make_project("Blog").await;
    for name in ["Dashboard", "Status page"] {
        desk.keep_key(Form::reader(name, "Shop")).await;
    }
    desk.keep_key(Form::reader("Other", "Blog")).await;
    let [dashboard, other] = [desk.copy("Dashboard").await, desk.copy("Other").await];

    desk.go("projects").await;
    let delete = "[data-project-name='Shop'] [data-testid='delete-project']";
    desk.click(delete).await;
    desk.wait_text("delete-dialog", "2 live keys will stop working at once")
        .await;
    for name in ["Dashboard", "Status page"] {
        desk.wait_text("doomed-keys", name).await;
    }
    assert!(!desk.text("doomed-keys").await.contains("Other"));
    desk.click("cancel").await;
    desk.wait_gone("delete-dialog").await;
    monitors(&gateway, &dashboard).await.expect(200);

    desk.click(delete).await;
    desk.click("confirm-delete").await;
    desk.wait_gone("[data-project-name='Shop']").await;
    monitors(&gateway, &dashboard)
        .await
        .refusal(401, "key_revoked");
    monitors(&gateway, &other).await.expect(200);
    desk.go("keys").await;
    desk.show_dead().await;
    desk.wait_for(&format!("{}[data-status='revoked']", row("Dashboard")))
        .await;
    desk.wait_for(&format!("{}[data-status='active']", row("Other")))
        .await;
}

/// Nobody can show a secret again that was neither kept nor copied: leaving it is asked first.
#[tokio::test]
async fn a_secret_that_is_not_kept_is_not_lost_by_a_slip() {
    let desk = Desk::start().await;
    let gateway = desk.found().await;
    let form = Form {
        keep: false,
        ..Form::everything("Once")
    };
    desk.make_key(form).await;
    desk.wait_text("not-kept", "This is the only time.").await;
    desk.click("fresh-done").await;
    desk.wait_text(
        "fresh-leaving",
        "The secret was not copied and is not kept.",
    )
    .await;
    desk.click("fresh-copy-close").await;
    desk.wait_gone("fresh-sheet").await;
    let secret = desk.paste_secret("Copied the secret of “Once”").await;
    Caller::with(&gateway, &secret)
        .get("/projects")
        .await
        .expect(200);
    desk.wait_for(&row("Once")).await;
    assert!(!desk.is_there(&in_row("Once", "row-copy")).await);
}
