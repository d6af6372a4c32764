//! Every endpoint, and which roles it refuses.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::world::World;

use super::openapi::routes;

/// Whatever the role, though not for all the same answer.
const EVERYBODY: &[&str] = &[
    "GET /healthz",
    "GET /readyz",
    "GET /v1/gateways",
    "GET /v1/keys",
    "POST /v1/keys/lookup",
    "GET /v1/keys/{id}",
    "GET /v1/limits",
    "GET /v1/members",
    "GET /v1/operations",
    "GET /v1/organization",
    "GET /v1/projects",
    "POST /v1/projects",
    "POST /v1/projects/synchronize",
    "GET /v1/session",
    "GET /v1/sessions",
    "DELETE /v1/sessions/{id}",
];

const OWNERS_AND_ADMINS: &[&str] = &[
    "GET /v1/audit",
    "GET /v1/audit/verify",
    "POST /v1/keys",
    "PATCH /v1/keys/{id}",
    "POST /v1/keys/{id}/disclosures",
    "POST /v1/keys/{id}/end-previous",
    "POST /v1/keys/{id}/replace",
    "POST /v1/keys/{id}/restore",
    "POST /v1/keys/{id}/revoke",
    "POST /v1/keys/{id}/rotate",
    "GET /v1/limits/what-if",
    "DELETE /v1/members/{id}",
    "PATCH /v1/members/{id}",
    "PATCH /v1/organization",
    "GET /v1/phare-keys",
    "POST /v1/phare-keys",
    "DELETE /v1/phare-keys/{id}",
    "PATCH /v1/phare-keys/{id}",
    "POST /v1/phare-keys/{id}/examine",
    "POST /v1/phare-keys/{id}/stage",
    "POST /v1/phare-keys/{id}/switch",
    "POST /v1/phare-keys/{id}/unstage",
    "DELETE /v1/projects/{id}",
    "PATCH /v1/projects/{id}",
];

/// Asked about nothing that exists: whoever may not ask is told that first.
#[tokio::test]
async fn rule_1_each_role_is_let_in_where_it_may_be() {
    let world = World::new().await;
    let document = world.owner.get("/v1/openapi.json").await.expect(200);
    let routes = routes(&document);
    let name = |(method, path): &_| format!("{method} {path}");
    let described: BTreeSet<String> = routes.iter().map(name).collect();
    let known = EVERYBODY.iter().chain(OWNERS_AND_ADMINS);
    let known: BTreeSet<String> = known.map(ToString::to_string).collect();
    assert_eq!(known, described);

    for role in ["owner", "admin", "member"] {
        let caller = world.server.member(&format!("{role}@roles.test"), role);
        for route in &routes {
            let refused = role == "member" && OWNERS_AND_ADMINS.contains(&name(route).as_str());
            let (method, template) = route;
            let id = if template.starts_with("/v1/projects") {
                "999999"
            } else {
                "01890a5d-ac96-774b-bcce-b302099a8057"
            };
            let path = template.replace("{id}", id);
            let answer = caller.send(method.clone(), &path, Some(json!({}))).await;
            if refused {
                answer.problem(403, "forbidden");
            } else {
                let status = answer.status.as_u16();
                assert!(
                    ![401, 403, 405].contains(&status),
                    "{role}: {method} {path}: {answer:?}"
                );
            }
        }
    }
}
