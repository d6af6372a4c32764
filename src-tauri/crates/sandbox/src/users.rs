//! Users, read only: the members of the organization as they are now. A number of its own, by which clients name users,
//! is all that is kept of one.

use std::collections::HashMap;

use gardien_domain::Role;
use gardien_domain::member::first_owner;
use gardien_store::{Document, StoreError};
use serde_json::{Value, json};

use crate::collection::{Collection, Owner, PLAIN};
use crate::sandbox::Sandbox;
use crate::time;

pub(crate) const USERS: Collection = Collection {
    name: "users",
    path: "/users",
    owner: Owner::Organization,
    filters: &[("email", "email")],
    ..PLAIN
};

/// The members by their numbers. One that was removed leaves a number that nobody gets again.
pub(crate) async fn users(sandbox: &Sandbox) -> Result<Vec<Document>, StoreError> {
    let members = sandbox.members.members().await?;
    let _writing = sandbox.writing.lock().await;
    let numbered = sandbox.every(USERS.name, None).await?;
    let numbers = numbered.iter().map(|user| (&user.body["member"], user.id));
    let mut numbers: HashMap<&Value, i64> = numbers.collect();
    // Sandboxes began with one user that was nobody's: whose installation it is goes on as that one.
    let nobodys = numbers.remove(&Value::Null);
    let owner = first_owner(&members).map(|owner| json!(owner.id));
    if let (Some(number), Some(id)) = (nobodys, &owner)
        && !numbers.contains_key(id)
    {
        let body = json!({ "member": id });
        sandbox.documents.replace(USERS.name, number, &body).await?;
        numbers.insert(id, number);
    }
    let mut users = Vec::new();
    for member in members {
        let id = json!(member.id);
        let number = match numbers.get(&id) {
            Some(number) => *number,
            None => {
                let (documents, number) = (&sandbox.documents, json!({ "member": id }));
                documents.insert(USERS.name, None, &number).await?.id
            }
        };
        let joined = time::written(member.created_at);
        // Phare's API knows no other roles.
        let role = if member.role == Role::Member {
            "member"
        } else {
            "admin"
        };
        users.push(Document {
            id: number,
            project: None,
            body: json!({ "role": role, "email": member.email, "created_at": joined, "updated_at": joined }),
        });
    }
    users.sort_by_key(|user| user.id);
    Ok(users)
}
