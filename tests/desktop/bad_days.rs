//! Revocations on a disk without room, and data that is older than it should be, as a person meets them.

use std::fs;
use std::path::Path;

use acceptance::session::Keychain;

use super::person::{Form, in_row, monitors, row};
use crate::support::desktop::Desk;
use crate::support::disk::{Disk, Mood};
use crate::support::people::Caller;
use crate::support::world::World;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

#[tokio::test]
async fn older_data_is_gone_on_with_only_if_the_person_says_so() {
    let mut desk = Desk::start().await;
    let gateway = desk.found().await;
    desk.keep_key(Form::everything("Leaked")).await;
    let leaked = desk.copy("Leaked").await;
    desk.keep_key(Form::everything("Terraform")).await;
    let terraform = desk.copy("Terraform").await;
    desk.close_app().await;
    let folder = desk.session().data();
    let backup = tempfile::tempdir().unwrap();
    copy(&folder, backup.path());
    desk.open_app().await;
    desk.revoke("Leaked").await;
    desk.close_app().await;
    let newest = tempfile::tempdir().unwrap();
    copy(&folder, newest.path());

    // The whole folder, as a backup program puts it back: only the keychain knows better.
    copy(backup.path(), &folder);
    desk.open_app().await;
    desk.failure("data_older").await;
    desk.wait_text("failure-screen", "Here the last one is")
        .await;
    desk.look("data-older").await;
    desk.click("retry").await;
    desk.failure("data_older").await;
    desk.close_app().await;

    // The file alone, as a person does it: what was revoked since is known.
    copy(newest.path(), &folder);
    fs::copy(backup.path().join("gardien.db"), folder.join("gardien.db")).unwrap();
    desk.open_app().await;
    desk.failure("data_older").await;
    let answer = reqwest::get(format!("{gateway}/projects")).await;
    assert!(answer.is_err(), "the gateway answers: {answer:?}");
    desk.click("accept-older").await;
    desk.wait_for("page-keys").await;
    Caller::with(&gateway, &terraform)
        .get("/projects")
        .await
        .expect(200);
    Caller::with(&gateway, &leaked)
        .get("/projects")
        .await
        .refusal(401, "key_revoked");
    desk.go("activity").await;
    desk.wait_text("page-activity", "went on with an older copy of the data")
        .await;

    desk.restart_app().await;
    desk.wait_for("page-keys").await;
    Caller::with(&gateway, &leaked)
        .get("/projects")
        .await
        .refusal(401, "key_revoked");
}

#[tokio::test]
async fn keys_revoked_together_on_a_full_disk_are_shown_as_revoked_and_stay_so_over_a_visit_to_a_team()
 {
    let disk = Disk::new();
    let variables = disk.variables();
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let mut desk = Desk::start_with(Keychain::Unlocked, &variables).await;
    let gateway = desk.found().await;
    let mut secrets = Vec::new();
    for name in ["First", "Second"] {
        desk.keep_key(Form::everything(name)).await;
        secrets.push(desk.copy(name).await);
    }
    disk.is(Mood::Full);
    for name in ["First", "Second"] {
        desk.click(&in_row(name, "row-select")).await;
    }
    desk.click("bulk-revoke").await;
    desk.click("confirm-revoke").await;
    for name in ["First", "Second"] {
        desk.wait_for(&format!("{}[data-status='revoked']", row(name)))
            .await;
    }
    desk.look("revoked-on-a-full-disk").await;

    let world = World::new().await;
    let token = world.server.token("adam@lighthouse.test", "admin");
    desk.click("connection").await;
    desk.click("home-connect").await;
    desk.remember(&token);
    desk.fill("server-url", world.server.management()).await;
    desk.fill("session-token", &token).await;
    desk.untick("keep-serving").await;
    desk.click("connect").await;
    desk.wait_text("organization-name", "Organization").await;
    desk.switch_to("here").await;
    desk.wait_text("organization-name", "Lighthouse").await;
    for secret in &secrets {
        monitors(&gateway, secret).await.refusal(401, "key_revoked");
    }
    disk.is(Mood::Good);
    desk.restart_app().await;
    desk.show_dead().await;
    for name in ["First", "Second"] {
        desk.wait_for(&format!("{}[data-status='revoked']", row(name)))
            .await;
    }
}
