//! Users, read only: the API cannot make them, so a new sandbox starts with one.

use gardien_store::{Documents, StoreError};
use serde_json::json;

use crate::collection::{Collection, Owner, PLAIN};

pub(crate) const USERS: Collection = Collection {
    name: "users",
    path: "/users",
    owner: Owner::Organization,
    filters: &[("email", "email")],
    ..PLAIN
};

/// Adds the one user of a new sandbox.
pub(crate) async fn seed(documents: &dyn Documents, now: &str) -> Result<(), StoreError> {
    if documents.list(USERS.name, None, 0, 1).await?.is_empty() {
        let owner = json!({
            "role": "admin",
            "email": "owner@sandbox.test",
            "created_at": now,
            "updated_at": now,
        });
        documents.insert(USERS.name, None, &owner).await?;
    }
    Ok(())
}
