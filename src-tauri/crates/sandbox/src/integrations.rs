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
    let there = documents.list(INTEGRATIONS.name, None, 0, 100).await?;
    let mut apps: Vec<&Value> = specification.choices(APPS).iter().collect();
    apps.retain(|app| !there.iter().any(|document| document.body["app"] == **app));
    // Mail first: the integration that everything in the sandbox may count on has the first id.
    apps.sort_by_key(|app| *app != "email");
    let missing: Vec<Value> = apps
        .into_iter()
        .map(|app| {
            let name = if app == "email" { &json!("Default") } else { app };
            json!({ "app": app, "name": name, "paused": false, "created_at": now, "updated_at": now })
        })
        .collect();
    documents
        .insert_all(INTEGRATIONS.name, None, &missing)
        .await
}
