//! Integrations, read only: the API cannot make them, so a new sandbox starts with one of each app.

use gardien_store::{Documents, StoreError};
use serde_json::{Value, json};

use crate::collection::{Collection, Owner, PLAIN, Parent};
use crate::specification::Specification;

pub(crate) const INTEGRATIONS: Collection = Collection {
    name: "integrations",
    path: "/apps/{app}/integrations",
    owner: Owner::Organization,
    parent: Some(Parent::Choice {
        field: "app",
        schema: APPS,
    }),
    filters: &[("name", "name")],
    ..PLAIN
};

const APPS: &str = "AppKey";

/// Adds what is missing of one integration for each app. Mail has one by the name that Phare gives it.
pub(crate) async fn seed(
    documents: &dyn Documents,
    specification: &Specification,
    now: &str,
) -> Result<(), StoreError> {
    let apps = specification.named(APPS)["enum"].as_array();
    let apps = || apps.into_iter().flatten().filter_map(Value::as_str);
    let there = documents.list(INTEGRATIONS.name, None, 0, 100).await?;
    let mail_first = apps()
        .filter(|app| *app == "email")
        .chain(apps().filter(|app| *app != "email"));
    let missing: Vec<Value> = mail_first
        .filter(|app| !there.iter().any(|document| document.body["app"] == *app))
        .map(|app| {
            json!({
                "app": app,
                "name": if app == "email" { "Default" } else { app },
                "paused": false,
                "created_at": now,
                "updated_at": now,
            })
        })
        .collect();
    if !missing.is_empty() {
        documents
            .insert_all(INTEGRATIONS.name, None, &missing)
            .await?;
    }
    Ok(())
}
