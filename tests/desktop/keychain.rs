//! What becomes of secrets where the keychain is locked or away.

use acceptance::session::Keychain;

use super::person::{Form, TOASTS, banner, in_row, monitors};
use crate::support::desktop::Desk;
use crate::support::people::Caller;
use crate::support::upstream::{PHARE_KEY, Upstream};

/// Whatever is said of the keychain.
const KEYCHAIN: &str = "[data-testid='banner'][data-code^='keychain_']";

#[tokio::test]
async fn no_keychain() {
    let mut desk = Desk::start_with(Keychain::Absent, &[]).await;
    let gateway = desk.found().await;
    desk.wait_text(
        &banner("keychain_unavailable"),
        "No keychain answers on this computer.",
    )
    .await;
    desk.look("no-keychain").await;
    desk.make_key(Form::everything("Terraform")).await;
    desk.wait_text("keep-problem", "The secret is kept until Gardien closes.")
        .await;
    desk.look("fresh-no-keychain").await;
    desk.click("fresh-done").await;
    let secret = desk.copy("Terraform").await;
    Caller::with(&gateway, &secret)
        .get("/projects")
        .await
        .expect(200);

    // It is offered what it did not take as soon as it answers, and nobody has to ask for that.
    desk.keychain_unlock();
    desk.wait_gone(KEYCHAIN).await;
    desk.kill_app().await;
    desk.open_app().await;
    assert_eq!(desk.copy("Terraform").await, secret);
}

#[tokio::test]
async fn a_keychain_that_answers_again_just_before_the_end() {
    let mut desk = Desk::start_with(Keychain::Absent, &[]).await;
    desk.found().await;
    desk.make_key(Form::everything("Terraform")).await;
    desk.wait_text("keep-problem", "The secret is kept until Gardien closes.")
        .await;
    desk.click("fresh-done").await;
    let secret = desk.copy("Terraform").await;
    // Sooner than the app looks at it again.
    desk.keychain_unlock();
    desk.restart_app().await;
    assert_eq!(desk.copy("Terraform").await, secret);
}

#[tokio::test]
async fn a_locked_keychain() {
    let phare = Upstream::start();
    let mut desk =
        Desk::start_with(Keychain::Unlocked, &[("GARDIEN_PHARE_URL", &phare.url())]).await;
    let gateway = desk.found_over_phare(PHARE_KEY).await;
    for name in ["Before", "Leaked"] {
        desk.keep_key(Form::reader(name, "Shop")).await;
    }
    let before = desk.copy("Before").await;
    let leaked = desk.copy("Leaked").await;

    desk.keychain_lock();
    desk.make_key(Form::reader("Meanwhile", "Shop")).await;
    desk.wait_text("keep-problem", "The keychain is locked.")
        .await;
    desk.click("fresh-done").await;
    let meanwhile = desk.copy("Meanwhile").await;
    desk.wait_for(&banner("keychain_locked")).await;
    desk.click(&in_row("Before", "row-copy")).await;
    desk.wait_text(TOASTS, "The keychain is locked").await;
    desk.look("keychain-locked").await;
    desk.click("retry-keychain").await;
    desk.wait_for("[data-testid='retry-keychain']:not([disabled])")
        .await;
    desk.keychain_unlock();
    // Until the one that takes its place answers there is none.
    desk.wait_gone(KEYCHAIN).await;
    assert_eq!(desk.copy("Before").await, before);

    // Without Phare's key nothing can be called; a key can be revoked all the same.
    desk.close_app().await;
    desk.keychain_lock();
    desk.open_app().await;
    desk.wait_for(&banner("keychain_locked")).await;
    desk.wait_for(&banner("upstream_missing")).await;
    desk.look("upstream-missing").await;
    assert_eq!(monitors(&gateway, &before).await.status, 503);
    desk.revoke("Leaked").await;
    monitors(&gateway, &leaked)
        .await
        .refusal(401, "key_revoked");
    desk.keychain_unlock();
    desk.wait_gone("banner").await;
    monitors(&gateway, &before).await.expect(200);
    assert_eq!(desk.copy("Meanwhile").await, meanwhile);
}
