//! The specification as clients of the gateway have it: with the gateway's own answers, and examples that exist.

use gardien_domain::{Operation, ProjectHeader};
use gardien_phare::{OPERATIONS, SPECIFICATION};
use serde_json::{Value, json};

use crate::sandbox::records::Records;
use crate::support::world::Project;

/// One whose requests name no project: all of them name the same one, or none has to.
pub fn without_project_headers(records: &Records) -> Value {
    let mut document = document(records);
    for operation in OPERATIONS {
        let parameters = stated(&mut document, operation).get_mut("parameters");
        if let Some(Value::Array(parameters)) = parameters {
            parameters.retain(|parameter| {
                let target = parameter["$ref"].as_str().unwrap_or_default();
                !target.contains("/header_project_")
            });
        }
    }
    document
}

/// One whose requests name this project, others, or none.
pub fn with_project_headers(records: &Records, project: &Project) -> Value {
    let mut document = document(records);
    let parameters = &mut document["components"]["parameters"];
    parameters["header_project_id"]["example"] = json!(project.id);
    parameters["header_project_slug"]["example"] = json!(project.slug);
    for operation in OPERATIONS {
        if operation.project_header != ProjectHeader::NotUsed {
            stated(&mut document, operation)["responses"]["422"] =
                json!({ "$ref": "#/components/responses/Unprocessable" });
        }
    }
    document
}

/// What a document says of an operation.
fn stated<'a>(document: &'a mut Value, operation: &Operation) -> &'a mut Value {
    let method = operation.method.as_str().to_lowercase();
    &mut document["paths"][operation.path][method]
}

fn document(records: &Records) -> Value {
    let mut document = serde_json::from_str(SPECIFICATION).unwrap();
    bound(&mut document);
    for operation in OPERATIONS {
        stated(&mut document, operation)["responses"]["400"] = json!({
            "description": "Path, query or head can be read in more than one way",
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/ErrorMessage" } } },
        });
    }
    for (schemas, field, value) in examples(records) {
        for schema in schemas {
            let field = format!("/components/schemas/{schema}/properties/{field}");
            document.pointer_mut(&field).unwrap()["examples"] = json!([value]);
        }
    }
    document
}

/// Ids are what a client in Go can hold.
fn bound(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("type") == Some(&json!("integer")) {
                fields.insert("format".into(), json!("int64"));
            }
            fields.values_mut().for_each(bound);
        }
        Value::Array(items) => items.iter_mut().for_each(bound),
        _ => {}
    }
}

/// Values of fields for which few of all that the specification allows are good.
fn examples(records: &Records) -> Vec<(&'static [&'static str], &'static str, Value)> {
    let windows: &[_] = &["MaintenanceWindowCreate", "MaintenanceWindowUpdate"];
    let pages: &[_] = &["StatusPageCreate", "StatusPageUpdate"];
    vec![
        (
            &["ProjectCreate", "ProjectUpdate"],
            "members/items",
            json!(1),
        ),
        (
            &["AlertRuleCreate", "AlertRuleUpdate"],
            "integration_id",
            json!(1),
        ),
        (&["HttpRequest"], "url", json!("https://shop.example/")),
        (&["TcpRequest"], "host", json!("shop.example")),
        (
            &["IncidentCreate", "IncidentPatch"],
            "monitors/items",
            json!(records.monitor),
        ),
        (windows, "monitors/items", json!(records.monitor)),
        (windows, "status_pages/items", json!(records.page)),
        (windows, "starts_at", json!("2020-01-01T00:00:00Z")),
        (windows, "ends_at", json!("2120-01-01T00:00:00Z")),
        (
            &["MonitorComponent"],
            "componentable_id",
            json!(records.monitor),
        ),
        (pages, "website_url", json!("https://shop.example/")),
    ]
}
