//! What the product is for, from the first start to a key that stays revoked.

use std::time::{Duration, Instant};

use serde_json::json;

use super::person::{Form, MONITORS, in_row, in_toast, monitors, row, toast};
use crate::support::desktop::Desk;
use crate::support::people::Caller;

/// How long a secret stays on the clipboard unless somebody says otherwise.
const STAYS: Duration = Duration::from_secs(30);

#[tokio::test]
async fn from_the_first_start_to_a_key_that_stays_revoked() {
    let mut desk = Desk::start().await;
    let gateway = desk.found().await;
    let (shop, _) = desk.make_project("Shop").await;
    let (_, blog) = desk.make_project("Blog").await;
    desk.keep_key(Form::reader("Dashboard", "Shop")).await;
    desk.keep_key(Form::everything("Terraform")).await;

    let everything = desk.copy("Terraform").await;
    let reading = desk.copy("Dashboard").await;
    let copied = Instant::now();
    assert!(everything.starts_with("pha_org_gdn_") && reading.starts_with("pha_prj_gdn_"));
    assert!(
        desk.text(&in_toast("clipboard", "toast-detail"))
            .await
            .starts_with("Cleared from the clipboard in ")
    );

    let dashboard = Caller::with(&gateway, &reading);
    assert_eq!(dashboard.get(MONITORS).await.expect(200)["data"], json!([]));
    let words = "The uptime:write permission is required to perform this action.";
    assert_eq!(
        dashboard.post(MONITORS, json!({})).await.refusal(403, ""),
        json!({ "message": words })
    );
    let terraform = Caller::with(&gateway, &everything);
    let unnamed = terraform.get(MONITORS).await.refusal(422, "");
    assert!(unnamed["errors"]["X-Phare-Project-Id"][0].is_string());
    for (header, value) in [
        ("X-Phare-Project-Id", &shop),
        ("X-Phare-Project-Slug", &blog),
    ] {
        let naming = terraform.clone().header(header, value);
        naming.get(MONITORS).await.expect(200);
    }

    tokio::time::sleep_until((copied + STAYS - Duration::from_secs(3)).into()).await;
    assert_eq!(desk.clipboard().await, reading);
    tokio::time::sleep_until((copied + STAYS + Duration::from_secs(1)).into()).await;
    assert_eq!(desk.clipboard().await, "");

    let key = desk.attribute(&row("Dashboard"), "data-key-id").await;
    let about = format!("revoked-{key}");
    desk.revoke("Dashboard").await;
    monitors(&gateway, &reading)
        .await
        .refusal(401, "key_revoked");
    let said = desk.text(&toast(&about)).await;
    assert!(said.contains("Revoked “Dashboard”"), "{said}");
    assert!(said.contains("Last used"), "{said}");
    assert!(said.contains("Calls with it are refused now."), "{said}");

    desk.click(&in_toast(&about, "undo")).await;
    desk.wait_text(&toast(&about), "Restored “Dashboard”").await;
    monitors(&gateway, &reading).await.expect(200);
    desk.revoke("Dashboard").await;

    desk.restart_app().await;
    desk.wait_for(&row("Terraform")).await;
    assert!(!desk.is_there(&row("Dashboard")).await);
    desk.show_dead().await;
    desk.wait_for(&format!("{}[data-status='revoked']", row("Dashboard")))
        .await;
    monitors(&gateway, &reading)
        .await
        .refusal(401, "key_revoked");
    assert!(!desk.is_there(&in_row("Dashboard", "row-copy")).await);
    assert_eq!(desk.copy("Terraform").await, everything);
    let naming = terraform.header("X-Phare-Project-Id", &shop);
    naming.get(MONITORS).await.expect(200);
}
