//! The document that describes the management API.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use crate::support::world::World;

/// Every route of the contract that is fixed, and of what was agreed since.
const CONTRACT: &[&str] = &[
    "GET /healthz",
    "GET /readyz",
    "GET /v1/audit",
    "GET /v1/audit/verify",
    "GET /v1/gateways",
    "GET /v1/keys",
    "POST /v1/keys",
    "POST /v1/keys/lookup",
    "GET /v1/keys/{id}",
    "PATCH /v1/keys/{id}",
    "POST /v1/keys/{id}/end-previous",
    "POST /v1/keys/{id}/disclosures",
    "POST /v1/keys/{id}/replace",
    "POST /v1/keys/{id}/restore",
    "POST /v1/keys/{id}/revoke",
    "POST /v1/keys/{id}/rotate",
    "GET /v1/limits",
    "GET /v1/limits/what-if",
    "GET /v1/members",
    "DELETE /v1/members/{id}",
    "PATCH /v1/members/{id}",
    "GET /v1/operations",
    "GET /v1/organization",
    "PATCH /v1/organization",
    "GET /v1/phare-keys",
    "POST /v1/phare-keys",
    "PATCH /v1/phare-keys/{id}",
    "DELETE /v1/phare-keys/{id}",
    "POST /v1/phare-keys/{id}/stage",
    "POST /v1/phare-keys/{id}/unstage",
    "POST /v1/phare-keys/{id}/examine",
    "POST /v1/phare-keys/{id}/switch",
    "GET /v1/projects",
    "POST /v1/projects",
    "POST /v1/projects/synchronize",
    "DELETE /v1/projects/{id}",
    "PATCH /v1/projects/{id}",
    "GET /v1/session",
    "GET /v1/sessions",
    "DELETE /v1/sessions/{id}",
];

/// What is told to anybody, and says nothing.
pub const HEALTH: [&str; 2] = ["/healthz", "/readyz"];

/// The routes that a document describes.
pub fn routes(document: &Value) -> Vec<(Method, String)> {
    let paths = document["paths"].as_object().unwrap();
    let mut routes = Vec::new();
    for (path, item) in paths {
        for method in ["get", "post", "put", "patch", "delete"] {
            if item.get(method).is_some() {
                routes.push((method.to_uppercase().parse().unwrap(), path.clone()));
            }
        }
    }
    routes
}

#[tokio::test]
async fn every_route_of_the_contract_is_described_and_answers() {
    let world = World::new().await;
    let answer = world.owner.get("/v1/openapi.json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.expect(200);
    let described: BTreeSet<String> = routes(&document)
        .into_iter()
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    for route in CONTRACT {
        assert!(described.contains(*route), "{route} is not described");
    }
    for (_, path) in routes(&document)
        .into_iter()
        .filter(|(method, path)| *method == Method::GET && !path.contains('{'))
    {
        // A stream of events would never end here.
        if path != "/v1/events" {
            world.owner.get(&path).await.expect(200);
        }
    }
}

#[tokio::test]
async fn the_document_holds_together() {
    let world = World::new().await;
    let document = world.owner.get("/v1/openapi.json").await.expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    for field in ["title", "version"] {
        assert!(
            document["info"][field]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{field}"
        );
    }
    let mut operations = BTreeSet::new();
    for (method, path) in routes(&document) {
        let operation = &document["paths"][&path][method.as_str().to_lowercase()];
        let id = operation["operationId"]
            .as_str()
            .unwrap_or_else(|| panic!("{method} {path} has no id"));
        assert!(operations.insert(id.to_owned()), "{id} twice");
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{method} {path}"
        );
        let parameters = operation["parameters"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        for name in path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        {
            let described = parameters.iter().any(|parameter| {
                parameter["name"] == name
                    && parameter["in"] == "path"
                    && parameter["required"] == true
            });
            assert!(described, "{method} {path}: {name}");
        }
    }
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference
            .strip_prefix('#')
            .unwrap_or_else(|| panic!("{reference} lies elsewhere"));
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
}

/// Only an answer to a creation may hold a secret.
#[tokio::test]
async fn the_document_has_one_schema_with_a_secret() {
    let world = World::new().await;
    let document = world.owner.get("/v1/openapi.json").await.expect(200);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let with_secret: Vec<_> = schemas
        .iter()
        .filter(|(_, schema)| schema["properties"].get("secret").is_some())
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(with_secret, ["CreatedKey"]);
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                references.insert(reference.clone());
            }
            fields.values().for_each(|field| collect(field, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
