//! Alert rules, of the organization or of one project. `scope` says which and never comes back; `project_id` does.
//!
//! Phare refuses to delete a rule that is in use. Nothing that its API can set uses one, so here none ever is.

use serde_json::json;

use crate::collection::{Collection, Owner, PLAIN};
use crate::references::Reference;

pub(crate) const ALERT_RULES: Collection = Collection {
    name: "alert_rules",
    path: "/alert-rules",
    owner: Owner::Either,
    references: &[Reference {
        brings: Some("app"),
        ..Reference::to("integration_id", "integrations")
    }],
    // A rule that does not say its scope is the project's: the narrower one.
    settle: |rule, project| {
        let scope = rule.remove("scope");
        if scope.is_some() || !rule.contains_key("project_id") {
            let project = project.filter(|_| scope != Some(json!("organization")));
            rule.insert("project_id".into(), json!(project));
        }
    },
    ..PLAIN
};
