//! Starts that find something not as it should be: torn settings, a folder that is none, a driver that paints nothing.

use std::fs;
use std::path::Path;
use std::time::Duration;

use acceptance::session::{Keychain, wait_until};
use serde_json::{Value, json};

use super::person::{Form, monitors};
use crate::support::desktop::Desk;

/// No process has this number.
const NOBODY: &str = "4194999";
const WORKAROUND: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

#[tokio::test]
async fn torn_settings_are_put_aside_and_what_they_held_is_found_again() {
    let mut desk = Desk::start().await;
    let (gateway, secret) = desk.found_with_key("Terraform").await;
    desk.close_app().await;
    let file = desk.session().data().join("preferences.json");
    let whole = fs::read(&file).unwrap();
    let aside = |number: usize| file.with_extension(format!("json.damaged-{number}"));

    let torn: [&[u8]; 3] = [&[], &whole[..whole.len() / 2], b"\0\0\0\0"];
    for (number, torn) in (1..).zip(torn) {
        fs::write(&file, torn).unwrap();
        desk.open_app().await;
        assert_eq!(desk.copy("Terraform").await, secret);
        monitors(&gateway, &secret).await.expect(200);
        assert_eq!(fs::read(aside(number)).unwrap(), torn);
        desk.close_app().await;
    }

    // What a newer version wrote stays when something else changes.
    let mut newer: Value = serde_json::from_slice(&whole).unwrap();
    newer["of_a_newer_version"] = json!([1]);
    fs::write(&file, newer.to_string()).unwrap();
    desk.open_app().await;
    desk.keep_key(Form::reader("Grafana", "Shop")).await;
    desk.close_app().await;
    let written: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(written["of_a_newer_version"], json!([1]));
    assert_ne!(written["kept"], newer["kept"]);

    // Without the copy the port is lost. The database and the keychain know the rest.
    fs::remove_file(file.with_extension("json.last")).unwrap();
    fs::write(&file, "{").unwrap();
    desk.open_app().await;
    assert_eq!(desk.copy("Terraform").await, secret);
    assert!(
        !desk
            .is_there("[data-testid='banner'][data-code='upstream_missing']")
            .await
    );
    assert_eq!(fs::read(aside(4)).unwrap(), b"{");
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_named_with_the_reason() {
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("data");
    fs::write(&file, "").unwrap();
    let place = file.to_str().unwrap();
    let desk = Desk::start_with(Keychain::Unlocked, &[("GARDIEN_DATA_DIR", place)]).await;
    for words in [place, "a file stands where a folder should"] {
        desk.wait_text("failure-screen", words).await;
    }
    desk.look("folder-unusable").await;
}

#[tokio::test]
async fn a_start_that_painted_nothing_is_worked_round_at_the_next() {
    let mut desk = Desk::start().await;
    let note = desk.session().data().join("graphics");
    wait_until("frames", Duration::from_secs(20), || !note.exists()).unwrap();
    desk.close_app().await;
    assert!(!note.exists());

    fs::write(&note, format!("trying 0 {NOBODY}\n")).unwrap();
    // And the one after it starts in the way that works, too.
    for _ in 0..2 {
        desk.open_app().await;
        wait_until("frames", Duration::from_secs(20), || {
            fs::read_to_string(&note).is_ok_and(|note| note == "works 1\n")
        })
        .unwrap();
        let app = desk.session().running("gardien-desktop")[0];
        let environment = fs::read(Path::new("/proc").join(app.to_string()).join("environ"));
        let environment = String::from_utf8(environment.unwrap()).unwrap();
        assert!(environment.contains(&format!("{WORKAROUND}=1\0")));
        assert!(desk.log().contains(WORKAROUND));
        desk.close_app().await;
    }
}
