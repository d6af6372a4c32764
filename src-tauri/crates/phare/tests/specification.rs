//! The catalogue against the project's own copy of the specification.
#![allow(clippy::unwrap_used)]

use gardien_phare::{OPERATIONS, SPECIFICATION};
use serde_json::Value;

#[test]
fn the_catalogue_is_the_specification() {
    let specification: Value = serde_json::from_str(SPECIFICATION).unwrap();
    let mut stated = Vec::new();
    for (path, methods) in specification["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            stated.push(format!(
                "{} {} {path} {} {} {}",
                operation["operationId"].as_str().unwrap(),
                method.to_uppercase(),
                operation["x-phare-product"].as_str().unwrap(),
                operation["x-phare-access"].as_str().unwrap(),
                operation["x-phare-project-header"].as_str().unwrap(),
            ));
        }
    }
    let mut known: Vec<String> = OPERATIONS
        .iter()
        .map(|operation| {
            let (access, header) = (operation.access(), operation.project_header);
            format!(
                "{} {} {} {} {access} {header}",
                operation.id, operation.method, operation.path, operation.product
            )
        })
        .collect();
    stated.sort();
    known.sort();
    assert_eq!(known.len(), 48);
    assert_eq!(known, stated);
}
